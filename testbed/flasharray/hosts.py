"""Hosts and their connections to volumes."""
from . import naming
from .refusal import Refused

_LAST_LUN = 4095


def view(array, host):
    return {
        'name': host['name'], 'iqns': host['iqns'], 'wwns': host['wwns'], 'nqns': host['nqns'],
        'personality': host['personality'], 'is_local': True, 'host_group': {'name': None},
        'chap': {'host_password': None, 'host_user': None, 'target_password': None,
                 'target_user': None}, 'preferred_arrays': [], 'vlan': None,
        'destroyed': False, 'time_remaining': None,
        'port_connectivity': {'details': None, 'status': 'healthy'},
        'connection_count': sum(c['host'] == host['name'] for c in array.connections)}


def views(array, _query):
    return [view(array, h) for h in array.hosts]


def _check_ports(array, host_name, body):
    for kind in ('iqns', 'wwns', 'nqns'):
        for port in body.get(kind) or []:
            if any(port in h[kind] for h in array.hosts if h['name'] != host_name):
                raise Refused('The specified port is already in use.', port)


def create(array, query, body):
    names = query.new_names()
    for name in names:
        naming.check_object('Host', name)
        array.hosts.check_free(name)
        _check_ports(array, name, body)
    made = [array.hosts.add(array.new_object(
        name, iqns=body.get('iqns') or [], wwns=body.get('wwns') or [],
        nqns=body.get('nqns') or [], personality=body.get('personality'))) for name in names]
    return [view(array, h) for h in made]


def change(array, query, body):
    chosen = array.hosts.addressed(query)
    for host in chosen:
        _check_ports(array, host['name'], body)
        if body.get('name'):
            naming.check_object('Host', body['name'])
            array.hosts.check_free(body['name'])
            for link in array.connections:
                if link['host'] == host['name']:
                    link['host'] = body['name']
        host.update({k: v for k, v in body.items()
                     if k in ('name', 'iqns', 'wwns', 'nqns', 'personality') and v is not None})
    return [view(array, h) for h in chosen]


def remove(array, query, _body):
    chosen = array.hosts.addressed(query)
    for host in chosen:
        if any(c['host'] == host['name'] for c in array.connections):
            raise Refused('Host cannot be deleted due to existing connections.', host['name'])
    for host in chosen:
        array.hosts.remove(host)
    return []


def connection_view(array, link):
    volume = array.volumes.by_id[link['volume']]
    return {'host': {'name': link['host']}, 'host_group': {'name': None},
            'volume': {'id': volume['id'], 'name': volume['name']}, 'lun': link['lun'],
            'nsid': None, 'protocol_endpoint': {'id': None, 'name': None}}


def _ends(array, query):
    """The hosts' names and the volumes that a request names; None where it names none."""
    if 'host_group_names' in query or 'protocol_endpoint_names' in query \
            or 'protocol_endpoint_ids' in query:
        raise Refused('Host groups and protocol endpoints are not simulated.', 'connections')
    names = [array.hosts.named(n)['name'] for n in query['host_names']] \
        if 'host_names' in query else None
    chosen = array.volumes.addressed(query, 'volume_names', 'volume_ids') \
        if 'volume_names' in query or 'volume_ids' in query else None
    if names and chosen and len(names) > 1 and len(chosen) > 1:
        raise Refused('Several hosts and several volumes cannot be mixed.', 'connections')
    return names, chosen


def connections(array, query):
    """GET connections."""
    names, chosen = _ends(array, query)
    ids = None if chosen is None else {v['id'] for v in chosen}
    return [connection_view(array, c) for c in array.connections
            if (names is None or c['host'] in names) and (ids is None or c['volume'] in ids)]


def connect(array, query, body):
    names, chosen = _ends(array, query)
    if not names or not chosen:
        raise Refused("'host_names' and 'volume_names' are required.", 'connections')
    made = []
    for host in names:
        for volume in chosen:
            if volume['destroyed']:
                raise Refused('Volume has been destroyed.', volume['name'])
            mine = [c for c in array.connections + made if c['host'] == host]
            if any(c['volume'] == volume['id'] for c in mine):
                raise Refused('Connection already exists.', volume['name'])
            made.append({'host': host, 'volume': volume['id'],
                         'lun': _free_lun(body.get('lun'), {c['lun'] for c in mine})})
    array.connections += made
    return [connection_view(array, c) for c in made]


def _free_lun(wanted, used):
    if wanted is None:
        return next(n for n in range(1, _LAST_LUN + 1) if n not in used)
    if not 1 <= wanted <= _LAST_LUN:
        raise Refused('Invalid LUN.', str(wanted))
    if wanted in used:
        raise Refused('LUN is already in use.', str(wanted))
    return wanted


def disconnect(array, query, _body):
    names, chosen = _ends(array, query)
    if not names or not chosen:
        raise Refused("'host_names' and 'volume_names' are required.", 'connections')
    going = []
    for host in names:
        for volume in chosen:
            found = [c for c in array.connections
                     if c['host'] == host and c['volume'] == volume['id']]
            if not found:
                raise Refused('Connection does not exist.', volume['name'])
            going += found
    array.connections = [c for c in array.connections if c not in going]
    return []
