"""The proxy's own API, JSON over plain HTTP:

    POST /rules RULE        GET /rules        DELETE /rules[/ID]
    POST /victim {"pid"}    GET /victim       DELETE /victim
    GET /requests[?since=SEQ][&target=NAME]   POST /mark {"label"}
    GET /targets
"""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from .listener import read_body
from .rules import BadRule


class Handler(BaseHTTPRequestHandler):
    """Requests to the admin port (`self.server`)."""
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def any_method(self):
        where = urlsplit(self.path)
        query = dict(parse_qsl(where.query))
        try:
            raw = read_body(self)
            status, out = self._asked(where.path.strip('/').split('/'), query,
                                      json.loads(raw) if raw else {})
        except (BadRule, ValueError, KeyError) as error:
            status, out = 400, {'error': str(error)}
        data = json.dumps(out).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = any_method

    def _asked(self, path, query, body):
        server = self.server
        match self.command, *path:
            case 'POST', 'rules':
                return 201, server.rules.add(body)
            case 'GET', 'rules':
                return 200, {'rules': server.rules.views()}
            case 'DELETE', 'rules':
                return 200, {'removed': server.rules.remove()}
            case 'DELETE', 'rules', number:
                return 200, {'removed': server.rules.remove(int(number))}
            case 'POST', 'victim':
                server.victim.register(body['pid'])
                return 200, {'pid': server.victim.pid}
            case 'GET', 'victim':
                return 200, {'pid': server.victim.pid}
            case 'DELETE', 'victim':
                server.victim.pid = None
                return 200, {'pid': None}
            case 'GET', 'requests':
                return 200, {'requests': server.recording.since(int(query.get('since', 0)),
                                                                query.get('target'))}
            case 'POST', 'mark':
                return 201, server.recording.mark(str(body['label']))
            case 'GET', 'targets':
                return 200, {'targets': server.targets}
        return 404, {'error': f'{self.command} {self.path} is not known'}


class Admin(ThreadingHTTPServer):
    """The admin port; `targets` tells where each target listens."""
    daemon_threads = True

    def __init__(self, port, rules, victim, recording, targets):
        super().__init__(('127.0.0.1', port), Handler)
        self.rules, self.victim, self.recording = rules, victim, recording
        self.targets = targets
