"""The vendor's client, with a session to one array."""
from pypureclient import flasharray
from pypureclient.configuration import Configuration


def connect(pair, array, **options):
    return flasharray.Client(
        target=pair.address(array), api_token=pair.token(array), verify_ssl=True,
        configuration=Configuration(ssl_ca_cert=pair.told['authority']), **options)
