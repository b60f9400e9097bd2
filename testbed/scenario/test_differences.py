"""What the difference report notices and what it lets pass, on records of a few lines."""
import json

import differences
import observed
import pytest

SERVER = '0c7b6f2e-9a51-4a57-8f0e-5b8a3f9d1c22'
FIELDS = {'': 'object', '.server': 'object', '.server.id': 'id', '.server.name': 'null|string'}


def answered(fields=FIELDS, path=f'/servers/{SERVER}', status=200, site='site-a', forwarded=True, **headers):
    """Two lines of a record: a shape and an answer that has it."""
    name = json.dumps(fields)
    return ({'shape': name, 'fields': fields},
            {'target': f'{site}/compute', 'method': 'GET', 'path': path, 'microversion': 'compute 2.96',
             'status': status, 'forwarded': forwarded,
             'answer': {'headers': {'content-type': 'application/json', **headers}, 'shape': name}})


def record(*answers, before=()):
    """Of a session with one command."""
    lines = [*before, {'mark': 'session'}, {'mark': 'test t'}, {'mark': 'command failover'},
             *(line for answer in answers for line in answer), {'mark': 'ended 0'}]
    numbers = iter(range(1, 1000))
    return [json.dumps(line if 'fields' in line else {'seq': next(numbers), **line}) for line in lines]


def report(real, simulated, *excepted):
    return differences.Report(*(observed.of_record(lines) for lines in (real, simulated)),
                              differences.exceptions(excepted))


def found(real, simulated):
    told = report(real, simulated)
    assert told.failed() == bool(told.found)
    return [(d.what, d.name, d.real, d.simulated) for d, _ in told.found]


def test_the_same_answers_do_not_differ_whatever_site_and_id():
    less, other = {'': 'object'}, f'/servers/{SERVER.replace("0", "1")}'
    assert found(record(answered(), answered(less, site='site-b')),
                 record(answered(less, other), answered(path=other, site='site-b'))) == []


def test_a_field_a_kind_and_a_missing_part_are_named_once():
    simulated = {'': 'object', '.server': 'object', '.server.id': 'string', '.server.new': 'list', '.server.new[]': 'null'}
    assert found(record(answered()), record(answered(simulated))) == [
        ('field', '.server.id', ('id',), ('string',)),
        ('field', '.server.name', ('null', 'string'), ()),
        ('field', '.server.new', (), ('list',))]


def test_what_all_answers_say_together_is_compared():
    real = record(answered({'': 'null'}), answered({'': 'string'}))
    assert found(real, record(answered({'': 'null|string'}), answered({'': 'null'}))) == []


def test_headers_differ_by_presence_and_by_value_but_not_by_order_and_case():
    real = record(answered(vary='A, B', location='/v2/servers/ID'))
    assert found(real, record(answered(vary='b,a', location='/servers/ID', **{'x-new': None}))) == [
        ('header', 'location', ('/v2/servers/id',), ('/servers/id',)), ('header', 'x-new', (), ('',))]


def test_what_belongs_to_the_connection_is_not_compared():
    assert found(record(answered(server='uWSGI', date=None)), record(answered())) == []


def test_a_status_and_a_request_that_only_one_has_are_named():
    assert found(record(answered(), answered(status=404)), record(answered())) == [('status', '404', ('yes',), ())]
    told = report(record(answered()), record(answered(), answered(path='/flavors')))
    assert [(d.what, d.path, d.real) for d in told.unexcepted] == [('request', '/flavors', ())]
    assert told.asked == ['t / failover 1: site-a/compute GET /flavors compute 2.96: 0 and 1']


def test_an_answer_that_a_rule_made_up_and_an_older_session_do_not_count():
    old = [json.loads(line) for line in record(answered(status=500))]
    for line in old:
        line.pop('seq', None)
    assert found(record(answered(), before=old), record(answered(), answered(status=500, forwarded=False))) == []


def test_nothing_compared_is_no_success():
    assert report(record(), record()).failed()


def test_what_the_suite_itself_asked_belongs_to_it(tmp_path):
    for name, path in (('requests.jsonl', '/servers'), ('suite-requests.jsonl', '/flavors')):
        (tmp_path / name).write_text('\n'.join(record(answered(path=path))))
    assert {asked[2] for asked in observed.read(tmp_path / 'requests.jsonl').answers} == {'/servers', '/flavors'}


def test_what_is_kept_says_the_same(tmp_path):
    told = observed.of_record(record(answered(vary='A, B')))
    observed.write(told, tmp_path / 'recorded.json')
    kept = observed.read(tmp_path / 'recorded.json')
    assert kept == told
    assert not differences.Report(kept, told, []).failed()


LESS = record(answered({'': 'object', '.server': 'object', '.server.id': 'id', '.server.name': 'string'}))


def test_a_recording_has_to_know_what_real_sites_answer_but_not_the_other_way_round():
    for real, new in ((LESS, 0), (record(answered()), 0), (record(answered({**FIELDS, '.new': 'null'})), 1)):
        told = differences.News(*(observed.of_record(lines) for lines in (record(answered()), real)), [])
        assert (len(told.unexcepted), told.failed()) == (new, bool(new))




REASON = {'reason': 'as it is', 'what': 'field'}


def test_an_exception_lets_pass_what_it_names():
    for more in ({}, {'kinds': ['null']}, {'path': '/servers/*', 'name': ['.id', '*.name'], 'status': 200}):
        assert not report(record(answered()), LESS, {**REASON, **more}).failed(), more


def test_an_exception_lets_nothing_else_pass():
    for more in ({'kinds': ['string']}, {'path': '/servers'}, {'name': '.name'}, {'only': 'real'}, {'what': 'header'}):
        assert len(report(record(answered()), LESS, {**REASON, **more, 'moment': True}).unexcepted) == 1, more


def test_an_exception_that_names_nothing_is_a_failure_unless_it_depends_on_the_moment():
    assert report(record(answered()), record(answered()), REASON).failed()
    assert not report(record(answered()), record(answered()), {**REASON, 'moment': True}).failed()


def test_exceptions_without_a_reason_unknown_or_too_many_are_refused():
    for told in ({'what': 'field'}, {**REASON, 'what': 'all'}, {**REASON, 'nmae': 'x'}, {**REASON, 'only': 'one'}):
        with pytest.raises(differences.BadExceptions):
            differences.exceptions([told])
    with pytest.raises(differences.BadExceptions):
        differences.exceptions([REASON] * (differences.MOST_EXCEPTIONS + 1))
