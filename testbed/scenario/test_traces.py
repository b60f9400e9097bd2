"""What two records have in common and what not, on records of a few lines."""
import json

import traces

SERVER = '0c7b6f2e-9a51-4a57-8f0e-5b8a3f9d1c22'


def record(*entries):
    return [json.dumps({'seq': number, **({'mark': entry} if isinstance(entry, str) else dict(
        zip(('target', 'method', 'path', 'microversion'), entry, strict=True)))})
            for number, entry in enumerate(entries, 1)]


def asked(method, path, microversion=None):
    return 'site-a/compute', method, path, microversion


def compared(*both):
    return traces.differences(*(traces.commands(record('session', 'test t', *ran('failover', *r)))
                                for r in both))


def ran(command, *asked, code=0):
    return f'command {command}', *asked, f'ended {code}'


def test_ids_and_values_of_queries_make_no_difference():
    other = SERVER.replace('-', '')
    assert compared([asked('POST', f'/servers/{SERVER}/action?a=1')],
                    [asked('POST', f'/servers/{other}/action?a=2')]) == []


def test_how_often_something_is_read_makes_no_difference():
    assert compared([asked('GET', '/servers')] * 3, [asked('GET', '/servers')]) == []


def test_how_often_something_is_written_does():
    told = compared([asked('POST', '/servers')] * 2, [asked('POST', '/servers')])
    assert told == ['t / failover 1: site-a/compute POST /servers: 2 and 1']


def test_how_many_points_are_removed_makes_none_for_schedules_make_some():
    removal = asked('PATCH', '/api/2.36/protection-group-snapshots?names=one.point')
    assert compared([removal] * 3, [removal]) == []
    assert len(compared([removal], [])) == 1


def test_what_one_alone_reads_and_another_microversion_do():
    told = compared([asked('GET', '/servers', 'compute 2.90')], [asked('GET', '/servers', 'compute 2.100')])
    assert len(told) == 2


def test_only_the_last_session_counts_and_lines_may_come_late():
    lines = record('session', 'test t', *ran('failover', asked('POST', '/old')),
                   'session', 'test t', *ran('failover', asked('POST', '/new')))
    lines[-2], lines[-3] = lines[-3], lines[-2]
    found = traces.commands(lines)
    assert [list(c) for c in found.values()] == [[('site-a/compute', 'POST', '/new', '')]]


def test_what_failed_was_disturbed_or_is_a_matter_of_moments_is_left_out():
    disturbed = dict(zip(('target', 'method', 'path', 'microversion', 'action'),
                         (*asked('POST', '/servers'), 'drop-after'), strict=True))
    lines = record('session', 'test t', *ran('protect', asked('POST', '/groups'), code=3),
                   *ran('resume', asked('POST', '/groups')), 'command failover')
    lines += [json.dumps({'seq': 90, **disturbed}), json.dumps({'seq': 91, 'mark': 'ended 0'})]
    assert traces.commands(lines) == {}


def test_a_command_that_one_alone_ran_is_named():
    one, other = ({('t', command, 1): {}} for command in ('failover', 'failback'))
    assert traces.differences(one, other) == ['t / failover 1: only in the first record',
                                              't / failback 1: only in the second record']
