import pytest
from pypureclient import PureError
from pypureclient import flasharray as sdk

from answers import items, one, refused
from arrays import connect


def test_the_newest_version_that_both_know_is_spoken(a):
    assert a.get_rest_version() == '2.36'


@pytest.mark.parametrize('version', ['2.4', '2.16', '2.26'])
def test_an_older_version_is_spoken_on_demand(pair, version):
    client = connect(pair, 'array-a', version=version)
    assert client.get_rest_version() == version
    assert one(client.get_arrays()).name == 'array-a'


def test_a_wrong_token_opens_no_session(pair):
    with pytest.raises(PureError):
        sdk.Client(target=pair.address('array-a'), api_token='nobody', verify_ssl=False)


def test_the_certificate_is_of_the_pairs_own_authority(pair):
    with pytest.raises(Exception, match='CERTIFICATE_VERIFY_FAILED'):
        sdk.Client(target=pair.address('array-a'), api_token=pair.token('array-a'), verify_ssl=True)


def test_a_session_that_ended_is_opened_anew(pair):
    client = connect(pair, 'array-a')
    items(client.get_volumes(limit=1))
    pair.window('array-a', 'expire', {})
    items(client.get_volumes(limit=1))


def test_a_session_that_was_idle_too_long_is_opened_anew(pair):
    client = connect(pair, 'array-a')
    before = pair.window('array-a', 'settings')['session_idle']
    pair.window('array-a', 'settings', {'session_idle': 0})
    try:
        refused_once = client.get_volumes(limit=1)
    finally:
        pair.window('array-a', 'settings', {'session_idle': before})
    # With no idle time at all, not even the session that it opened anew lives until it is used.
    assert refused_once.status_code in (200, 401)
    items(client.get_volumes(limit=1))


def test_the_id_of_a_request_comes_back(a):
    answer = a.get_volumes(limit=1, x_request_id='0f8fad5b-d9cb-469f-a165-70867728950e')
    assert answer.headers.x_request_id == '0f8fad5b-d9cb-469f-a165-70867728950e'


def test_sessions_are_listed(a):
    assert any(session.user_interface == 'REST' for session in items(a.get_sessions()))


def test_a_name_that_is_nobodys_is_a_refusal_with_its_sentence(a):
    refused(a.get_volumes(names=['nobody']), 'nobody', 'Volume does not exist.')
