"""A group that changes on its way: there and back twice, with a VM that joins, one that leaves, a volume
that is extended, a VM that is resized and one of which something else is said where the group runs. The steps build
on one another."""
import pytest

import checks
import program as codes
from journey import Journey

pytestmark = pytest.mark.incremental
RESIZED, JOINS, LEAVES = 'app-web', 'app-node', 'app-batch'
FLAVOR, LARGER = 'grown', 3
# The port of which something is said.
DESCRIBED = 'app-web-front'


@pytest.fixture(scope='module')
def journey(bed, estate, make_program, artifacts, say):
    return Journey(bed, estate, make_program('members'), 'members',
                   {vm: estate.members[vm] for vm in (RESIZED, LEAVES)}, artifacts, say,
                   destroyed=False)


@pytest.fixture(scope='module')
def operate(journey):
    """Runs `protector protection-group OPERATION` to its end."""
    def run(operation, *options):
        result = journey.program.command('protection-group', operation, journey.group, *options,
                                         '--confirm', journey.group, expect=codes.DONE)
        assert result.operation['status'] == 'completed', result.told()
        journey.look()
        return result
    return run


@pytest.fixture(scope='module')
def said():
    """What is said of a VM, a volume and a port where the group runs, by kind."""
    return {}


@pytest.fixture(scope='module')
def extended(journey):
    """The volume that grows: the second of the VM that is resized, at home."""
    return journey.volumes_of(journey.members[RESIZED], journey.home)[1]


def members(journey):
    return sorted(m['name'] for m in journey.program.group(journey.group)['members'])


def test_protect(journey):
    journey.protect()


def test_there_for_the_first_time(journey):
    journey.move('failover', journey.home, journey.away)


def test_a_volume_and_a_vm_grow_where_the_group_runs(journey, estate):
    there = journey.counterparts()[RESIZED]
    machines = estate.sites[journey.away].machines
    machines.extend(journey.volumes_of(there, journey.away)[1], LARGER)
    machines.resize(there, FLAVOR)
    journey.resized.add(RESIZED)
    # What runs there has changed, and has to come back so.
    journey.first_away = journey.look()


def test_something_else_is_said_of_a_vm_where_the_group_runs(journey, estate, said):
    there = journey.counterparts()[RESIZED]
    port = journey.port(journey.away, there, DESCRIBED)
    machines = estate.sites[journey.away].machines
    said.update(machines.describe(there, journey.volumes_of(there, journey.away)[1], port))
    journey.first_away = journey.look()


def test_sync_brings_it_to_the_originals_which_stay_locked(journey, operate, extended, said):
    operate('sync')
    home, original = journey.now['sites'][journey.home], journey.members[RESIZED]
    port = journey.port(journey.home, original, DESCRIBED)
    now = {'servers': home['servers'][original], 'volumes': home['volumes'][extended], 'ports': home['ports'][port]}
    assert (now['servers']['locked'], now['servers']['status']) == (True, 'SHUTOFF')
    assert f'runs at {journey.away}' in now['servers']['locked_reason']
    site_s_own = ('array_name', 'array_volume_name')
    for kind, fields in said.items():
        for field, value in fields.items():
            found = now[kind][field]
            if (kind, field) == ('volumes', 'metadata'):
                found = {k: v for k, v in found.items() if k not in site_s_own}
            assert found == value, f'{kind} {field}'
    # It is what a VM that came home unchanged has from now on.
    before = journey.before['sites'][journey.home]
    before['servers'][original].update(said['servers'])
    before['ports'][port].update(said['ports'])
    volume = before['volumes'][extended]
    own = {k: v for k, v in volume['metadata'].items() if k in site_s_own}
    volume.update({**said['volumes'], 'metadata': {**said['volumes']['metadata'], **own}})


def test_the_originals_come_home_with_what_they_have_got_away(journey, estate, extended):
    home = journey.before['sites'][journey.home]
    home['volumes'][extended]['size'] = LARGER
    server = home['servers'][journey.members[RESIZED]]
    small = server['flavor']['original_name']
    flavor = estate.home.admin.get('compute', f'/flavors/{estate.home.flavors[FLAVOR]}')['flavor']
    server['flavor'].update(original_name=flavor['name'],
                            **{field: flavor[field] for field in ('ram', 'vcpus', 'disk')})
    assert small != flavor['name']
    journey.move('failback', journey.away, journey.home)
    array = journey.bed.array_of(journey.home).state()
    assert array['volumes'][f'volume-{extended}-cinder']['provisioned'] == LARGER << 30


def test_a_vm_joins_and_another_leaves(journey, operate, estate):
    operate('add-member', '--member', JOINS)
    journey.join(JOINS, estate.members[JOINS])
    left = journey.members[LEAVES]
    operate('remove-member', '--member', LEAVES)
    journey.leave(LEAVES)
    assert members(journey) == sorted((RESIZED, JOINS))
    assert checks.same_vms(journey.before, journey.now, journey.home, journey.members,
                           resized=journey.resized) == []
    # It is as it was before anything was protected, and nothing of it is left at the other site.
    assert checks.same_vms(journey.before, journey.now, journey.home, {LEAVES: left},
                           protected=False) == []
    named = [s['name'] for s in journey.now['sites'][journey.away]['servers'].values()]
    assert LEAVES not in named
    assert checks.strangers(journey.before, journey.now, journey.owned) == []


def test_there_for_the_second_time_as_the_same_vms_and_one_more(journey):
    # One that has never been there cannot be the very same.
    was, journey.first_away = journey.first_away, None
    journey.move('failover', journey.home, journey.away)
    there = {RESIZED: journey.counterparts()[RESIZED]}
    assert checks.same_vms(was, journey.now, journey.away, there) == []


def test_home_for_the_second_time(journey):
    journey.move('failback', journey.away, journey.home)


def test_unprotect_leaves_no_trace(journey):
    journey.unprotect()
