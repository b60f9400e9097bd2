"""One group in the hands of people who use different faces: what the one began the other goes on with. Each face protects,
moves there and back, tests, brings the group up where the other site is silent, and shows it; after each step the truth is
read from services and arrays. The steps build on one another.

`openstack protector` plans before it moves, each task of Ansible runs in check mode, for real, and once more, and the script
for asyncio sees what happens while it happens. The `protector` command does the same in test_operations.py."""
import os
import pathlib
import subprocess

import pytest

import checks
import program as codes
from faces import Openstack, Playbooks, Script
from journey import Journey

pytestmark = [pytest.mark.incremental, pytest.mark.usefixtures('seldom_scheduled')]
VMS = ('app-web', 'app-node')
GROUP = 'faces'
COLLECTION = pathlib.Path(__file__).resolve().parents[2] / 'bindings' / 'ansible'
# How old a point may be that a playbook is content with: after a move there is none, and then a fresh one.
OLD_ENOUGH = 600


@pytest.fixture(scope='module')
def journey(bed, estate, make_program, artifacts, say):
    return Journey(bed, estate, make_program('faces'), GROUP, {vm: estate.members[vm] for vm in VMS}, artifacts,
                   say, destroyed=False)


def environment(request, option):
    """The Python of an environment; that it is missing is a failure."""
    python = request.config.getoption(option)
    assert python and pathlib.Path(python).is_file(), f'{option} {python}: `cargo xtask` makes it and names it'
    return pathlib.Path(python)


@pytest.fixture(scope='module')
def openstack(request, journey):
    return Openstack(journey.program, GROUP, environment(request, '--openstack'))


@pytest.fixture(scope='module')
def script(request, journey):
    return Script(journey.program, GROUP, environment(request, '--openstack'))


@pytest.fixture(scope='module')
def ansible(request, journey, tmp_path_factory):
    """The collection as users get it: built, then installed."""
    python, folder = environment(request, '--ansible'), tmp_path_factory.mktemp('collections')
    galaxy = [str(python.parent / 'ansible-galaxy'), 'collection']
    surroundings = {**os.environ, 'HOME': str(folder)}
    for words in (['build', '--output-path', str(folder), str(COLLECTION)],
                  ['install', '-p', str(folder), str(folder / 'protector-site_recovery-0.1.0.tar.gz')]):
        subprocess.run([*galaxy, *words], env=surroundings, check=True, capture_output=True, timeout=120)
    return Playbooks(journey.program, GROUP, python, folder)


@pytest.fixture(scope='module')
def new(journey):
    """What a new group is told of itself."""
    return {'primary_site': journey.home, 'secondary_site': journey.away, 'members': list(VMS)}


class Thrice:
    """A task in check mode, which changes nothing, then for real, with the plan that was shown, then once more, which is
    `ok`."""

    def __init__(self, ansible, quiet):
        self.ansible, self.quiet = ansible, quiet

    def __call__(self, operation, *_, **told):
        with self.quiet():
            checked = self.ansible.checked(operation, **told)
        assert checked['changed'] and checked['operation'] is None, checked
        done = self.ansible.run(operation, **told)
        assert done.plan_hash == checked['plan_hash'] == checked['plan']['hash'], done.told()
        with self.quiet():
            again = self.ansible.again(operation, **told)
        assert (again or {}) == done.group
        return done


@pytest.fixture()
def thrice(ansible, quiet):
    return Thrice(ansible, quiet)


def seen_live(done):
    """That a script saw what happens while it happened, and its event loop went on meanwhile."""
    progress = [event['progress'] for event in done.events]
    assert progress == sorted(progress) and progress[-1] == 100, done.told()
    assert [event for event in done.events if 0 < event['progress'] < 100 and not event['over']], done.told()
    assert done.beats > len(done.events), done.told()
    return done


def runs_a_test(journey, expected, start):
    """The test runs at the other site on the point with what is expected, and production goes on."""
    before = journey.look()
    target = journey.away
    start()
    journey.look()
    assert journey.program.group(GROUP)['status'] == 'test_active'
    there = journey.now['sites'][target]['servers']
    made = [there[i] for i in there.keys() - before['sites'][target]['servers'].keys()]
    copies = [next(copy for copy in made if vm in copy['name']) for vm in journey.members]
    assert len(made) == len(VMS) and [copy['status'] for copy in copies] == ['ACTIVE'] * len(VMS)
    volumes = [a['volumeId'] for copy in copies for a in copy['attachments']]
    assert journey.contents.differences(expected, target, volumes) == []
    assert checks.same_vms(before, journey.now, journey.home, journey.members) == []
    assert checks.strangers(journey.before, journey.now, journey.owned) == []


def nothing_left(journey):
    journey.look()
    assert journey.program.group(GROUP)['status'] == 'active'
    assert checks.same_vms(journey.before, journey.now, journey.home, journey.members) == []
    journey.assert_untouched()


def brought_up(journey, done, source, target, expected):
    """The VMs run at the target with what its newest point held, though the source was silent."""
    journey.look()
    journey.assert_status(done, 'active' if target == journey.home else 'failed_over', target)
    volumes = [v for i in journey.servers(target).values() for v in journey.volumes_of(i, target)]
    assert journey.contents.differences(expected, target, volumes) == []
    if target == journey.home:
        assert checks.same_vms(journey.before, journey.now, target, journey.members) == []
    else:
        assert checks.same_vms(journey.first_away, journey.now, target, journey.counterparts()) == []
    # It was asked for nothing, and still runs what it ran.
    assert {journey.now['sites'][source]['servers'][i]['status'] for i in journey.servers(source).values()} == {'ACTIVE'}
    journey.epoch = journey.program.group(GROUP)['epoch']


def reprotected(journey, done, fenced):
    """The site that was silent is fenced, and gets the data."""
    journey.look()
    assert done.operation['status'] == 'completed', done.told()
    assert journey.program.group(GROUP)['replication'] == 'running'
    assert checks.stopped(journey.now, fenced, journey.servers(fenced)) == []


def lost_after(journey, moment, sync):
    """What the newest point at the other site holds; the volumes then hold something newer, which gets lost."""
    expected = journey.replicated(moment, sync)
    site = journey.program.group(GROUP)['current_primary_site']
    journey.contents.write(site, journey.volumes[site], 'lost')
    return expected


# -- there and back: each face once each way

def test_openstack_protects_as_it_planned(journey, openstack, new, quiet):
    with quiet():
        planned = openstack.plan('protect', **new)
    done = journey.protect(openstack.drive(**new))
    assert openstack.planned_hash(done.operation) == planned


def test_openstack_fails_over_as_it_planned_and_shows_it(journey, openstack, quiet):
    with quiet():
        planned = openstack.plan('failover')
        assert openstack.plan('failover') == planned
    done = journey.move('failover', journey.home, journey.away, openstack.drive())
    assert openstack.planned_hash(done.operation) == planned
    assert openstack.shown() == done.operation


def test_ansible_fails_back(journey, thrice, ansible):
    done = journey.move('failback', journey.away, journey.home, thrice)
    assert ansible.shown() == done.operation


def test_ansible_replicates_and_tests(journey, thrice):
    expected = journey.replicated('tested-by-ansible', lambda: thrice('sync', max_age=OLD_ENOUGH))
    runs_a_test(journey, expected, lambda: thrice('test_failover'))
    thrice('test_cleanup')
    nothing_left(journey)


def test_ansible_fails_over(journey, thrice):
    journey.move('failover', journey.home, journey.away, thrice)


def test_a_script_fails_back_and_sees_it_live(journey, script, quiet):
    with quiet():
        planned = script.plan('failback')
    done = seen_live(journey.move('failback', journey.away, journey.home, script.drive()))
    assert done.plan_hash == planned
    assert script.shown() == done.operation


def test_a_script_replicates_and_tests(journey, script):
    expected = journey.replicated('tested-by-a-script', lambda: script.run('sync'))
    runs_a_test(journey, expected, lambda: seen_live(script.run('test_failover')))
    script.run('test_cleanup')
    nothing_left(journey)


def test_a_script_fails_over(journey, script):
    seen_live(journey.move('failover', journey.home, journey.away, script.drive()))


def test_openstack_fails_back(journey, openstack):
    journey.move('failback', journey.away, journey.home, openstack.drive())


def test_openstack_replicates_and_tests(journey, openstack):
    expected = journey.replicated('tested-by-openstack', lambda: openstack.run('sync'))
    runs_a_test(journey, expected, lambda: openstack.run('test_failover'))
    openstack.run('test_cleanup')
    nothing_left(journey)


# -- a site is silent: the group is brought up at the other, by one face after the other

def test_openstack_brings_it_up_at_the_other_site_when_home_is_silent(journey, openstack, faults):
    expected = lost_after(journey, 'before-the-first-disaster', lambda: openstack.run('sync'))
    faults.silences(journey.home)
    refused = openstack.run('failover', unplanned=True, expect=codes.REFUSED)
    assert 'loss-not-accepted' in refused.stderr and 'code: operation-refused' in refused.stderr, refused.told()
    done = openstack.run('failover', unplanned=True, accept_loss=True)
    brought_up(journey, done, journey.home, journey.away, expected)


def test_openstack_reprotects_it(journey, openstack):
    reprotected(journey, openstack.run('reprotect'), journey.home)


def test_ansible_brings_it_up_at_home_when_the_other_site_is_silent(journey, ansible, thrice, faults):
    expected = lost_after(journey, 'before-the-second-disaster', lambda: ansible.run('sync'))
    faults.silences(journey.away)
    done = thrice('failback', unplanned=True, accept_loss=True)
    brought_up(journey, done, journey.away, journey.home, expected)


def test_ansible_reprotects_it(journey, thrice):
    reprotected(journey, thrice('reprotect'), journey.away)


def test_a_script_brings_it_up_at_the_other_site_when_home_is_silent(journey, script, faults):
    expected = lost_after(journey, 'before-the-third-disaster', lambda: script.run('sync'))
    faults.silences(journey.home)
    done = seen_live(script.run('failover', unplanned=True, accept_loss=True))
    brought_up(journey, done, journey.home, journey.away, expected)


def test_a_script_reprotects_it(journey, script):
    reprotected(journey, seen_live(script.run('reprotect')), journey.home)


def test_the_way_home_brings_what_was_written_since_the_disaster(journey, openstack):
    journey.move('failback', journey.away, journey.home, openstack.drive())


def test_openstack_ends_the_protection_without_a_trace(journey, openstack):
    journey.unprotect(openstack.drive())


# -- what is left of each face: protecting, and ending it

@pytest.fixture(scope='module')
def second(bed, estate, journey, artifacts, say):
    """The same VMs, after they were protected and are not any more."""
    return Journey(bed, estate, journey.program, GROUP, dict(journey.members), artifacts, say, destroyed=False)


def test_ansible_protects_and_ends_it_without_a_trace(second, thrice, new):
    second.protect(lambda *_: thrice('protect', **new))
    second.unprotect(thrice)


@pytest.fixture(scope='module')
def third(bed, estate, second, artifacts, say):
    return Journey(bed, estate, second.program, GROUP, dict(second.members), artifacts, say, destroyed=False)


def test_a_script_protects_and_ends_it_without_a_trace(third, script, new):
    seen_live(third.protect(script.drive(**new)))
    third.unprotect(script.drive())
