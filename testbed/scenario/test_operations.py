"""The `protector` command: what there is besides planned moves, tests, replication on demand, taking back, committing, and
the day on which the primary is silent; planned before, and shown after. The steps build on one another."""
import pytest

import checks
import program as codes
from faces import Protector
from journey import Journey

pytestmark = [pytest.mark.incremental, pytest.mark.usefixtures('seldom_scheduled')]
VMS = ('app-web', 'app-node')


@pytest.fixture(scope='module')
def journey(bed, estate, make_program, artifacts, say):
    return Journey(bed, estate, make_program('operations'), 'operations',
                   {vm: estate.members[vm] for vm in VMS}, artifacts, say, destroyed=False)


@pytest.fixture(scope='module')
def protector(journey):
    return Protector(journey.program, journey.group)


@pytest.fixture(scope='module')
def operate(journey):
    """Runs `protector protection-group OPERATION` to its end and gives what it said."""
    def run(operation, *options, expect=codes.DONE):
        result = journey.program.command('protection-group', operation, journey.group, *options,
                                         '--confirm', journey.group, expect=expect)
        if expect == codes.DONE:
            assert result.operation['status'] == 'completed', result.told()
            assert result.operation['steps_failed'] == [], result.told()
            assert journey.program.unfinished() == []
        journey.look()
        return result
    return run


def test_protect_as_it_was_planned(journey, protector, quiet):
    new = {'primary_site': journey.home, 'secondary_site': journey.away, 'members': list(VMS)}
    with quiet():
        planned = protector.plan('protect', **new)
    done = journey.protect(protector.drive(**new))
    assert protector.planned_hash(done.operation) == planned


def test_a_test_runs_on_a_point_and_asks_nothing_of_production(journey, operate, faults, bed):
    expected = journey.replicated('before-the-test', lambda: operate('sync'))
    journey.contents.write(journey.home, journey.volumes[journey.home], 'while-it-is-tested')
    before, mark = journey.look(), faults.mark('test')
    result = operate('test-failover')
    assert journey.program.group(journey.group)['status'] == 'test_active', result.told()
    production = {faults.target(journey.home, service)
                  for service in (*bed.sites[journey.home].proxied, 'array')}
    assert [r for r in faults.requests(mark) if r['target'] in production] == []
    there = journey.now['sites'][journey.away]['servers']
    made = [there[i] for i in there.keys() - before['sites'][journey.away]['servers'].keys()]
    assert len(made) == len(VMS)
    copies = [next(copy for copy in made if vm in copy['name']) for vm in journey.members]
    assert [copy['status'] for copy in copies] == ['ACTIVE'] * len(VMS)
    volumes = [a['volumeId'] for copy in copies for a in copy['attachments']]
    assert journey.contents.differences(expected, journey.away, volumes) == []
    assert checks.same_vms(before, journey.now, journey.home, journey.members) == []
    assert checks.strangers(journey.before, journey.now, journey.owned) == []


def test_nothing_of_a_test_is_left_when_it_has_ended(journey, operate):
    operate('test-cleanup')
    assert journey.program.group(journey.group)['status'] == 'active'
    assert checks.same_vms(journey.before, journey.now, journey.home, journey.members) == []
    journey.assert_untouched()


def test_a_move_is_taken_back_to_what_the_vms_held_when_they_were_stopped(journey, operate, protector, quiet):
    with quiet():
        planned = protector.plan('failover')
    done = journey.move('failover', journey.home, journey.away, protector.drive())
    assert protector.planned_hash(done.operation) == planned
    held = journey.contents.read(journey.home, journey.volumes[journey.home])
    journey.contents.write(journey.away, journey.volumes[journey.away], 'in-vain')
    result = operate('undo')
    journey.assert_status(result, 'active', journey.home)
    assert checks.same_vms(journey.before, journey.now, journey.home, journey.members) == []
    assert checks.stopped(journey.now, journey.away, journey.counterparts()) == []
    assert journey.contents.read(journey.home, journey.volumes[journey.home]) == held
    journey.epoch = journey.program.group(journey.group)['epoch']
    journey.assert_untouched()


def test_what_is_committed_is_kept_no_longer(journey, operate):
    kept = journey.program.group(journey.group)['uncommitted']['safety_snapshots']
    assert kept
    operate('commit')
    assert journey.program.group(journey.group)['uncommitted'] is None
    for snapshot in kept:
        state = journey.bed.arrays[snapshot['array']].state()
        assert state['protection_group_snapshots'][f'{snapshot["group"]}.{snapshot["name"]}']['destroyed']


def test_a_disaster_costs_what_came_after_the_newest_point_and_no_more(journey, operate, faults):
    expected = journey.replicated('the-newest-point', lambda: operate('sync'))
    journey.contents.write(journey.home, journey.volumes[journey.home], 'lost')
    faults.silences(journey.home)
    refused = operate('failover', '--unplanned', expect=codes.REFUSED)
    assert [code for code, *_ in refused.findings()] == ['loss-not-accepted'], refused.told()
    result = operate('failover', '--unplanned', '--accept-loss')
    journey.assert_status(result, 'failed_over', journey.away)
    volumes = [v for i in journey.counterparts().values() for v in journey.volumes_of(i, journey.away)]
    assert journey.contents.differences(expected, journey.away, volumes) == []
    there = journey.now['sites'][journey.away]['servers']
    assert {there[i]['status'] for i in journey.counterparts().values()} == {'ACTIVE'}
    loss = journey.program.group(journey.group)['last_loss']
    assert loss['from'] < loss['until'], loss
    journey.epoch = journey.program.group(journey.group)['epoch']


def test_a_site_that_is_back_is_fenced_and_gets_the_data(journey, operate):
    operate('reprotect')
    group = journey.program.group(journey.group)
    assert (group['status'], group['replication']) == ('failed_over', 'running')
    assert checks.stopped(journey.now, journey.home, journey.members) == []


def test_the_way_home_brings_what_was_written_since_the_disaster(journey, protector):
    done = journey.move('failback', journey.away, journey.home, protector.drive())
    assert protector.shown() == done.operation


def test_unprotect_leaves_no_trace(journey, protector):
    journey.unprotect(protector.drive())
