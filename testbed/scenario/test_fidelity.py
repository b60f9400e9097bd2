"""The comparator is tested here with a recorded real snapshot: VMs that are the same at the other
site raise no alarm, and each single field that is not as it was does."""
import copy
import json
import pathlib
import re
import uuid

import pytest

import fidelity
import portable
import world

HOME, AWAY = 'site-a', 'site-b'
MAPPING = world.mappings(HOME, AWAY)
UUID = re.compile(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')


@pytest.fixture(scope='module')
def recorded():
    path = pathlib.Path(__file__).parent / 'fixtures' / 'home.json'
    return json.loads(path.read_text(encoding='utf-8'))


def carried_over(recorded):
    """The recorded site as it is at the other site after a perfect move: other ids, users,
    projects, hosts, arrays and times, names as the mappings say."""
    text = json.dumps(recorded['sites'][HOME])
    text = UUID.sub(lambda m: str(uuid.uuid5(uuid.NAMESPACE_OID, m.group(0))), text)
    text = re.sub(r'"[0-9a-f]{32}"',
                  lambda m: f'"{uuid.uuid5(uuid.NAMESPACE_OID, m.group(0)).hex}"', text)
    text = re.sub(r'T(\d\d):(\d\d):(\d\d)', r'T23:\2:\3', text)
    text = text.replace('site-a', 'site-b').replace('array-a', 'array-b')
    for pairs in MAPPING.values():
        for pair in pairs:
            text = text.replace(json.dumps(pair[HOME]), json.dumps(pair[AWAY]))
    return json.loads(text)


@pytest.fixture()
def pair(recorded):
    """Snapshots before and after, and the VMs' ids by name."""
    before = copy.deepcopy(recorded)
    before['sites'][AWAY] = {kind: {} for kind in recorded['sites'][HOME]}
    after = copy.deepcopy(recorded)
    after['sites'][AWAY] = carried_over(recorded)
    servers = {s['name']: i for i, s in recorded['sites'][HOME]['servers'].items()}
    return before, after, servers


def told(pair):
    before, after, servers = pair
    return fidelity.report(before, after, servers, MAPPING, HOME, AWAY)


def server(after, name='app-web'):
    return next(s for s in after['sites'][AWAY]['servers'].values() if s['name'] == name)


def volume(after, place=0, name='app-web'):
    used = server(after, name)['attachments'][place]['volumeId']
    return after['sites'][AWAY]['volumes'][used]


def port(after, network='dr-app-net', name='app-web'):
    networks = {i: n['name'] for i, n in after['sites'][AWAY]['networks'].items()}
    return next(p for p in after['sites'][AWAY]['ports'].values()
                if p['device_id'] == server(after, name)['id']
                and networks[p['network_id']] == network)


def test_a_perfect_move_has_no_difference(pair):
    found = told(pair)
    assert fidelity.lines(found) == []
    assert found['faithful']
    assert all(vm['compared'] > 60 for vm in found['vms'])


def test_every_class_of_allowed_differences_is_seen_and_told(pair):
    server(pair[1])['metadata']['protector:group'] = 'shop'
    server(pair[1])['tags'].append('protector:epoch-1')
    volume(pair[1])['metadata']['protector:lineage'] = 'x'
    classes = {d['class'] for vm in told(pair)['vms'] for d in vm['allowed']}
    assert classes == {'id', 'host', 'time', 'user', 'mapped', 'marker'}
    assert told(pair)['faithful']


def put(holder, key, value):
    """A mutation: `holder(after)` is the document, `key` the field, `value` what it becomes."""
    def mutate(after):
        target = holder(after)
        assert target.get(key, '(none)') != value
        target[key] = value
    return mutate


def drop(holder, key):
    def mutate(after):
        del holder(after)[key]
    return mutate


def swap_volumes(after):
    places = server(after)['attachments']
    places[0]['volumeId'], places[1]['volumeId'] = places[1]['volumeId'], places[0]['volumeId']


def first_pair(after):
    return port(after)['allowed_address_pairs'][0]


def swap_interfaces(after):
    vm = server(after)
    vm['interface_order'].reverse()
    vm['addresses'] = dict(reversed(vm['addresses'].items()))


def remove_security_group(after):
    port(after)['security_groups'].pop()


def other_security_group(after):
    other = next(i for i, g in after['sites'][AWAY]['security_groups'].items()
                 if g['name'] == 'default')
    port(after)['security_groups'][0] = other


def unmapped_network_name(after):
    vm = server(after)
    vm['addresses'] = {k.replace('dr-app-net', 'app-net'): v for k, v in vm['addresses'].items()}


def leave_server_group(after):
    server(after, 'app-node')['server_groups'] = []


def foreign_port_project(after):
    port(after)['project_id'] = uuid.uuid4().hex


def lose_volume(after):
    del after['sites'][AWAY]['volumes'][server(after)['attachments'][1]['volumeId']]


def second_vm(after):
    twin = dict(server(after), id=str(uuid.uuid4()))
    after['sites'][AWAY]['servers'][twin['id']] = twin


MUTATIONS = {
    'user data': put(server, 'OS-EXT-SRV-ATTR:user_data', 'I2Nsb3VkLWNvbmZpZwo='),
    'user data lost': put(server, 'OS-EXT-SRV-ATTR:user_data', None),
    'description': put(server, 'description', 'Front end'),
    'host name': put(server, 'OS-EXT-SRV-ATTR:hostname', 'app-web'),
    'key': put(server, 'key_name', None),
    'public key': put(lambda a: next(iter(a['sites'][AWAY]['keypairs'].values())),
                      'public_key', 'ssh-ed25519 AAAA other'),
    'config drive': put(server, 'config_drive', ''),
    'access address': put(server, 'accessIPv4', ''),
    'locked': put(server, 'locked', True),
    'shut off, but runs': put(lambda a: server(a, 'app-batch'), 'status', 'ACTIVE'),
    'power state': put(lambda a: server(a, 'app-batch'), 'OS-EXT-STS:power_state', 1),
    'runs, but shut off': put(server, 'OS-EXT-STS:vm_state', 'stopped'),
    'metadata value': put(lambda a: server(a)['metadata'], 'Town', 'Zurich'),
    'metadata with an empty value lost': drop(lambda a: server(a)['metadata'], 'empty'),
    'metadata too many': put(lambda a: server(a)['metadata'], 'protectors', 'x'),
    'tag': put(server, 'tags', ['production']),
    'memory of the flavor': put(lambda a: server(a)['flavor'], 'ram', 512),
    'flavor not as mapped': put(lambda a: server(a)['flavor'], 'original_name', 'app.small'),
    'extra specification of the flavor': put(lambda a: server(a)['flavor']['extra_specs'],
                                             'quota:cpu_shares', '1'),
    'server group': leave_server_group,
    'policy of the server group': put(
        lambda a: next(iter(a['sites'][AWAY]['server_groups'].values())), 'policy', 'affinity'),
    'a field that nobody knew': put(server, 'os-new:field', 'x'),
    'a field that is gone': drop(server, 'OS-DCF:diskConfig'),
    'its own id lost': put(server, 'id', ''),
    'device name': put(lambda a: server(a)['attachments'][1], 'device', '/dev/vdc'),
    'device tag': put(lambda a: server(a)['attachments'][1], 'tag', None),
    'delete on termination': put(lambda a: server(a)['attachments'][0], 'delete_on_termination',
                                 False),
    'order of the volumes': swap_volumes,
    'a volume lost': lose_volume,
    'volume name': put(volume, 'name', 'app-web-root-1'),
    'volume description': put(volume, 'description', ''),
    'volume size': put(volume, 'size', 3),
    'volume bootable': put(volume, 'bootable', 'false'),
    'volume metadata': drop(lambda a: volume(a)['metadata'], 'backup'),
    'volume image metadata': put(lambda a: volume(a)['volume_image_metadata'], 'os_version', '11'),
    'volume type not as mapped': put(volume, 'volume_type', 'app-plain'),
    'volume reserved': put(volume, 'status', 'attaching'),
    'volume multi-attach': put(volume, 'multiattach', True),
    'MAC address': put(port, 'mac_address', 'fa:16:3e:99:99:99'),
    'fixed address': put(lambda a: port(a)['fixed_ips'][0], 'ip_address', '10.10.0.51'),
    'allowed pair': put(first_pair, 'ip_address', '10.10.0.250'),
    'allowed pair lost': put(port, 'allowed_address_pairs', []),
    'security group lost': remove_security_group,
    'other security group': other_security_group,
    'port security': put(lambda a: port(a, 'dr-app-back'), 'port_security_enabled', True),
    'port name': put(port, 'name', ''),
    'port description': put(port, 'description', 'public'),
    'port tags': put(port, 'tags', ['front']),
    'DHCP option': put(port, 'extra_dhcp_opts', []),
    'vnic type': put(port, 'binding:vnic_type', 'direct'),
    'port profile': put(port, 'binding:profile', {'a': 'b'}),
    'port switched off': put(port, 'admin_state_up', False),
    'port of another project': foreign_port_project,
    'tag of the interface': put(lambda a: server(a)['interfaces'][0], 'tag', 'other'),
    'order of the interfaces': swap_interfaces,
    'network name not as mapped': unmapped_network_name,
    'a second VM of that name': second_vm,
}


@pytest.mark.parametrize('what', MUTATIONS)
def test_a_single_field_that_differs_is_caught(pair, what):
    MUTATIONS[what](pair[1])
    found = told(pair)
    assert fidelity.lines(found), f'{what}: not seen'
    assert not found['faithful']


def test_a_missing_vm_is_a_difference(pair):
    gone = server(pair[1], 'app-node')['id']
    del pair[1]['sites'][AWAY]['servers'][gone]
    assert 'app-node' in '\n'.join(fidelity.lines(told(pair)))


def test_the_mapping_is_used_in_the_other_direction_too(pair):
    before, after, _ = pair
    here = portable.vm(after, AWAY, server(after)['id'])
    there = portable.vm(before, HOME, next(
        i for i, s in before['sites'][HOME]['servers'].items() if s['name'] == 'app-web'))
    found = fidelity.compare(here, there, MAPPING, AWAY, HOME)
    assert found['differences'] == []
