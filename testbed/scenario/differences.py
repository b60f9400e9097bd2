"""The difference report: what real sites and simulated ones answer to the same requests.

    python differences.py REAL SIMULATED --exceptions docs/differences.yaml [--report FILE]
    python differences.py RECORDED REAL --new    whether real sites answer what is not recorded
    python differences.py REAL SIMULATED --only asked    whether one program asked the same of both
    python differences.py --record FILE REAL

REAL and SIMULATED are a fault proxy's record (`log/proxy-requests.jsonl` of a bed, `log/requests.jsonl` of a pair; what the
suite itself asked is beside it) or what `--record` has kept of one. Compared are, for each request that occurs (service, method, path without ids,
microversion): that it occurs at both, the statuses of its answers, their headers, and of their bodies the names of
fields and the kinds of values, over all answers together; and for each command of each test the requests that it made
(traces.py). What is asked depends on the program: a recording of an earlier one is good for its answers only (`--only
answers`). Exit code 1 if anything differs that no exception names, or an exception names nothing that differs."""
import argparse
import itertools
import json
import re
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field

import observed
import traces
import yaml

MOST_EXCEPTIONS = 30
_PATTERNS = ('service', 'method', 'path', 'status', 'name')
_KEYS = {*_PATTERNS, 'reason', 'what', 'only', 'kinds', 'moment'}
_WHAT = ('request', 'status', 'header', 'field')


@dataclass(frozen=True)
class Difference:
    """`what`: 'request' (that it occurs), 'status', 'header', 'field'. `real` and `simulated` are the values or kinds
    there, empty where there is none."""
    service: str
    method: str
    path: str
    microversion: str
    status: int | str
    what: str
    name: str
    real: tuple
    simulated: tuple

    def place(self):
        return ' '.join(str(part) for part in (self.service, self.method, self.path, self.microversion, self.status)
                        if part != '')

    def line(self):
        sides = (' | '.join(side) if side else '-' for side in (self.real, self.simulated))
        return '{} {}: {} and {}'.format(self.what, self.name or '(body)', *sides)


def compared(real, simulated):
    """All differences in the answers."""
    found = []
    for asked in sorted({*real.answers, *simulated.answers}):
        sides = [side.answers.get(asked, {}) for side in (real, simulated)]
        if not all(sides):
            found.append(Difference(*asked, '', 'request', 'occurs', *(('yes',) if side else () for side in sides)))
            continue
        for status in sorted({*sides[0], *sides[1]}):
            answers = [side.get(status) for side in sides]
            if not all(answers):
                found.append(Difference(*asked, status, 'status', str(status),
                                        *(('yes',) if side else () for side in answers)))
                continue
            for what in ('header', 'field'):
                found += [Difference(*asked, status, what, *difference)
                          for difference in _parts(*(getattr(side, f'{what}s') for side in answers))]
    return found


def _parts(real, simulated):
    """(name, what is real, what is simulated) of all that is not the same; nothing below what only one side has."""
    missing = []
    for name in sorted({*real, *simulated}):
        sides = [tuple(sorted(side.get(name, ()))) for side in (real, simulated)]
        if sides[0] == sides[1] or any(name.startswith((f'{above}.', f'{above}[')) for above in missing):
            continue
        if not all(sides):
            missing.append(name)
        yield name, *sides


class BadExceptions(ValueError):
    """Exceptions that cannot be understood, or too many."""


@dataclass
class Excepted:
    """A difference that is meant: `service`, `method`, `path`, `status`, `name` take `*`, or several; `only` is the side that has
    something; `kinds` are what may be there in addition on one side. Of a `moment` it depends whether it shows."""
    reason: str
    what: str
    service: str = '*'
    method: str = '*'
    path: str = '*'
    status: str = '*'
    name: str = '*'
    only: str = ''
    kinds: tuple = ()
    moment: bool = False
    used: int = field(default=0, compare=False)

    def names(self, difference):
        if difference.what != self.what or not all(_fits(getattr(self, key), str(getattr(difference, key)))
                                                   for key in _PATTERNS):
            return False
        there = [side for side in ('real', 'simulated') if getattr(difference, side)]
        between = set(difference.real) ^ set(difference.simulated)
        return (not self.only or there == [self.only]) \
            and (not self.kinds or (len(there) == 2 and between <= set(self.kinds)))


def _fits(patterns, text):
    """Whether one of several patterns fits, or the only one."""
    return any(re.fullmatch('.*'.join(re.escape(part) for part in str(pattern).split('*')), text)
               for pattern in (patterns if isinstance(patterns, list) else [patterns]))


def exceptions(told):
    found = []
    for one in told:
        if not isinstance(one, dict) or not one.get('reason') or one.get('what') not in _WHAT \
                or not _KEYS.issuperset(one) or one.get('only', 'real') not in ('real', 'simulated'):
            raise BadExceptions(f'an exception has a reason and what it is about ({", ".join(_WHAT)}), '
                                f'and of keys only {", ".join(sorted(_KEYS))}: {one}')
        found.append(Excepted(**{**one, 'kinds': tuple(one.get('kinds', ()))}))
    if len(found) > MOST_EXCEPTIONS:
        raise BadExceptions(f'{len(found)} exceptions, at most {MOST_EXCEPTIONS}: mend the simulated services')
    return found


class Report:
    """Differences, each with the exception that names it or None."""

    def __init__(self, real, simulated, excepted, only=None):
        self.real, self.simulated, self.excepted, self.only = real, simulated, excepted, only
        judged = [] if only == 'asked' else self._compared()
        self.found = [(difference, self._exception(difference)) for difference in judged]
        self.asked = [] if only == 'answers' else self._asked()

    def _asked(self):
        return traces.differences(_comparable(self.real, self.simulated), _comparable(self.simulated, self.real))

    def _compared(self):
        return compared(self.real, self.simulated)

    def _exception(self, difference):
        named = next((one for one in self.excepted if one.names(difference)), None)
        if named:
            named.used += 1
        return named

    @property
    def unexcepted(self):
        return [difference for difference, exception in self.found if exception is None]

    @property
    def unused(self):
        if self.only == 'asked':
            return []
        return [one for one in self.excepted if not one.used and not one.moment]

    @property
    def compared(self):
        """How many requests, and how many commands, occur at both."""
        return (len(self.real.answers.keys() & self.simulated.answers.keys()),
                len(self.real.commands.keys() & self.simulated.commands.keys()))

    def failed(self):
        requests, commands = self.compared
        empty = (not requests and self.only != 'asked') or (not commands and self.only != 'answers')
        return bool(self.unexcepted or self.unused or self.asked) or empty

    def text(self):
        lines = []
        for title, told in (('NOT EXCEPTED', self.unexcepted),
                            ('EXCEPTED', [d for d, exception in self.found if exception])):
            for place, of_place in itertools.groupby(told, Difference.place):
                lines += [f'{title}: {place}', *(f'    {difference.line()}' for difference in of_place)]
        lines += [f'AN EXCEPTION THAT NAMES NOTHING: {one.reason}' for one in self.unused]
        lines += [f'ASKED OTHERWISE: {line}' for line in self.asked]
        lines += ['', 'differences by exception (real, simulated; the kinds of values there)']
        lines += [f'{one.used:5}  {one.reason}' for one in self.excepted]
        requests, commands = self.compared
        counts = Counter(exception is None for _, exception in self.found)
        lines += [f'{requests} requests and {commands} commands compared: {counts[True]} differences not excepted, '
                  f'{counts[False]} excepted by {len(self.excepted)} exceptions, {len(self.asked)} in what was asked']
        return '\n'.join(lines)

    def json(self):
        requests, commands = self.compared
        return {'requests': requests, 'commands': commands, 'asked': self.asked,
                'differences': [{**asdict(difference), 'exception': exception and exception.reason}
                                for difference, exception in self.found],
                'unused': [one.reason for one in self.unused]}


class News(Report):
    """Of a recording and a later record of real sites: only what the recording does not have, and what is asked
    otherwise where both have it. Whether the moment has brought it is not asked."""

    def __init__(self, recorded, real, excepted, only=None):
        super().__init__(recorded, real, [one for one in excepted if one.moment], only)

    def _asked(self):
        both = self.real.commands.keys() & self.simulated.commands
        return traces.differences(*({key: one.commands[key] for key in both} for one in (self.real, self.simulated)))

    def _compared(self):
        return [one for one in super()._compared() if not set(one.simulated) <= set(one.real)]


def _comparable(one, other):
    """The commands of one record, of kills only those that the other has, too: each run chooses its share."""
    return {key: asked for key, asked in one.commands.items()
            if key in other.commands or not observed.chosen_by_run(key[0])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('records', nargs='+', metavar='RECORD', help='REAL SIMULATED, or with --record REAL alone')
    parser.add_argument('--exceptions', metavar='FILE', help='which differences are meant')
    parser.add_argument('--new', action='store_true', help='only what the second record has and the first has not')
    parser.add_argument('--only', choices=('answers', 'asked'), help='judge the one or the other')
    parser.add_argument('--report', metavar='FILE', help='all of it as JSON')
    parser.add_argument('--record', metavar='FILE', help='add what a record tells to this file')
    arguments = parser.parse_args()
    if len(arguments.records) != (1 if arguments.record else 2):
        parser.error('two records are compared, or one is kept with --record')
    try:
        records = [observed.read(path) for path in arguments.records]
    except (OSError, ValueError) as error:
        parser.error(f'no record could be read: {error}')
    if arguments.record:
        try:
            kept = observed.read(arguments.record)
        except FileNotFoundError:
            kept = observed.Observed()
        kept.add(records[0])
        observed.write(kept, arguments.record)
        return 0
    told = []
    if arguments.exceptions:
        with open(arguments.exceptions, encoding='utf-8') as f:
            told = yaml.safe_load(f) or []
    report = (News if arguments.new else Report)(*records, exceptions(told), arguments.only)
    if arguments.report:
        with open(arguments.report, 'w', encoding='utf-8') as f:
            json.dump(report.json(), f, indent=1)
    print(report.text())
    return 1 if report.failed() else 0


if __name__ == '__main__':
    sys.exit(main())
