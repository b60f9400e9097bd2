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
        unfinished = self.program.unfinished()
        assert len(unfinished) == 1, f'the operation is lost or done: {unfinished}'
        resumed = self.program.run('resume')
        self.say(f'    {self.case}: killed after {result.seconds:.1f} s, '
                 f'resumed in {resumed.seconds:.1f} s')
        return resumed


@pytest.fixture(scope='module')
def points():
    return Points()


@pytest.fixture()
def journey(bed, estates, make_program, artifacts, say):
    """Every case begins with the estate as it was made, whatever became of the case before."""
    estate = estates.pristine()
    name = f'kill-{next(_numbers)}'
    members = {vm: estate.members[vm] for vm in VMS}
    return Journey(bed, estate, make_program(name), name, members, artifacts, say)


class Points:
    """The points that the program itself asked the arrays for. How many an operation makes is its
    own affair, but it must be the same number whether or not it was killed."""

    def __init__(self):
        self.of_operations = {}

    def count(self, journey):
        known = {(array, name) for array, state in journey.before['arrays'].items()
                 for name in state['protection_group_snapshots']}
        return sum(not p['scheduled'] and p['suffix'] not in journey.ours
                   and (array, p['name']) not in known
                   and not checks.foreign(journey.now, p['name'])
                   for array, state in journey.now['arrays'].items()
                   for p in state['protection_group_snapshots'].values())

    def compare(self, operation, case, made):
        """Remembers how many points this run of the operation made; all runs must agree."""
        self.of_operations.setdefault(operation, {})[str(case)] = made
        assert len(set(self.of_operations[operation].values())) == 1, self.of_operations


@pytest.mark.kill
def test_resume_finishes_and_nothing_exists_twice(cycle, journey, points, bed, faults, say):
    before, points_before = census.take(bed), 0
    volumes = len(journey.volumes[journey.home])
    interfaces = sum(len(journey.now['sites'][journey.home]['servers'][i]['interfaces'])
                     for i in journey.members.values())
    limits = {journey.home: {'groups': 1}, journey.away: {'groups': 1, 'volumes': volumes}}

    def killer(case):
        return Killer(journey, faults, case, say) if case else None

    def count(operation, moved):
        if moved:
            limits[journey.away].update(servers=len(VMS), ports=interfaces, server_groups=1)
        assert census.surplus(before, census.take(bed), limits) == []
        for array, state in journey.now['arrays'].items():
            new = [n for n in state['volumes']
                   if n not in journey.before['arrays'][array]['volumes']
                   and not checks.foreign(journey.now, n)]
            assert len(new) <= (volumes if array == bed.array_of(journey.away).name else 0), new
        total = points.count(journey)
        points.compare(operation, getattr(cycle, operation), total - points_before)
        return total

    journey.protect(killer(cycle.protect))
    points_before = count('protect', moved=False)
    journey.move('failover', journey.home, journey.away, killer(cycle.failover))
    points_before = count('failover', moved=True)
    journey.move('failback', journey.away, journey.home, killer(cycle.failback))
    count('failback', moved=True)
    journey.unprotect()
