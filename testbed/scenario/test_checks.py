"""The checks that follow every step are tested here on small snapshots: what must be seen is
seen, and what schedules and Cinder itself do is not mistaken for it."""
import copy

import pytest

import checks

MINE, THEIRS = '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'
GROUP, TWIN = '33333333-3333-4333-8333-333333333333', '44444444-4444-4444-8444-444444444444'


def array_volume(cinder_id):
    return f'volume-{cinder_id}-cinder'


def thing(name, **more):
    return {'id': f'id of {name}', 'name': name, 'destroyed': False, **more}


def by_name(*items):
    return {i['name']: i for i in items}


def array():
    return {
        'volumes': by_name(thing(array_volume(MINE), extents={'0': 'a'}),
                           thing(array_volume(THEIRS), extents={'0': 'b'})),
        'snapshots': {}, 'hosts': by_name(thing('host-cinder')), 'pods': {}, 'volume_groups': {},
        'protection_groups': by_name(
            thing('cinder-group', volumes=[array_volume(MINE), array_volume(THEIRS)], number=1),
            thing('theirs', volumes=[array_volume(THEIRS)], number=1)),
        'protection_group_snapshots': by_name(
            thing('cinder-group.1', scheduled=True), thing('theirs.kept', scheduled=False)),
        'connections': [{'host': 'host-cinder', 'volume': array_volume(THEIRS), 'lun': 1}],
        'tags': [{'resource': array_volume(THEIRS), 'namespace': 'n', 'key': 'k', 'value': 'v'}]}


@pytest.fixture()
def before():
    site = {kind: {} for kind in (*checks.KINDS, 'attachments')}
    site['servers'] = {'vm': {'name': 'vm', 'attachments': [{'volumeId': MINE}],
                              'interfaces': [{'port_id': 'port'}]},
                       'other': {'name': 'vm', 'attachments': [], 'interfaces': [], 'tags': []}}
    site['volumes'] = {MINE: {'name': 'root'}, THEIRS: {'name': 'root', 'size': 1}}
    site['ports'] = {'port': {'name': ''}, 'their port': {'name': '', 'revision_number': 2}}
    return {'sites': {'here': site, 'there': {kind: {} for kind in site}},
            'arrays': {'array': array()}}


@pytest.fixture()
def now(before):
    return copy.deepcopy(before)


@pytest.fixture()
def owned(before):
    return checks.Owned(before, {'here': ['vm']})


def test_nothing_changed_and_nothing_new_is_a_pass(before, now, owned):
    assert checks.strangers(before, now, owned) == []
    assert checks.unknown(before, now, []) == []
    assert checks.new_living(before, now) == []


def test_what_happens_to_the_protected_is_no_strangers_affair(before, now, owned):
    now['sites']['here']['volumes'][MINE]['name'] = 'x'
    now['sites']['here']['ports']['port']['name'] = 'x'
    now['sites']['here']['servers']['vm']['status'] = 'SHUTOFF'
    now['arrays']['array']['volumes'][array_volume(MINE)]['extents'] = {}
    assert checks.strangers(before, now, owned) == []


STRANGERS = {
    'a VM changes': lambda s, a: s['servers']['other'].update(tags=['x']),
    'a VM is gone': lambda s, a: s['servers'].pop('other'),
    'a volume grows': lambda s, a: s['volumes'][THEIRS].update(size=2),
    'a port is revised': lambda s, a: s['ports']['their port'].update(revision_number=3),
    'content is overwritten': lambda s, a: a['volumes'][array_volume(THEIRS)].update(extents={}),
    'an array volume is destroyed':
        lambda s, a: a['volumes'][array_volume(THEIRS)].update(destroyed=True),
    'an array volume is gone': lambda s, a: a['volumes'].pop(array_volume(THEIRS)),
    'a group gets a member':
        lambda s, a: a['protection_groups']['theirs']['volumes'].append('x'),
    "Cinder's own group loses one":
        lambda s, a: a['protection_groups']['cinder-group']['volumes'].remove(
            array_volume(THEIRS)),
    'a point is gone': lambda s, a: a['protection_group_snapshots'].pop('theirs.kept'),
    'a connection is cut': lambda s, a: a['connections'].clear(),
    'a connection is made': lambda s, a: a['connections'].append(
        {'host': 'x', 'volume': array_volume(THEIRS), 'lun': 2}),
    'a tag is changed': lambda s, a: a['tags'][0].update(value='w'),
    'a tag is set': lambda s, a: a['tags'].append(
        {'resource': array_volume(THEIRS), 'namespace': 'protector', 'key': 'k', 'value': 'v'}),
}


@pytest.mark.parametrize('what', STRANGERS)
def test_a_stranger_that_is_touched_is_seen(before, now, owned, what):
    STRANGERS[what](now['sites']['here'], now['arrays']['array'])
    assert checks.strangers(before, now, owned), what


def test_what_schedules_and_cinder_do_is_no_change_of_a_stranger(before, now, owned):
    state = now['arrays']['array']
    del state['protection_group_snapshots']['cinder-group.1']
    state['protection_groups']['cinder-group']['volumes'].append(array_volume(TWIN))
    state['protection_groups']['theirs']['number'] = 9
    assert checks.strangers(before, now, owned) == []


def known(kind, name, site='here', id=None):
    return {'site': site, 'kind': kind, 'id': id or name, 'name': name, 'operation_id': 'o'}


NEW = {
    'server': lambda s, a: s['servers'].update(new={'name': 'vm'}),
    'port': lambda s, a: s['ports'].update(new={'name': ''}),
    'volume': lambda s, a: s['volumes'].update({TWIN: {'name': 'twin'}}),
    'keypair': lambda s, a: s['keypairs'].update({'protector/new': {'name': 'new'}}),
    'array volume': lambda s, a: a['volumes'].update(by_name(thing('stage'))),
    'array volume of an unknown Cinder volume':
        lambda s, a: a['volumes'].update(by_name(thing(array_volume(TWIN)))),
    'array group': lambda s, a: a['protection_groups'].update(
        by_name(thing(f'consisgroup-{GROUP}-cinder', volumes=[]))),
    'point': lambda s, a: a['protection_group_snapshots'].update(
        by_name(thing(f'consisgroup-{GROUP}-cinder.s', scheduled=False))),
    'snapshot of a volume': lambda s, a: a['snapshots'].update(
        by_name(thing(f'{array_volume(MINE)}.s', group_snapshot=None))),
    'host': lambda s, a: a['hosts'].update(by_name(thing('someone'))),
    'pod': lambda s, a: a['pods'].update(by_name(thing('pod'))),
}


@pytest.mark.parametrize('what', NEW)
def test_a_new_object_that_no_journal_knows_is_seen(before, now, what):
    NEW[what](now['sites']['here'], now['arrays']['array'])
    assert checks.unknown(before, now, [known('server', 'another')]), what


def test_what_the_journal_knows_and_what_follows_from_it_is_known(before, now):
    site, state = now['sites']['here'], now['arrays']['array']
    site['groups'][GROUP], site['volumes'][TWIN] = {'name': 'g'}, {'name': 't'}
    site['keypairs']['protector/new'] = {'name': 'new'}
    group = f'consisgroup-{GROUP}-cinder'
    state['volumes'].update(by_name(thing(array_volume(TWIN))))
    state['protection_groups'].update(by_name(thing(group, volumes=[]), thing(f'a:{group}',
                                                                              volumes=[])))
    state['protection_group_snapshots'].update(by_name(
        thing(f'{group}.p', scheduled=False), thing(f'a:{group}.p', scheduled=False),
        thing(f'{group}.7', scheduled=True), thing(f'a:{group}.decoy', scheduled=False)))
    state['snapshots'].update(by_name(
        thing(f'{group}.p.x', group_snapshot=f'id of {group}.p'),
        thing(f'{group}.7.x', group_snapshot=f'id of {group}.7')))
    objects = [known('group', 'g', id=GROUP), known('volume', 't', id=TWIN),
               known('keypair', 'new'), known('point', f'{group}.p')]
    assert checks.unknown(before, now, objects, ours=['decoy']) == []
    assert checks.unknown(before, now, objects) != []


def test_an_object_at_the_wrong_site_is_not_the_known_one(before, now):
    now['sites']['there']['volumes'][TWIN] = {'name': 't'}
    assert checks.unknown(before, now, [known('volume', 't', site='here', id=TWIN)])


def test_what_is_destroyed_lives_no_longer(before, now):
    def unknown():
        return checks.unknown(before, now, [], destroyed=False)
    now['arrays']['array']['volumes']['x'] = thing('x', destroyed=True)
    assert checks.new_living(before, now) == [] == unknown()
    assert checks.unknown(before, now, []), 'the journal has to know it as long as it is there'
    now['arrays']['array']['volumes']['y'] = thing('y')
    assert checks.new_living(before, now) and unknown()


def test_a_vm_that_runs_where_it_must_not_is_seen(before, now):
    now['sites']['here']['servers']['vm']['status'] = 'ACTIVE'
    assert checks.stopped(now, 'here', {'vm': 'vm'}) == ['vm at here is ACTIVE']
    assert checks.stopped(now, 'here', {'vm': 'gone'})
