"""What the simulated arrays refuse, and when replicated content is there. Standard library only:

    python3 -m unittest flasharray.test_flasharray        (in testbed/)
"""
import json
import pathlib
import tempfile
import unittest
import urllib.error
import urllib.request
from urllib.parse import quote, urlencode

from .request_log import RequestLog
from .server import serve
from .world import World

TOKENS = {'array-a': 'token-a', 'array-b': 'token-b'}
GIB = 1 << 30


class Client:
    """A FlashArray client that hides nothing."""

    def __init__(self, port, token):
        self.base, self.token, self.session = f'http://127.0.0.1:{port}', token, None
        self.login()

    def send(self, method, path, body=None, headers=None):
        """(status, answer, headers)."""
        request = urllib.request.Request(
            self.base + path, method=method, headers=headers or {},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                data = answer.read()
                return answer.status, json.loads(data) if data else None, answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read()), error.headers

    def login(self):
        _, _, headers = self.send('POST', '/api/2.36/login', headers={'api-token': self.token})
        self.session = headers['x-auth-token']

    def ask(self, method, path, body=None, version='2.36', **query):
        """(status, answer)."""
        words = urlencode({k: str(v).lower() if isinstance(v, bool) else v
                           for k, v in query.items()}, quote_via=quote, safe=',*')
        status, answer, _ = self.send(method, f'/api/{version}/{path}?{words}', body,
                                      {'x-auth-token': self.session})
        return status, answer

    def do(self, method, path, body=None, **query):
        """The items of an answer that has to be a success."""
        status, answer = self.ask(method, path, body, **query)
        assert status == 200, answer
        return answer['items'] if answer else None

    def window(self, method, path, body=None):
        status, answer, _ = self.send(method, path, body)
        assert status == 200, answer
        return answer


class Arrays(unittest.TestCase):
    """Two arrays, fresh for each test."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.now = 1_000_000.0          # the arrays' time passes only when a test says so
        self.state = pathlib.Path(self.folder.name) / 'state.json'
        self.start()
        self.a.window('POST', '/_settings', {'transfer_base': 10, 'transfer_per_extent': 0,
                                             'schedule_interval': 60})

    def start(self):
        """Starts the arrays, with what the state file holds."""
        world = World([(n, 0, t) for n, t in TOKENS.items()], str(self.state), lambda: self.now)
        servers = serve(world, RequestLog(), poll_interval=0.01)
        for server in servers:
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.a, self.b = (Client(s.server_address[1], s.array.token) for s in servers)

    def refused(self, client, sentence, method, path, body=None, **query):
        status, answer = client.ask(method, path, body, **query)
        self.assertEqual(status, 400, answer)
        self.assertIn(sentence, answer['errors'][0]['message'])

    def volume(self, name='v1', client=None, size=GIB):
        return (client or self.a).do('POST', 'volumes', {'provisioned': size}, names=name)[0]

    def replicated_group(self, name='g', *volumes):
        """A group of array-a that array-b allows."""
        self.a.do('POST', 'protection-groups', names=name)
        for volume in volumes or ['v1']:
            self.volume(volume)
            self.a.do('POST', 'protection-groups/volumes', group_names=name, member_names=volume)
        self.a.do('POST', 'protection-groups/targets', group_names=name, member_names='array-b')
        self.b.do('PATCH', 'protection-groups/targets', {'allowed': True},
                  group_names=f'array-a:{name}')

    def replicate(self, suffix, name='g'):
        self.a.do('POST', 'protection-group-snapshots', {'suffix': suffix}, source_names=name,
                  replicate_now=True)

    def transfer(self, suffix, name='g'):
        """How far a point has come on the target."""
        return self.b.do('GET', 'protection-group-snapshots/transfer',
                         names=f'array-a:{name}.{suffix}')[0]

    def arrive(self, suffix, name='g'):
        """Lets a point arrive; its transfer's last state."""
        self.replicate(suffix, name)
        self.now += 10
        done = self.transfer(suffix, name)
        self.assertEqual((done['progress'], done['completed']), (1.0, int(self.now * 1000)))
        return done

    def content(self, client, name):
        return client.window('GET', f'/_content?volume={name}')['extents']


class Volumes(Arrays):
    def test_names_and_ids_together_are_refused(self):
        one = self.volume()
        self.refused(self.a, 'cannot be set together', 'GET', 'volumes', names='v1', ids=one['id'])

    def test_a_named_volume_that_is_not_there_is_refused(self):
        self.refused(self.a, 'does not exist', 'GET', 'volumes', names='v1')
        self.refused(self.a, 'does not exist', 'PATCH', 'volumes', {'destroyed': True}, ids='x')

    def test_a_named_volume_in_the_other_destroyed_state_is_refused(self):
        self.volume()
        self.refused(self.a, 'does not exist', 'GET', 'volumes', names='v1', destroyed=True)
        self.a.do('PATCH', 'volumes', {'destroyed': True}, names='v1')
        self.refused(self.a, 'does not exist', 'GET', 'volumes', names='v1', destroyed=False)
        self.assertEqual(self.a.do('GET', 'volumes', destroyed=False), [])

    def test_unknown_parameters_and_fields_are_refused(self):
        self.volume()
        self.refused(self.a, 'Unknown query parameter', 'GET', 'volumes', name='v1')
        self.refused(self.a, 'Unknown field', 'PATCH', 'volumes', {'size': 1}, names='v1')
        self.refused(self.a, 'Unknown field', 'PATCH', 'volumes', {'source': {'name': 'v1'}},
                     names='v1')
        self.refused(self.a, 'Unknown field', 'POST', 'volumes', {'source': {'nme': 'v1'}},
                     names='v2')

    def test_what_has_no_effect_here_is_refused_and_not_passed_over(self):
        self.volume()
        self.refused(self.a, 'not simulated', 'PATCH', 'volumes',
                     {'requested_promotion_state': 'demoted'}, names='v1')

    def test_what_came_with_a_later_version_is_unknown_to_an_earlier_one(self):
        self.a.do('POST', 'protection-groups', names='g')
        status, _ = self.a.ask('GET', 'protection-groups', ids='x', version='2.25')
        self.assertEqual(status, 400)
        status, answer = self.a.ask('GET', 'protection-groups', names='g', version='2.25')
        self.assertEqual((status, len(answer['items'])), (200, 1))

    def test_an_unknown_end_point_is_not_found(self):
        self.assertEqual(self.a.ask('GET', 'volumez')[0], 404)
        self.assertEqual(self.a.ask('GET', 'volumes', version='2.99')[0], 404)

    def test_bad_names_are_refused(self):
        for name in ('a b', 'a.b', '-a', 'a-', 'x' * 64, 'a!'):
            self.refused(self.a, 'invalid', 'POST', 'volumes', {'provisioned': GIB}, names=name)
        self.a.do('POST', 'volumes', {'provisioned': GIB}, names='x' * 63)

    def test_names_differ_by_more_than_case(self):
        self.volume('Disk')
        self.refused(self.a, 'already exists', 'POST', 'volumes', {'provisioned': GIB},
                     names='disk')

    def test_a_destroyed_name_is_taken_but_not_as_existing(self):
        self.volume()
        self.a.do('PATCH', 'volumes', {'destroyed': True}, names='v1')
        status, answer = self.a.ask('POST', 'volumes', {'provisioned': GIB}, names='v1')
        self.assertEqual(status, 400)
        self.assertIn('has been destroyed', answer['errors'][0]['message'])
        self.assertNotIn('already exists', answer['errors'][0]['message'])

    def test_shrinking_needs_truncate(self):
        self.volume(size=2 * GIB)
        self.refused(self.a, 'truncation', 'PATCH', 'volumes', {'provisioned': GIB}, names='v1')
        done = self.a.do('PATCH', 'volumes', {'provisioned': GIB}, names='v1', truncate=True)
        self.assertEqual(done[0]['provisioned'], GIB)

    def test_only_destroyed_volumes_are_eradicated(self):
        self.volume()
        self.refused(self.a, 'is not destroyed', 'DELETE', 'volumes', names='v1')
        self.a.do('PATCH', 'volumes', {'destroyed': True}, names='v1')
        self.assertGreater(self.a.do('GET', 'volumes', names='v1')[0]['time_remaining'], 0)
        self.a.do('DELETE', 'volumes', names='v1')
        self.refused(self.a, 'does not exist', 'GET', 'volumes', names='v1')

    def test_a_connected_volume_is_not_destroyed(self):
        self.volume()
        self.a.do('POST', 'hosts', {'iqns': ['iqn.x']}, names='h')
        link = self.a.do('POST', 'connections', {'lun': 7}, host_names='h', volume_names='v1')
        self.assertEqual(link[0]['lun'], 7)
        self.refused(self.a, 'due to existing connections', 'PATCH', 'volumes',
                     {'destroyed': True}, names='v1')
        self.volume('v2')
        self.refused(self.a, 'already in use', 'POST', 'connections', {'lun': 7}, host_names='h',
                     volume_names='v2')
        self.refused(self.a, 'due to existing connections', 'DELETE', 'hosts', names='h')

    def test_copy_over_an_existing_volume_needs_overwrite(self):
        self.volume('v1')
        self.volume('v2')
        self.refused(self.a, 'already exists', 'POST', 'volumes', {'source': {'name': 'v1'}},
                     names='v2')

    def test_overwrite_excludes_initial_protection_but_lets_false_pass(self):
        self.volume('v1')
        self.volume('v2')
        self.a.do('POST', 'protection-groups', names='g')
        source = {'source': {'name': 'v1'}}
        self.refused(self.a, 'cannot be given together', 'POST', 'volumes', source, names='v2',
                     overwrite=True, with_default_protection=True)
        self.refused(self.a, 'cannot be given together', 'POST', 'volumes', source, names='v2',
                     overwrite=True, add_to_protection_group_names='g')
        self.a.do('POST', 'volumes', source, names='v2', overwrite=True,
                  with_default_protection=False)

    def test_overwrite_keeps_identity_and_takes_size_content_and_origin(self):
        source = self.volume('v1', size=2 * GIB)
        before = self.volume('v2', size=GIB)
        self.a.window('POST', '/_write?volume=v1', {'extents': {'0': 'x', '5': 'y'}})
        self.a.do('POST', 'volume-snapshots', {'suffix': 'snap'}, source_names='v1')
        self.a.window('POST', '/_write?volume=v1', {'extents': {'0': 'later'}})
        after = self.a.do('POST', 'volumes', {'source': {'name': 'v1.snap'}}, names='v2',
                          overwrite=True)[0]
        self.assertEqual((after['id'], after['serial']), (before['id'], before['serial']))
        self.assertEqual(after['provisioned'], 2 * GIB)
        self.assertEqual(after['source'], {'id': source['id'], 'name': 'v1'})
        self.assertEqual(self.content(self.a, 'v2'), {'0': 'x', '5': 'y'})

    def test_absent_references_are_objects_of_nulls(self):
        shown = self.volume()
        for part in ('source', 'pod', 'volume_group'):
            self.assertEqual(shown[part], {'id': None, 'name': None})

    def test_a_renamed_volume_keeps_groups_tags_connections_and_snapshots(self):
        one = self.volume()
        self.a.do('POST', 'protection-groups', names='g')
        self.a.do('POST', 'protection-groups/volumes', group_names='g', member_ids=one['id'])
        self.a.do('POST', 'volume-snapshots', {'suffix': 's'}, source_names='v1')
        self.a.do('PUT', 'volumes/tags/batch', [{'key': 'k', 'value': 'x'}],
                  resource_ids=one['id'])
        self.a.do('PATCH', 'volumes', {'name': 'new'}, ids=one['id'])
        member = self.a.do('GET', 'protection-groups/volumes', group_names='g')[0]['member']
        self.assertEqual(member['name'], 'new')
        self.assertEqual(self.a.do('GET', 'volume-snapshots')[0]['name'], 'new.s')
        tag = self.a.do('GET', 'volumes/tags', resource_names='new')[0]
        self.assertEqual((tag['namespace'], tag['key'], tag['value'], tag['resource']['id']),
                         ('default', 'k', 'x', one['id']))

    def test_content_beyond_the_volume_is_refused(self):
        self.volume(size=GIB)
        status, _, _ = self.a.send('POST', '/_write?volume=v1', {'extents': {'1024': 'x'}})
        self.assertEqual(status, 400)
        done = self.a.window('POST', '/_write?volume=v1')
        self.assertEqual(done['written'], self.content(self.a, 'v1'))

    def test_lists_come_in_pages(self):
        for n in range(5):
            self.volume(f'v{n}')
        first = self.a.ask('GET', 'volumes', limit=2, total_item_count=True)[1]
        self.assertEqual((len(first['items']), first['more_items_remaining'],
                          first['total_item_count']), (2, True, 5))
        names, token = [v['name'] for v in first['items']], first['continuation_token']
        while token:
            page = self.a.ask('GET', 'volumes', limit=2, continuation_token=token)[1]
            names += [v['name'] for v in page['items']]
            token = page['continuation_token']
        self.assertEqual(names, [f'v{n}' for n in range(5)])
        self.assertIsNone(page['total_item_count'])
        ordered = self.a.ask('GET', 'volumes', limit=2, sort='name-')[1]
        self.assertEqual([v['name'] for v in ordered['items']], ['v4', 'v3'])
        self.assertIsNone(ordered['continuation_token'])

    def test_filters(self):
        for n in range(3):
            self.volume(f'v{n}', size=(n + 1) * GIB)

        def names(text):
            return [v['name'] for v in self.a.do('GET', 'volumes', filter=text)]
        self.assertEqual(names("name='v1'"), ['v1'])
        self.assertEqual(names("name=('v0','v2')"), ['v0', 'v2'])
        self.assertEqual(names(f'provisioned>{GIB} and not(name="v2")'), ['v1'])
        self.assertEqual(names("contains(name,'2') or name='v0'"), ['v0', 'v2'])
        self.assertEqual(names('not destroyed'), ['v0', 'v1', 'v2'])
        self.refused(self.a, 'Invalid filter', 'GET', 'volumes', filter='name=')


class Groups(Arrays):
    def test_a_schedule_faster_than_five_minutes_is_refused_when_enabled(self):
        self.a.do('POST', 'protection-groups', names='g')
        schedule = {'replication_schedule': {'frequency': 3600}}
        self.a.do('PATCH', 'protection-groups', schedule, names='g')
        self.refused(self.a, '300 seconds', 'PATCH', 'protection-groups',
                     {'replication_schedule': {'enabled': True}}, names='g')
        self.a.do('PATCH', 'protection-groups',
                  {'replication_schedule': {'enabled': True, 'frequency': 300_000}}, names='g')

    def test_allowing_an_unknown_group_is_refused(self):
        self.refused(self.b, 'does not exist', 'PATCH', 'protection-groups/targets',
                     {'allowed': True}, group_names='array-a:g')

    def test_a_target_is_added_and_allowed_once(self):
        self.replicated_group()
        self.refused(self.a, 'already includes', 'POST', 'protection-groups/targets',
                     group_names='g', member_names='array-b')
        self.refused(self.b, 'already allowed on', 'PATCH', 'protection-groups/targets',
                     {'allowed': True}, group_names='array-a:g')
        self.refused(self.a, 'from its target', 'PATCH', 'protection-groups/targets',
                     {'allowed': True}, group_names='g')

    def test_the_target_does_not_change_a_group(self):
        self.replicated_group()
        self.refused(self.b, 'remote array', 'PATCH', 'protection-groups',
                     {'replication_schedule': {'enabled': True}}, names='array-a:g')
        self.refused(self.b, 'remote array', 'POST', 'protection-group-snapshots', {'suffix': 's'},
                     source_names='array-a:g')

    def test_replication_needs_a_target_that_allows_it(self):
        self.a.do('POST', 'protection-groups', names='g')
        self.refused(self.a, 'no target', 'POST', 'protection-group-snapshots', {'suffix': 's'},
                     source_names='g', replicate_now=True)
        self.a.do('POST', 'protection-groups/targets', group_names='g', member_names='array-b')
        self.refused(self.a, 'no target', 'POST', 'protection-group-snapshots', {'suffix': 's'},
                     source_names='g', replicate_now=True)

    def test_replicate_and_replicate_now_exclude_each_other(self):
        self.replicated_group()
        self.refused(self.a, 'cannot be used together', 'POST', 'protection-group-snapshots',
                     {'suffix': 's'}, source_names='g', replicate_now=True, replicate=True)

    def test_a_suffix_is_used_once_and_is_not_a_number(self):
        self.replicated_group()
        self.replicate('s')
        self.refused(self.a, 'already exists', 'POST', 'protection-group-snapshots',
                     {'suffix': 's'}, source_names='g')
        self.refused(self.a, 'suffix is invalid', 'POST', 'protection-group-snapshots',
                     {'suffix': '7'}, source_names='g')

    def test_membership(self):
        self.a.do('POST', 'protection-groups', names='g')
        self.volume()
        self.a.do('POST', 'protection-groups/volumes', group_names='g', member_names='v1')
        self.refused(self.a, 'already belongs to', 'POST', 'protection-groups/volumes',
                     group_names='g', member_names='v1')
        self.a.do('DELETE', 'protection-groups/volumes', group_names='g', member_names='v1')
        self.refused(self.a, 'could not be found', 'DELETE', 'protection-groups/volumes',
                     group_names='g', member_names='v1')
        self.refused(self.a, 'could not be found', 'DELETE', 'protection-groups/volumes',
                     group_names='g', member_names='')

    def test_groups_are_addressed_by_id(self):
        group = self.a.do('POST', 'protection-groups', names='g')[0]
        self.a.do('PATCH', 'protection-groups', {'destroyed': True}, ids=group['id'])
        self.refused(self.a, 'has been destroyed', 'POST', 'protection-groups', names='g')
        self.a.do('DELETE', 'protection-groups', ids=group['id'])
        self.assertEqual(self.a.do('GET', 'protection-groups'), [])

    def test_a_group_restored_after_destruction_has_its_points_again(self):
        self.volume()
        self.a.do('POST', 'protection-groups', names='g')
        self.a.do('POST', 'protection-groups/volumes', group_names='g', member_names='v1')
        self.a.do('POST', 'protection-group-snapshots', {'suffix': 's'}, source_names='g')
        self.a.do('PATCH', 'protection-groups', {'destroyed': True}, names='g')
        self.refused(self.a, 'has been destroyed', 'POST', 'volumes',
                     {'source': {'name': 'g.s.v1'}}, names='v2')
        self.a.do('PATCH', 'protection-groups', {'destroyed': False}, names='g')
        self.a.do('POST', 'volumes', {'source': {'name': 'g.s.v1'}}, names='v2')


class Replication(Arrays):
    def test_nothing_is_restorable_before_all_of_it_is_there(self):
        self.replicated_group()
        self.a.window('POST', '/_write?volume=v1', {'extents': {'0': 'x'}})
        self.replicate('s')
        for progress in (0.0, 0.25, 0.5, 0.75):
            now = self.transfer('s')
            self.assertEqual((now['progress'], now['completed']), (progress, None))
            self.refused(self.b, 'does not exist', 'POST', 'volumes',
                         {'source': {'name': 'array-a:g.s.v1'}}, names='copy')
            self.assertEqual(self.b.do('GET', 'volume-snapshots'), [])
            self.assertEqual([p['name'] for p in self.b.do('GET', 'protection-group-snapshots')],
                             ['array-a:g.s'])
            self.now += 2.5
        self.assertEqual(self.transfer('s')['progress'], 1.0)
        self.b.do('POST', 'volumes', {'source': {'name': 'array-a:g.s.v1'}}, names='copy')
        self.assertEqual(self.content(self.b, 'copy'), {'0': 'x'})
        self.assertEqual(self.b.do('GET', 'volumes', names='copy')[0]['source']['name'],
                         'array-a:v1')

    def test_a_transfer_never_shows_as_complete_before_its_end(self):
        self.replicated_group()
        self.replicate('s')
        self.now += 9.9999
        now = self.transfer('s')
        self.assertEqual((now['progress'] < 1.0, now['completed']), (True, None))

    def test_a_point_holds_what_was_there_when_it_was_taken(self):
        self.replicated_group()
        self.a.window('POST', '/_write?volume=v1', {'extents': {'0': 'old'}})
        self.replicate('s')
        self.a.window('POST', '/_write?volume=v1', {'extents': {'0': 'new'}})
        self.now += 10
        there = self.b.window('GET', '/_content?snapshot=array-a:g.s.v1')
        self.assertEqual(there['extents'], {'0': 'old'})

    def test_only_the_difference_is_transferred(self):
        self.replicated_group()
        self.a.window('POST', '/_write?volume=v1', {'extents': {str(n): 'x' for n in range(8)}})
        self.assertEqual(self.arrive('one')['data_transferred'], 8 << 20)
        self.a.window('POST', '/_write?volume=v1', {'extents': {'3': 'y'}})
        self.assertEqual(self.arrive('two')['data_transferred'], 1 << 20)

    def test_more_extents_take_more_time(self):
        self.a.window('POST', '/_settings', {'transfer_base': 1, 'transfer_per_extent': 0.5})
        self.replicated_group()
        self.a.window('POST', '/_write?volume=v1', {'extents': {str(n): 'x' for n in range(8)}})
        self.replicate('s')
        self.now += 4.9
        self.assertIsNone(self.transfer('s')['completed'])
        self.now += 0.2
        self.assertIsNotNone(self.transfer('s')['completed'])

    def test_transfers_of_one_group_run_one_after_the_other(self):
        self.replicated_group()
        for suffix in ('one', 'two'):
            self.replicate(suffix)

        def listed():
            return [p['suffix'] for p in self.b.do('GET', 'protection-group-snapshots')]
        self.assertEqual(listed(), ['one'])
        self.now += 10
        self.assertEqual(listed(), ['one', 'two'])
        self.assertEqual(self.transfer('two')['started'], self.transfer('one')['completed'])
        self.assertEqual(self.transfer('two')['progress'], 0.0)

    def test_replicate_now_goes_before_what_waits(self):
        self.replicated_group()
        self.replicate('first')
        self.a.do('POST', 'protection-group-snapshots', {'suffix': 'queued'}, source_names='g',
                  replicate=True)
        self.replicate('urgent')
        self.now += 10
        self.assertEqual({p['suffix'] for p in self.b.do('GET', 'protection-group-snapshots')},
                         {'first', 'urgent'})

    def test_an_ill_array_suspends_the_transfer(self):
        self.replicated_group()
        self.replicate('s')
        self.a.window('POST', '/_fail?on=1')
        self.assertEqual(self.a.ask('GET', 'volumes')[0], 503)
        self.now += 100
        self.assertEqual(self.transfer('s')['progress'], 0.0)
        self.a.window('POST', '/_fail?on=0')
        self.now += 10
        self.assertEqual(self.transfer('s')['progress'], 1.0)

    def test_a_restart_loses_nothing_and_goes_on_with_transfers(self):
        self.replicated_group()
        self.a.window('POST', '/_write?volume=v1', {'extents': {'0': 'x'}})
        self.replicate('s')
        before = self.a.do('GET', 'volumes')
        self.start()
        self.assertEqual(self.a.do('GET', 'volumes'), before)
        self.assertIsNone(self.transfer('s')['completed'])
        self.now += 10
        there = self.b.window('GET', '/_content?snapshot=array-a:g.s.v1')
        self.assertEqual(there['extents'], {'0': 'x'})

    def test_a_schedule_makes_points_and_retention_spares_those_asked_for(self):
        self.a.window('POST', '/_settings', {'schedule_keep': 2})
        self.replicated_group()
        self.arrive('mine')

        def suffixes(client):
            return [p['suffix'] for p in client.do('GET', 'protection-group-snapshots')]

        def schedule(enabled):
            self.a.do('PATCH', 'protection-groups', {'replication_schedule': {'enabled': enabled}},
                      names='g')
        schedule(True)
        for _ in range(4 * 6):
            self.now += 10
            self.a.do('GET', 'arrays')
        schedule(False)
        for client in (self.a, self.b):         # 4 is on its way and does not count yet
            self.assertEqual(suffixes(client), ['mine', '2', '3', '4'])
        for _ in range(4 * 6):
            self.now += 10
            self.a.do('GET', 'arrays')
        for client in (self.a, self.b):
            self.assertEqual(suffixes(client), ['mine', '3', '4'])

    def test_points_outlive_their_group_on_the_target(self):
        self.replicated_group()
        self.arrive('s')
        self.a.do('PATCH', 'protection-groups', {'destroyed': True}, names='g')
        self.a.do('DELETE', 'protection-groups', names='g')
        self.b.do('POST', 'volumes', {'source': {'name': 'array-a:g.s.v1'}}, names='copy')
        self.b.do('PATCH', 'protection-groups', {'destroyed': True}, names='array-a:g')
        self.refused(self.b, 'has been destroyed', 'POST', 'volumes',
                     {'source': {'name': 'array-a:g.s.v1'}}, names='copy2')

    def test_a_group_made_anew_takes_up_its_image_and_goes_on_counting(self):
        self.a.window('POST', '/_settings', {'schedule_interval': 10})
        self.replicated_group()
        self.a.do('POST', 'protection-group-snapshots', source_names='g', replicate_now=True)
        self.now += 10
        for method, body in (('PATCH', {'destroyed': True}), ('DELETE', None)):
            self.a.do(method, 'protection-groups', body, names='g')
        self.replicated_group('g', 'v2')
        self.a.do('POST', 'protection-group-snapshots', source_names='g', replicate_now=True)
        self.now += 10
        self.assertEqual([p['name'] for p in self.b.do('GET', 'protection-group-snapshots',
                                                       names='array-a:g')],
                         ['array-a:g.1', 'array-a:g.2'])

    def test_a_destroyed_point_is_not_restorable(self):
        self.replicated_group()
        self.arrive('s')
        self.b.do('PATCH', 'protection-group-snapshots', {'destroyed': True},
                  names='array-a:g.s')
        self.refused(self.b, 'has been destroyed', 'POST', 'volumes',
                     {'source': {'name': 'array-a:g.s.v1'}}, names='copy')


class Pods(Arrays):
    def test_what_is_in_a_stretched_pod_is_on_both_arrays(self):
        self.a.do('POST', 'pods', names='p')
        self.a.do('POST', 'pods/arrays', group_names='p', member_names='array-b')
        made = self.volume('p::v1')
        self.b.window('POST', '/_write?volume=p::v1', {'extents': {'0': 'x'}})
        self.assertEqual(self.b.do('GET', 'volumes', names='p::v1')[0]['id'], made['id'])
        self.start()
        self.b.window('POST', '/_write?volume=p::v1', {'extents': {'1': 'y'}})
        self.assertEqual(self.content(self.a, 'p::v1'), {'0': 'x', '1': 'y'})
        self.a.do('DELETE', 'pods/arrays', group_names='p', member_names='array-b')
        self.assertEqual(self.b.do('GET', 'volumes'), [])

    def test_a_volume_is_made_in_a_pod_that_exists(self):
        self.refused(self.a, 'Pod does not exist', 'POST', 'volumes', {'provisioned': GIB},
                     names='p::v1')

    def test_a_pod_is_destroyed_with_its_contents_only_when_asked_so(self):
        self.a.do('POST', 'pods', names='p')
        self.volume('p::v1')
        self.refused(self.a, 'not empty', 'PATCH', 'pods', {'destroyed': True}, names='p')
        self.a.do('PATCH', 'pods', {'destroyed': True}, names='p', destroy_contents=True)
        self.a.do('DELETE', 'pods', names='p', eradicate_contents=True)
        self.assertEqual(self.a.do('GET', 'volumes'), [])


class Windows(Arrays):
    def test_an_ordered_refusal_is_used_up(self):
        self.a.window('POST', '/_refuse?what=POST+volumes&times=1&message=No+space.')
        self.refused(self.a, 'No space.', 'POST', 'volumes', {'provisioned': GIB}, names='v1')
        self.volume()

    def test_sessions_expire(self):
        self.a.window('POST', '/_expire')
        self.assertEqual(self.a.ask('GET', 'volumes')[0], 401)
        self.a.login()
        self.assertEqual(self.a.ask('GET', 'volumes')[0], 200)

    def test_sessions_are_counted_until_they_are_ended(self):
        before = self.a.window('GET', '/_sessions')['sessions']
        first = self.a.session
        self.a.login()
        self.assertEqual(self.a.window('GET', '/_sessions')['sessions'], before + 1)
        self.a.ask('POST', 'logout')
        self.assertEqual(self.a.window('GET', '/_sessions')['sessions'], before)
        self.assertEqual(self.a.ask('GET', 'volumes')[0], 401)
        self.a.session = first
        self.assertEqual(self.a.ask('GET', 'volumes')[0], 200)

    def test_requests_are_recorded_without_tokens(self):
        self.a.window('POST', '/_mark?label=here')
        self.volume()
        told = self.a.window('GET', '/_requests?since=0')['requests']
        last = told[-1]
        self.assertEqual((last['method'], last['path'], last['status']),
                         ('POST', '/api/2.36/volumes', 200))
        self.assertEqual(told[-2]['mark'], 'here')
        for secret in (*TOKENS.values(), self.a.session):
            self.assertNotIn(secret, json.dumps(told))
        self.assertEqual(self.a.window('GET', f"/_requests?since={last['seq']}")['requests'], [])

    def test_the_state_shows_content_and_references_by_name(self):
        self.replicated_group()
        self.a.window('POST', '/_write?volume=v1', {'extents': {'0': 'x'}})
        state = self.a.window('GET', '/_state')
        self.assertEqual(state['volumes']['v1']['extents'], {'0': 'x'})
        self.assertEqual(state['protection_groups']['g']['volumes'], ['v1'])
        self.assertEqual(state['protection_groups']['g']['targets'], {'array-b': True})

    def test_an_unknown_setting_is_refused(self):
        self.assertEqual(self.a.send('POST', '/_settings', {'speed': 1})[0], 400)


if __name__ == '__main__':
    unittest.main()
