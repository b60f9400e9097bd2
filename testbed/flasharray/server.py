"""HTTP, over TLS where there is a certificate: one port for each array, one thread for each
connection."""
import json
import re
import secrets
import ssl
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from . import admin, interface, routes
from .query import Query
from .refusal import Refused

_IDLE_CONNECTION = 300          # seconds
_LONGEST_HANG = 600             # seconds
_PATH = re.compile(r'/api/(2\.\d+)/(.+)')


class Handler(BaseHTTPRequestHandler):
    """Requests to one array (`self.server.array`)."""
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        data = b'' if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        if self.headers.get('X-Request-ID'):
            self.send_header('X-Request-ID', self.headers['X-Request-ID'])
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def any_method(self):
        array = self.server.array
        path, _, raw_query = self.path.partition('?')
        path = unquote(path)
        raw_body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if path.startswith('/_'):
            return self.answer(*self._window(array, path, raw_query, raw_body))
        if array.failure:
            return self._play_dead(array)
        headers, query, body = [], {}, None
        try:
            with array.world.lock:
                array.world.advance()
                query = Query.parse(raw_query)
                body = _json(raw_body)
                status, out = 200, self._api(array, path, raw_query, query, body, headers)
        except Refused as refused:
            status, out = refused.status, refused.body()
        except Exception as error:      # a fault of the simulation must be seen as one
            traceback.print_exc()
            status, out = 500, {'errors': [{'context': path, 'message': f'simulation: {error!r}'}]}
        self.server.log.add(
            array=array.name, method=self.command, path=path, query=query, body=body,
            status=status, items=len(out['items']) if out and 'items' in out else None,
            error=out['errors'][0]['message'] if status >= 400 else None,
            agent=self.headers.get('User-Agent', ''))
        return self.answer(status, out, headers)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = any_method

    def _window(self, array, path, raw_query, raw_body):
        try:
            query, body = Query.parse(raw_query), _json(raw_body)
            if path == '/_mark':
                self.server.log.add(array=array.name, mark=query.get('label', ''))
                return 200, {}
            if path == '/_requests':
                return 200, {'requests': [
                    r for r in self.server.log.since(query.number('since') or 0)
                    if r['array'] == array.name]}
            window = admin.WINDOWS.get((self.command, path))
            if window is None:
                raise Refused(f'{self.command} {path} is not a window.', path, 404)
            with array.world.lock:
                array.world.advance()
                return 200, window(array, query, body)
        except Refused as refused:
            return refused.status, refused.body()

    def _play_dead(self, array):
        if array.failure == 'hang':
            with array.world.lock:
                array.world.lock.wait_for(lambda: array.failure != 'hang', _LONGEST_HANG)
        if array.failure == 'unavailable':
            return self.answer(503, {'errors': [{'context': None,
                                                 'message': 'Service unavailable.'}]})
        self.close_connection = True
        return None

    def _api(self, array, path, raw_query, query, body, headers):
        if path == '/api/api_version':
            return {'version': interface.VERSIONS}
        found = _PATH.fullmatch(path)
        if not found or found.group(1) not in interface.VERSIONS:
            raise Refused('No such version of the REST API.', path, 404)
        path, token = found.group(2), self.headers.get('x-auth-token')
        if (self.command, path) == ('POST', 'login'):
            return self._login(array, headers)
        if (self.command, path) == ('POST', 'logout'):
            array.sessions.pop(token, None)
            return {}
        if array.sessions.get(token, 0) < array.world.now() - array.world.settings.session_idle:
            array.sessions.pop(token, None)
            raise Refused('Unauthorized.', None, 401)
        array.sessions[token] = array.world.now()
        interface.check(int(found.group(1)[2:]), self.command, path, query, body)
        ordered = admin.refusal_of(array, self.command, path, raw_query)
        if ordered:
            raise ordered
        return routes.answer(array, self.command, path, query, body)

    def _login(self, array, headers):
        if not secrets.compare_digest(self.headers.get('api-token') or '', array.token):
            raise Refused('Invalid credentials.', None, 401)
        token = secrets.token_hex(16)
        array.sessions[token] = array.world.now()
        headers.append(('x-auth-token', token))
        return {'items': [{'username': 'pureuser'}]}


def _json(raw):
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise Refused('The body is not JSON.', None) from None


class Server(ThreadingHTTPServer):
    """One array's port."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, array, log, context):
        super().__init__(('127.0.0.1', array.port), Handler)
        self.array, self.log, self.context = array, log, context

    def finish_request(self, request, client_address):
        request.settimeout(_IDLE_CONNECTION)
        if not self.context:
            return super().finish_request(request, client_address)
        # the handshake is the connection's own thread's
        with self.context.wrap_socket(request, server_side=True) as encrypted:
            return super().finish_request(encrypted, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def serve(world, log, certificate=None, key=None, poll_interval=0.5):
    """Starts a server for each array, in threads; returns the servers. `poll_interval`, in
    seconds, is how soon one notices that it is to end."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    servers = [Server(a, log, context) for a in world.arrays.values()]
    for server in servers:
        server.array.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(poll_interval,),
                         daemon=True).start()
    return servers
