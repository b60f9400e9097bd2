"""The program is killed at a request, once with the request lost and once with the answer lost;
`resume` finishes what it was doing, and nothing exists twice."""
import itertools
import signal

import pytest

import census
import checks
import kills
from journey import Journey

VMS = ('app-web', 'app-node')
_numbers = itertools.count(1)


def test_every_case_is_reached_by_some_seed_and_all_of_them_by_kill_all():
    every = {c for operation in kills.POINTS for c in kills.cases(operation)}
    packed = [c for cycle in kills.cycles(None, '') for c in
              (cycle.protect, cycle.failover, cycle.failback) if c]
    assert sorted(map(str, packed)) == sorted(map(str, every))
    seen = {c for seed in range(200) for operation in kills.POINTS
            for c in kills.chosen(operation, '1/3', str(seed))}
    assert seen == every
    assert kills.cycles('1/3', 'x') == kills.cycles('1/3', 'x')


class Killer:
    """Runs an operation, has it killed at the case's request, and resumes it."""

    def __init__(self, journey, faults, case, say):
        self.journey, self.faults, self.case, self.say = journey, faults, case, say
        self.program = journey.program

    def __call__(self, *arguments):
        site = getattr(self.journey, self.case.side)
        rule = self.faults.kill_at(self.case.request, site, self.case.loss, self.case.nth)
        result = self.program.run(*arguments, expect=None)
        assert self.faults.fired(rule), f'no such request came by: {result.told()}'
        assert result.code == -signal.SIGKILL, result.told()
        self.faults.remove(rule)
        assert len(self.program.unfinished()) == 1, 'the operation is lost or done'
        resumed = self.program.run('resume')
        self.say(f'    {self.case}: killed after {result.seconds:.1f} s, '
                 f'resumed in {resumed.seconds:.1f} s')
        return resumed


@pytest.fixture()
def journey(bed, estate, make_program, artifacts, say):
    name = f'kill-{next(_numbers)}'
    members = {vm: estate.members[vm] for vm in VMS}
    return Journey(bed, estate, make_program(name), name, members, artifacts, say)


def points_by_hand(journey):
    """How many points of the group there are that no schedule and no test made, on each array."""
    found = {}
    for array, state in journey.now['arrays'].items():
        found[array] = sorted(
            p['name'] for p in state['protection_group_snapshots'].values()
            if not p['scheduled'] and p['name'] not in
            journey.before['arrays'][array]['protection_group_snapshots']
            and p['suffix'] not in journey.ours)
    return found


@pytest.mark.kill
def test_resume_finishes_and_nothing_exists_twice(cycle, journey, bed, faults, say):
    before = census.take(bed)
    volumes = len(journey.volumes[journey.home])
    interfaces = sum(len(journey.now['sites'][journey.home]['servers'][i]['interfaces'])
                     for i in journey.members.values())
    limits = {journey.home: {'groups': 1}, journey.away: {'groups': 1, 'volumes': volumes}}

    def killer(case):
        return Killer(journey, faults, case, say) if case else None

    def count(moved):
        if moved:
            limits[journey.away].update(servers=len(VMS), ports=interfaces, server_groups=1)
        assert census.surplus(before, census.take(bed), limits) == []
        for array, state in journey.now['arrays'].items():
            new = [n for n in state['volumes']
                   if n not in journey.before['arrays'][array]['volumes']
                   and not checks.foreign(journey.now, n)]
            assert len(new) <= (volumes if array == bed.array_of(journey.away).name else 0), new

    journey.protect(killer(cycle.protect))
    count(moved=False)
    first = points_by_hand(journey)
    assert all(len(names) <= 1 for names in first.values()), first
    journey.move('failover', journey.home, journey.away, killer(cycle.failover))
    count(moved=True)
    journey.move('failback', journey.away, journey.home, killer(cycle.failback))
    count(moved=True)
    journey.unprotect()
    assert checks.new_living(journey.before, journey.now) == []
