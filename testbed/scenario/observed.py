"""What was asked of a pair of sites and what its answers looked like, out of the record of its fault proxy; and that, kept
in a file, to be compared with later."""
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import traces
from witness import RECORD

# Of the connection, and of the server in front of a service: no matter of the service.
_TRANSPORT = {'connection', 'content-length', 'date', 'keep-alive', 'server', 'transfer-encoding'}


@dataclass
class Answers:
    """All answers with one status: of each header its values ('' where only the name is told), of each place of the
    body the kinds of what was there."""
    headers: dict = field(default_factory=dict)
    fields: dict = field(default_factory=dict)

    def add(self, headers, fields):
        for into, told in ((self.headers, headers), (self.fields, fields)):
            for name, values in told.items():
                into.setdefault(name, set()).update(values)


@dataclass
class Observed:
    """`answers`: {(service, method, shape of the path, microversion): {status: Answers}};
    `commands`: what `traces.commands` finds."""
    answers: dict = field(default_factory=dict)
    commands: dict = field(default_factory=dict)

    def to(self, request, status):
        return self.answers.setdefault(request, {}).setdefault(status, Answers())

    def add(self, other):
        """What another record tells, too."""
        for request, by_status in other.answers.items():
            for status, answers in by_status.items():
                self.to(request, status).add(answers.headers, answers.fields)
        self.commands.update(other.commands)


def read(path):
    """What is kept in a file, or a proxy's record and, if it is beside it, the one of what the suite itself asked."""
    path = Path(path)
    if path.suffix == '.json':
        return of_recorded(json.loads(path.read_text(encoding='utf-8')))
    found = Observed()
    for record in (path, path.with_name(RECORD)):
        if record == path or record.exists():
            with open(record, encoding='utf-8') as f:
                found.add(of_record(f))
    return found


def of_record(lines):
    """The last session of a record. Only what a service answered counts, no answer that a rule made up."""
    lines = list(lines)
    observed = Observed(commands=traces.commands(lines))
    shapes, entries = {}, []
    for line in lines:
        entry = json.loads(line)
        if 'fields' in entry:
            shapes[entry['shape']] = entry['fields']
        elif 'mark' not in entry:
            entries.append(entry)
        elif entry['mark'] == traces.SESSION:
            entries = []
    for entry in entries:
        answer = entry.get('answer')
        if answer and entry['forwarded']:
            observed.to(request(entry), entry['status']).add(
                {name: _values(value) for name, value in answer['headers'].items() if name not in _TRANSPORT},
                {place: kinds.split('|') for place, kinds in shapes.get(answer['shape'], {}).items()})
    return observed


def request(entry):
    """(service, method, shape of the path, microversion); both sites, and both arrays, are one service."""
    target, *rest = traces.request(entry)
    site, _, service = target.partition('/')
    return (service if site.startswith('site') else 'array', *rest)


def _values(value):
    """The values of a header, in any order and case; '' where only the name is told."""
    return {part.strip().lower() for part in re.split(',', value or '')}


def of_recorded(told):
    observed = Observed()
    for one in told['answers']:
        asked = tuple(one[name] for name in ('service', 'method', 'path', 'microversion'))
        observed.to(asked, one['status']).add(*({name: values.split('|') for name, values in one[part].items()}
                                                for part in ('headers', 'fields')))
    for one in told['commands']:
        key = (one['test'], one['command'], one['number'])
        observed.commands[key] = Counter({tuple(words): count for *words, count in one['requests']})
    return observed


def recorded(observed):
    """The same as JSON, in an order of its own. Of kills each run chooses its share: their commands are not kept."""
    def joined(told):
        return {name: '|'.join(sorted(values)) for name, values in sorted(told.items())}
    return {
        'answers': [dict(zip(('service', 'method', 'path', 'microversion'), asked, strict=True), status=status,
                         headers=joined(answers.headers), fields=joined(answers.fields))
                    for asked, by_status in sorted(observed.answers.items())
                    for status, answers in sorted(by_status.items())],
        'commands': [{'test': test, 'command': command, 'number': number,
                      'requests': [[*asked, count] for asked, count in sorted(requests.items())]}
                     for (test, command, number), requests in sorted(observed.commands.items())
                     if not chosen_by_run(test)]}


def chosen_by_run(test):
    """Whether a test is one of those that not every run has."""
    return '[' in test


def write(observed, path):
    """A line for each kind of answer and each command, so that a change is seen in its place."""
    parts = [f'"{name}": [\n' + ',\n'.join(json.dumps(one, ensure_ascii=False) for one in told) + '\n]'
             for name, told in recorded(observed).items()]
    with open(path, 'w', encoding='utf-8') as f:
        f.write('{' + ',\n'.join(parts) + '}\n')
