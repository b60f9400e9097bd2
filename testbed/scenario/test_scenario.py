"""The scenario itself: protect, there and back twice, unprotect. After each step the truth is read
from the services and the arrays, never from the program. The steps build on one another."""
import pytest

import program as codes
import world
from journey import Journey

pytestmark = pytest.mark.incremental


@pytest.fixture(scope='module')
def journey(bed, estate, make_program, artifacts, say):
    return Journey(bed, estate, make_program('scenario'), world.GROUP, dict(estate.members),
                   artifacts, say)


def test_protect_makes_twins_and_a_first_complete_point(journey):
    journey.protect()


def test_protecting_again_is_refused_and_changes_nothing(journey):
    result = journey.program.run(*journey.protect_arguments(), expect=None)
    assert result.code in (2, 3), result.told()
    before = journey.now
    assert journey.look()['sites'] == before['sites']


def test_plan_prints_every_call_and_touches_nothing(journey, quiet):
    with quiet():
        planned = journey.program.run('plan', 'failover', journey.group)
    steps = planned.document['plan']['steps']
    calls = [call for step in steps for call in step['calls']]
    assert [c for c in calls if c.startswith('POST compute /servers')], planned.told()
    assert planned.document['plan']['hash']
    with quiet():
        again = journey.program.run('plan', 'failover', journey.group)
    assert again.document['plan']['hash'] == planned.document['plan']['hash']


def test_failover_brings_every_vm_up_at_the_other_site(journey):
    journey.move('failover', journey.home, journey.away)


def test_failback_starts_the_original_vms_again(journey):
    journey.move('failback', journey.away, journey.home)


def test_second_failover_uses_the_same_vms(journey):
    journey.move('failover', journey.home, journey.away)


def test_second_failback_starts_the_original_vms_again(journey):
    journey.move('failback', journey.away, journey.home)


def test_unprotect_leaves_no_trace(journey):
    journey.unprotect()


class TestServiceUserThatIsOnlyMember:
    """The same way for one VM, with a service credential that has the role member only."""

    @pytest.fixture(scope='class')
    def short(self, bed, estate, make_program, artifacts, say):
        program = make_program('member', role=world.SERVICE_MEMBER)
        return Journey(bed, estate, program, 'shop-member',
                       {'app-web': estate.members['app-web']}, artifacts, say)

    def test_protect_works_and_names_what_is_missing(self, short):
        result = short.protect()
        told = [message for *_, message in result.findings('warnings')]
        assert [m for m in told if 'user_data' in m or 'user data' in m], result.told()
        assert [subject for _, subject, *_ in result.findings('warnings') if 'keypair' in subject], result.told()
        assert all('\n' not in m for m in told)

    def test_failover_loses_only_what_was_named(self, short):
        written = short.write_around_a_decoy(short.home, short.away)
        result = short.program.run('failover', short.group)
        short.look()
        short.assert_status(result, 'failed_over', short.away)
        short.assert_moved(short.home, short.away, written, {},
                           tolerated=['server/OS-EXT-SRV-ATTR:user_data', 'server/key_name', 'keypair'])

    def test_failback_starts_the_original_vm_again(self, short):
        short.move('failback', short.away, short.home)

    def test_unprotect_needs_an_administrator_and_says_so(self, short):
        refused = short.program.run('unprotect', short.group, expect=codes.REFUSED)
        assert [code for code, *_ in refused.findings()] == ['role-missing'], refused.told()
        configuration = short.program.configuration
        configuration.role = world.SERVICE
        configuration.write_clouds()
        short.unprotect()
