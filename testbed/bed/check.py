"""A quick proof that a bed works: on each site a server with a network and a volume, over REST."""
import json
import ssl
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from .identity import Answer, Client
from .waiting import BedError, wait_for

_NAME = 'testbed-check'
_ADDRESSES = '10.254.254.0/24'


def check(settings, say):
    """Fails with a BedError; leaves nothing behind."""
    with ThreadPoolExecutor() as pool:
        for line in pool.map(lambda s: _check_site(settings, s), settings.sites):
            say(line)


def _check_site(settings, site):
    began, ask = time.monotonic(), Client(settings, site)
    _remove(ask)
    try:
        volume, host = _boot(settings, ask)
    except Answer as error:
        raise BedError(f'{site}: {error}') from None
    finally:
        _remove(ask)
    return (f'{site}: server with volume {volume} was active on {host}, array connected, in '
            f'{time.monotonic() - began:.1f} s')


def _boot(settings, ask):
    flavor = ask('POST', 'nova', '/flavors', {'flavor': {
        'name': _NAME, 'ram': 64, 'vcpus': 1, 'disk': 0}})['flavor']['id']
    network = ask('POST', 'neutron', '/v2.0/networks', {'network': {'name': _NAME}})
    network = network['network']['id']
    ask('POST', 'neutron', '/v2.0/subnets', {'subnet': {
        'name': _NAME, 'network_id': network, 'ip_version': 4, 'cidr': _ADDRESSES}})
    volume = ask('POST', 'cinder', '/volumes', {'volume': {'name': _NAME, 'size': 1}})
    volume = volume['volume']['id']
    _until(ask, 'cinder', f'/volumes/{volume}', 'volume', 'available')
    ask('POST', 'cinder', f'/volumes/{volume}/action', {'os-set_bootable': {'bootable': True}})
    server = ask('POST', 'nova', '/servers', {'server': {
        'name': _NAME, 'flavorRef': flavor, 'networks': [{'uuid': network}],
        'block_device_mapping_v2': [{'uuid': volume, 'source_type': 'volume', 'boot_index': 0,
                                     'destination_type': 'volume'}]}})['server']['id']
    found = _until(ask, 'nova', f'/servers/{server}', 'server', 'ACTIVE')
    on_array = f'volume-{volume}-cinder'
    if not any(c['volume'] == on_array for c in _array_state(settings, ask.site)['connections']):
        raise BedError(f'{ask.site}: {on_array} is not connected on its array')
    return volume, found['OS-EXT-SRV-ATTR:host']


def _until(ask, service, path, kind, wanted):
    """Waits for a status; ERROR at once is a failure."""
    def reached():
        found = ask('GET', service, path)[kind]
        if found['status'].lower() == 'error':
            raise BedError(f'{ask.site}: {kind} {found["id"]} is in error: '
                           f'{found.get("fault", {}).get("message", "see the logs")}')
        return found if found['status'] == wanted else None
    return wait_for(f'{kind} of {ask.site} to be {wanted}', reached, 60)


def _array_state(settings, site):
    context = ssl.create_default_context(cafile=settings.tls('authority.pem'))
    with urllib.request.urlopen(f'https://{settings.array_address(site)}/_state', timeout=10,
                                context=context) as answer:
        return json.load(answer)


def _remove(ask):
    """Everything of that name: this check's, or an earlier one's that was cut off."""
    def left(service, path, key):
        return [i['id'] for i in ask('GET', service, path)[key] if i['name'] == _NAME]

    for kind, service, path, key in (
            ('servers', 'nova', '/servers', 'servers'),
            ('volumes', 'cinder', '/volumes', 'volumes'),
            ('ports', 'neutron', f'/v2.0/networks?name={_NAME}', 'networks'),
            ('flavors', 'nova', '/flavors', 'flavors')):
        for one in left(service, path, key):
            if kind == 'ports':
                path = '/v2.0/networks'
            ask('DELETE', service, f'{path}/{one}')
        wait_for(f"the check's {kind} of {ask.site} to be gone",
                 lambda s=service, p=path, k=key: not left(s, p, k), 60)
