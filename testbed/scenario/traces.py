"""Compares what the program asked of two pairs of sites, test by test and command by command: the records that
their fault proxies keep, with ids, hosts and times taken out.

    python traces.py REAL SIMULATED         e.g. log/proxy-requests.jsonl of a bed, log/requests.jsonl of a pair

Writing requests have to be the same in number. Of reading ones only the kinds are compared: how often a change is
looked for depends on how long it takes; the same of the removal of points, which schedules make as time passes. Compared
are the commands that ended well and that no fault disturbed, but not `resume`: what a command had begun side by side when
it was refused or killed, and so what is left to do, is a matter of moments. Exit code 1 if anything differs."""
import argparse
import json
import re
import sys
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

# labels of marks in the records
SESSION, TEST, COMMAND, ENDED = 'session', 'test ', 'command ', 'ended '
READING = ('GET', 'HEAD', 'OPTIONS')
# one for each point of a group: besides those that were asked for, schedules make some as time passes
POINTS = re.compile(r'/protection-group-snapshots\?')
_ID = re.compile(r'[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}')


def shape(path):
    """A path with its query: ids out, and of the query the names only."""
    parts = urlsplit(path)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return _ID.sub('ID', parts.path) + (f'?{"&".join(names)}' if names else '')


def request(entry):
    """(service, method, shape of the path, microversion)"""
    return (entry['target'], entry['method'], shape(entry['path']), entry['microversion'] or '')


def commands(lines):
    """{(test, command, its number in the test): Counter of requests} of the last session of a record, of those
    that can be compared."""
    entries, latest = [], 0
    for line in lines:
        entry = json.loads(line)
        if 'seq' not in entry:
            continue
        if entry.get('mark') == SESSION:
            entries, latest = [], entry['seq']
        entries.append(entry)
    found, well, disturbed, test, key, numbers = {}, set(), set(), None, None, Counter()
    # a line is written when its request ends, and numbered when it begins
    for entry in sorted((e for e in entries if e['seq'] >= latest), key=lambda e: e['seq']):
        mark = entry.get('mark')
        if mark is None:
            if key:
                found[key][request(entry)] += 1
                if entry.get('action'):
                    disturbed.add(key)
        elif mark.startswith(TEST):
            test, key, numbers = mark.removeprefix(TEST), None, Counter()
        elif mark.startswith(COMMAND):
            command = mark.removeprefix(COMMAND)
            numbers[command] += 1
            key = (test, command, numbers[command])
            found[key] = Counter()
        elif mark == f'{ENDED}0':
            well.add(key)
    return {key: asked for key, asked in found.items()
            if key in well - disturbed and key[1] != 'resume'}


def differences(one, other):
    """Sentences: what the second of two records has otherwise than the first."""
    told = []
    for key in [*one, *(k for k in other if k not in one)]:
        place = '{} / {} {}'.format(*key)
        if key not in one or key not in other:
            told.append(f'{place}: only in the {"first" if key in one else "second"} record')
            continue
        for asked in sorted({*one[key], *other[key]}):
            counts = [record[key][asked] for record in (one, other)]
            if asked[1] in READING or (asked[1] == 'PATCH' and POINTS.search(asked[2])):
                counts = [min(count, 1) for count in counts]
            if counts[0] != counts[1]:
                told.append(f'{place}: {" ".join(asked).rstrip()}: {counts[0]} and {counts[1]}')
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('records', nargs=2, metavar='RECORD')
    records = []
    for path in parser.parse_args().records:
        with open(path, encoding='utf-8') as f:
            records.append(commands(f))
    told = differences(*records)
    compared = records[0].keys() & records[1].keys()
    print('\n'.join([*told, f'{len(compared)} commands compared, {len(told)} differences']))
    return 1 if told or not compared else 0


if __name__ == '__main__':
    sys.exit(main())
