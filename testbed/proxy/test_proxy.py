"""What the proxy does with requests, rule by rule. Standard library only:

    python3 -m unittest proxy.test_proxy        (in testbed/)
"""
import http.client
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .__main__ import start


class Service(BaseHTTPRequestHandler):
    """A service that remembers what it got and answers with links to itself."""
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def any_method(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        own = f'http://127.0.0.1:{self.server.server_address[1]}'
        self.server.got.append((self.command, self.path, body, dict(self.headers)))
        data = json.dumps({'next': f'{own}/page/2', 'host': self.headers['Host'],
                           'other': 'http://127.0.0.1:1/x'}).encode()
        self.send_response(202)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Location', f'{own}/made/1')
        self.send_header('X-Twice', 'one')
        self.send_header('X-Twice', 'two')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_DELETE = any_method


class Proxied(unittest.TestCase):
    """One service behind two targets."""

    def setUp(self):
        self.service = ThreadingHTTPServer(('127.0.0.1', 0), Service)
        self.service.got = []
        threading.Thread(target=self.service.serve_forever, args=(0.01,), daemon=True).start()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / 'proxy.jsonl'
        upstream = f'http://127.0.0.1:{self.service.server_address[1]}'
        self.admin, self.listeners = start({'log': str(self.log), 'targets': [
            {'name': n, 'upstream': upstream} for n in ('site-a/network', 'site-b/network')]},
            0.01)
        self.addCleanup(self.admin.recording.close)
        for server in (self.service, self.admin, *self.listeners):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)

    @staticmethod
    def send(server, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(*server.server_address, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def ask(self, method='GET', path='/', body=None, target=0, **headers):
        return self.send(self.listeners[target], method, path, body, headers)

    def order(self, method, path, body=None):
        status, _, data = self.send(self.admin, method, path,
                                    None if body is None else json.dumps(body))
        return status, json.loads(data)

    def rule(self, **told):
        status, answer = self.order('POST', '/rules', told)
        self.assertEqual(status, 201, answer)
        return answer['id']

    def lost(self, *arguments, **more):
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            self.ask(*arguments, **more)

    def recorded(self, since=0):
        return self.order('GET', f'/requests?since={since}')[1]['requests']

    def written(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def victim(self):
        process = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.order('POST', '/victim', {'pid': process.pid})
        return process


class Forwarding(Proxied):
    def test_a_request_passes_unchanged_with_the_services_own_host(self):
        status, headers, data = self.ask('POST', '/a?b=c%2Cd', 'body', **{'X-Auth-Token': 't'})
        method, path, body, got = self.service.got[0]
        self.assertEqual((method, path, body, got['X-Auth-Token']),
                         ('POST', '/a?b=c%2Cd', b'body', 't'))
        self.assertEqual(status, 202)
        self.assertEqual(headers.get_all('X-Twice'), ['one', 'two'])
        self.assertEqual(json.loads(data)['host'],
                         f'127.0.0.1:{self.service.server_address[1]}')

    def test_links_to_the_service_lead_back_to_the_proxy(self):
        _, headers, data = self.ask()
        port = self.listeners[0].server_address[1]
        self.assertEqual(json.loads(data)['next'], f'http://127.0.0.1:{port}/page/2')
        self.assertEqual(json.loads(data)['other'], 'http://127.0.0.1:1/x')
        self.assertEqual(headers['Location'], f'http://127.0.0.1:{port}/made/1')

    def test_the_answer_to_a_write_is_not_rewritten(self):
        data = json.loads(self.ask('POST')[2])
        self.assertIn(str(self.service.server_address[1]), data['next'])

    def test_a_head_request_has_no_body(self):
        status, headers, data = self.ask('HEAD')
        self.assertEqual((status, data), (202, b''))
        self.assertIsNotNone(headers['X-Twice'])

    def test_a_chunked_body_arrives_whole(self):
        self.ask('POST', '/', iter([b'one', b'two']))
        self.assertEqual(self.service.got[0][2], b'onetwo')

    def test_a_service_that_is_not_there_is_a_closed_connection(self):
        self.service.shutdown()
        self.service.server_close()
        self.lost()
        self.assertIn('refused', self.recorded()[0]['error'])


class Recording(Proxied):
    def test_what_passed_is_told_without_secrets(self):
        self.ask('POST', '/servers', '{"os-stop": {"password": "hidden"}}',
                 **{'X-Auth-Token': 'hidden', 'OpenStack-API-Version': 'compute 2.100'})
        entry = self.recorded()[0]
        self.assertEqual(
            {k: entry[k] for k in ('seq', 'target', 'method', 'path', 'microversion', 'status',
                                   'body_keys', 'forwarded')},
            {'seq': 1, 'target': 'site-a/network', 'method': 'POST', 'path': '/servers',
             'microversion': 'compute 2.100', 'status': 202, 'body_keys': ['os-stop'], 'forwarded': True})
        self.assertIn('x-auth-token', entry['headers'])
        self.assertNotIn('hidden', json.dumps(entry))
        self.assertNotIn('hidden', self.log.read_text())
        self.assertEqual(self.written()[-1], entry)

    def test_of_an_answer_the_shape_is_told_once_and_no_value(self):
        for _ in range(2):
            self.ask()
        self.assertEqual([list(line) for line in self.written()].count(['shape', 'fields']), 1)
        shape, entry, _ = self.written()
        self.assertEqual(entry['answer']['shape'], shape['shape'])
        self.assertEqual(shape['fields'], {'': 'object', '.host': 'string', '.next': 'string', '.other': 'string'})
        told = entry['answer']['headers']
        self.assertEqual((told['content-type'], told['location']), ('application/json', '/made/1'))
        self.assertEqual(told['x-twice'], None)

    def test_an_answer_without_a_body_has_no_shape(self):
        self.ask('HEAD')
        self.assertIsNone(self.recorded()[0]['answer']['shape'])

    def test_only_what_came_since_is_told(self):
        self.ask()
        self.order('POST', '/mark', {'label': 'here'})
        self.ask(path='/second')
        self.assertEqual([e['path'] for e in self.recorded(2)], ['/second'])
        self.assertEqual(self.recorded(1)[0]['mark'], 'here')


class Rules(Proxied):
    def test_a_rule_applies_to_what_it_fits_only(self):
        self.rule(target='site-b/*', method='POST', path='^/ports', body='mac.*aa',
                  action='answer', status=500)
        for target, method, path, body in ((0, 'POST', '/ports', '{"mac": "aa"}'),
                                           (1, 'DELETE', '/ports', '{"mac": "aa"}'),
                                           (1, 'POST', '/v2/ports', '{"mac": "aa"}'),
                                           (1, 'POST', '/ports', '{"mac": "bb"}')):
            self.assertEqual(self.ask(method, path, body, target)[0], 202)
        self.assertEqual(self.ask('POST', '/ports', '{"mac": "aa"}', 1)[0], 500)
        self.assertEqual(len(self.service.got), 4)

    def test_an_answer_is_given_for_ever_or_so_many_times(self):
        self.rule(path='/x', action='answer', times=2, status=413,
                  headers={'Retry-After': '0'}, answer_body={'overLimit': {}})
        status, headers, data = self.ask(path='/x')
        self.assertEqual((status, headers['Retry-After'], json.loads(data)),
                         (413, '0', {'overLimit': {}}))
        self.assertEqual([self.ask(path='/x')[0] for _ in range(2)], [413, 202])
        self.rule(action='answer', status=500)
        self.assertEqual({self.ask()[0] for _ in range(5)}, {500})

    def test_the_nth_request_is_hit_and_hits_are_counted(self):
        self.rule(action='drop-before', nth=2)
        self.ask()
        self.lost()
        self.ask()
        self.assertEqual(len(self.service.got), 2)
        rule = self.order('GET', '/rules')[1]['rules'][0]
        self.assertEqual((rule['hits'], rule['fired']), (3, 1))

    def test_a_lost_answer_is_a_request_that_was_carried_out(self):
        self.rule(action='drop-after')
        self.lost('POST', '/x', 'body')
        self.assertEqual(self.service.got[0][2], b'body')
        entry = self.recorded()[0]
        self.assertEqual((entry['action'], entry['status'], entry['forwarded']),
                         ('drop-after', 202, True))

    def test_the_victim_is_dead_before_its_request_was_forwarded(self):
        process = self.victim()
        self.rule(method='POST', action='kill-before')
        self.lost('POST')
        self.assertEqual(process.wait(5), -9)
        self.assertEqual(self.service.got, [])
        self.assertIsNone(self.order('GET', '/victim')[1]['pid'])

    def test_the_victim_is_dead_after_its_request_was_carried_out(self):
        process = self.victim()
        self.rule(method='POST', action='kill-after')
        self.lost('POST')
        self.assertEqual(process.wait(5), -9)
        self.assertEqual(len(self.service.got), 1)

    def test_without_a_victim_a_kill_is_told_and_nothing_is_forwarded(self):
        self.rule(action='kill-before')
        self.lost()
        self.assertIn('NoVictim', self.recorded()[0]['error'])
        self.assertEqual(self.service.got, [])

    def test_a_delay_holds_a_request_back(self):
        self.rule(action='delay', seconds=0.2, times=1)
        began = time.monotonic()
        self.assertEqual(self.ask()[0], 202)
        self.assertGreaterEqual(time.monotonic() - began, 0.2)

    def test_rules_are_removed(self):
        first = self.rule(action='answer', status=500)
        self.rule(action='answer', status=501)
        self.assertEqual(self.ask()[0], 500)
        self.order('DELETE', f'/rules/{first}')
        self.assertEqual(self.ask()[0], 501)
        self.order('DELETE', '/rules')
        self.assertEqual(self.ask()[0], 202)

    def test_a_rule_that_is_not_understood_is_refused(self):
        for told in ({'action': 'explode'}, {'action': 'delay'}, {'action': 'answer'},
                     {'action': 'drop-after', 'paht': '/x'}, {'action': 'drop-after', 'path': '('},
                     {'action': 'answer', 'status': '500'},
                     {'action': 'kill-after', 'pid': 'me'}):
            self.assertEqual(self.order('POST', '/rules', told)[0], 400, told)
        self.assertEqual(self.order('POST', '/victim', {'pid': 1})[0], 400)


if __name__ == '__main__':
    unittest.main()
