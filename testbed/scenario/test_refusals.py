"""What cannot work is refused before the first change, with everything that is wrong in one
answer; what breaks on the way is rolled back before the point of no return, waited out after it."""
from concurrent.futures import ThreadPoolExecutor

import pytest

import census
import checks
import oddities
import program as codes
import world
from journey import Journey
from waiting import until

VMS = ('app-web', 'app-node')


def assert_each_on_one_line(program, arguments, found):
    """A person sees the same findings, one line each."""
    shown = program.run(*arguments, expect=codes.REFUSED, output='human')
    lines = (shown.stdout + shown.stderr).splitlines()
    for _, _, _, message in found:
        assert '\n' not in message
        assert [line for line in lines if message in line], f'{message!r} in\n{shown.told()}'


def mentions(found, *words):
    """The findings in which all of these words occur, whatever their case."""
    return [f for f in found if all(
        str(w).lower() in ' '.join(str(part) for part in f).lower() for w in words)]


class TestProtect:
    @pytest.fixture(scope='class')
    def odd(self, estate):
        made = oddities.Oddities(estate)
        with ThreadPoolExecutor(4) as pool:
            servers = made.build(pool)
        yield made, servers
        made.remove(servers)

    def test_refuses_all_that_cannot_be_protected_at_once(self, odd, estate, make_program, quiet):
        made, servers = odd
        program = make_program('refused')
        vms = ['app-node', *servers]
        arguments = codes.protect_arguments('odd', estate.home.name, estate.away.name, vms)
        with made.no_volume_quota(), quiet():
            result = program.run(*arguments, expect=codes.REFUSED)
            assert_each_on_one_line(program, arguments, result.findings())
        found = result.findings()
        for name in servers:
            assert mentions(found, name), f'nothing about {name}: {result.told()}'
        assert mentions(found, oddities.PLAIN, 'replic'), result.told()
        assert mentions(found, oddities.ENCRYPTED, 'encrypt'), result.told()
        assert mentions(found, oddities.IMAGE_BOOTED, 'image'), result.told()
        assert mentions(found, 'quota', estate.away.name), result.told()
        assert not mentions(found, 'app-node'), 'nothing is wrong with it'
        assert program.status().get('groups') == []


@pytest.fixture(scope='module')
def journey(bed, estate, make_program, artifacts, say):
    program = make_program('refusals', engine={'retry_for': 3})
    made = Journey(bed, estate, program, 'refusals', {v: estate.members[v] for v in VMS},
                   artifacts, say)
    made.protect()
    return made


def _started(journey, faults, command):
    """An operation under way, and the proxy's mark from before it."""
    mark = faults.mark(command)
    return journey.program.start(command, journey.group), mark


@pytest.mark.incremental
class TestBreakingOnTheWay:
    @pytest.mark.parametrize('service', ['block_storage', 'network'])
    def test_a_target_that_fails_for_good_before_the_point_of_no_return_is_rolled_back(
            self, journey, faults, bed, service):
        counted = census.take(bed)
        before, held = journey.look(), journey.contents.read(journey.away, journey.twins())
        running, mark = _started(journey, faults, 'failover')
        until('the first VM is being stopped', lambda: running.ended() or faults.asked(
            mark, journey.home, 'compute', 'POST', '/action'), 60)
        faults.answers_500(journey.away, service)
        result = running.result()
        assert result.code == codes.ROLLED_BACK, result.told()
        assert result.operation['status'] == 'rolled_back'
        assert result.operation['error_message']
        faults.clear()
        journey.assert_rolled_back(before, held)
        assert census.surplus(counted, census.take(bed), {}) == []

    def test_a_target_array_that_dies_does_not_keep_the_vms_at_the_source_stopped(
            self, journey, faults, bed):
        """What has to be undone on the dead array waits; everything at the source does not."""
        counted = census.take(bed)
        before, held = journey.look(), journey.contents.read(journey.away, journey.twins())
        running, mark = _started(journey, faults, 'failover')
        until('the point is on its way', lambda: running.ended() or faults.asked(
            mark, journey.home, 'array', 'POST', '/protection-group-snapshots'), 60)
        faults.rule(journey.away, 'array', 'answer', status=503, answer_body={})
        left = running.result()
        assert left.code == codes.UNFINISHED, left.told()
        assert left.operation['status'] == 'rolling_back', left.told()
        assert left.operation['steps_not_undone'], left.told()
        assert checks.same_vms(before, journey.look(), journey.home, journey.members) == []
        faults.clear()
        result = journey.program.run('resume', expect=codes.ROLLED_BACK)
        assert result.operation['status'] == 'rolled_back'
        journey.assert_rolled_back(before, held)
        assert census.surplus(counted, census.take(bed), {}) == []

    def _break_nova(self, faults, site):
        faults.answers_500(site, 'compute', 'POST', r'/servers$')
        faults.rule(site, 'compute', 'answer', 'POST', r'/action$', 'os-start', status=500,
                    answer_body={'computeFault': {'code': 500, 'message': 'broken for a test'}})

    def _wait_until_it_waits(self, journey, running):
        until('the operation waits', lambda: running.ended() or any(
            o['status'] == 'waiting' for o in journey.program.unfinished()), 120, every=1.0)
        assert not running.ended(), running.result().told()

    def test_a_target_nova_that_fails_after_it_is_waited_for(self, journey, faults):
        def mended_meanwhile(command, group):
            self._break_nova(faults, journey.away)
            running = journey.program.start(command, group)
            self._wait_until_it_waits(journey, running)
            faults.clear()
            result = running.result()
            assert result.code == codes.DONE, result.told()
            return result
        journey.move('failover', journey.home, journey.away, mended_meanwhile)

    def test_killed_while_it_waits_it_is_resumed_when_nova_is_mended(self, journey, faults):
        def killed_and_resumed(command, group):
            self._break_nova(faults, journey.home)
            running = journey.program.start(command, group)
            self._wait_until_it_waits(journey, running)
            running.kill()
            running.result()
            faults.clear()
            return journey.program.run('resume')
        journey.move('failback', journey.away, journey.home, killed_and_resumed)


class TestFailover:
    @pytest.fixture()
    def ruined(self, bed, estate, make_program, artifacts, say):
        """A group that is not moved but ruined: its VMs have never been at the other site."""
        members = {v: estate.members[v] for v in ('app-db', 'app-batch')}
        made = Journey(bed, estate, make_program('ruined'), 'ruined', members, artifacts, say)
        made.protect()
        return made

    def test_refuses_all_that_has_changed_at_once(self, ruined, estate, quiet):
        """The last test of the module: it leaves the group in ruins."""
        odd, program = oddities.Oddities(estate), ruined.program
        array_group = ruined.array_group(ruined.home)
        too_small, gone = self._twins(ruined, 'app-db')[:2]
        odd.outgrow_twin(too_small['home'])
        odd.remove_twin(gone['away'])
        odd.foreign_member(array_group)
        program.configuration.unmapped = ('networks',)
        program.configuration.write_protector()
        arguments = ['failover', ruined.group]
        try:
            with odd.no_flavor('tiny') as flavor, quiet():
                result = program.run(*arguments, expect=codes.REFUSED)
                assert_each_on_one_line(program, arguments, result.findings())
        finally:
            odd.no_foreign_member(array_group)
        found = result.findings()
        assert mentions(found, 'flavor', flavor, 'app-batch'), result.told()
        for kind, vm in (('front', 'app-batch'), ('back', 'app-db')):
            assert mentions(found, 'network', world.NETWORKS[kind][0], vm), result.told()
        assert mentions(found, gone['name']), result.told()
        assert mentions(found, too_small['name']), result.told()
        assert mentions(found, world.STRANGER_ARRAY_VOLUMES[1]), result.told()
        group = program.group(ruined.group)
        assert (group['status'], group['current_primary_site']) == ('active', ruined.home)

    @staticmethod
    def _twins(journey, vm):
        """The ids of a VM's volumes and of their twins, by the program's own account."""
        member = next(m for m in journey.program.group(journey.group)['members']
                      if m['name'] == vm)
        names = {i: v['name'] for i, v in journey.look()['sites'][journey.home]['volumes'].items()}
        return [{'home': v['sites'][journey.home]['volume_id'],
                 'away': v['sites'][journey.away]['volume_id'],
                 'name': names[v['sites'][journey.home]['volume_id']]} for v in member['volumes']]
