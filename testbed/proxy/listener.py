"""The port of one target: takes a request, asks the rules, forwards, records."""
import json
import socket
import ssl
import sys
import time
from functools import partial
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .forwarding import Upstream
from .rules import AFTER, BEFORE
from .victim import NoVictim

_IDLE = 300             # seconds
_BODYLESS = (204, 304)


def read_body(handler):
    """A request's body, chunked or of a given length."""
    if 'chunked' not in handler.headers.get('Transfer-Encoding', '').lower():
        return handler.rfile.read(int(handler.headers.get('Content-Length') or 0))
    parts = []
    while size := int(handler.rfile.readline().split(b';')[0], 16):
        parts.append(handler.rfile.read(size))
        handler.rfile.readline()
    while handler.rfile.readline() not in (b'\r\n', b'\n', b''):
        pass
    return b''.join(parts)


class Handler(BaseHTTPRequestHandler):
    """Requests to one target (`self.server`)."""
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def any_method(self):
        target, recording = self.server.target, self.server.recording
        body = read_body(self)
        entry = recording.begin(target, self.command, self.path, self.headers, body)
        try:
            seconds, delays, rule = self.server.rules.firing(target, self.command, self.path, body)
            entry['rules'] = delays + ([rule.id] if rule else [])
            entry['action'] = rule.action if rule else 'delay' if delays else None
            time.sleep(seconds)
            end = self._carried_out(rule, entry, body)
        except (OSError, HTTPException, NoVictim) as error:
            # as if the server were not there: an answer of our own would be a lie
            entry['error'] = f'{type(error).__name__}: {error}'
            end = self._hang_up
        recording.finish(entry)     # before the client can know, so that it finds it recorded
        end()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = any_method

    def _carried_out(self, rule, entry, body):
        """Does what precedes the answer; returns what ends the request."""
        action = rule and rule.action
        if action in BEFORE:
            return self._loss(rule)
        if action == 'answer':
            entry['status'] = rule.told['status']
            return partial(self._answer, entry['status'], None, *_made_up(rule.told))
        entry['forwarded'] = True
        status, reason, headers, data = self.server.upstream.exchange(
            self.command, self.path, self.headers.items(), body)
        self.server.recording.answered(entry, status, headers, data)
        if action in AFTER:
            return self._loss(rule)
        return partial(self._answer, status, reason, headers, data)

    def _loss(self, rule):
        if not rule.action.startswith('kill'):
            return self._hang_up
        pid = self.server.victim.chosen(rule.told.get('pid'))

        def kill():
            self.server.victim.kill(pid)
            self._hang_up()
        return kill

    def _hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _answer(self, status, reason, headers, data):
        self.send_response_only(status, reason)
        for name, value in headers:
            self.send_header(name, value)
        if status not in _BODYLESS:
            self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if self.command != 'HEAD' and status not in _BODYLESS:
            self.wfile.write(data)


def _made_up(told):
    """The headers and body of an answer that a rule gives: a text as it is, else JSON."""
    headers, body = dict(told.get('headers') or {}), told.get('answer_body')
    if body is None:
        return list(headers.items()), b''
    if isinstance(body, str):
        headers.setdefault('Content-Type', 'text/plain')
        return list(headers.items()), body.encode()
    headers.setdefault('Content-Type', 'application/json')
    return list(headers.items()), json.dumps(body).encode()


class Listener(ThreadingHTTPServer):
    """One target's port; port 0 takes any free one."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, target, rules, victim, recording):
        super().__init__(('127.0.0.1', target.get('port', 0)), Handler)
        self.target = target['name']
        self.rules, self.victim, self.recording = rules, victim, recording
        self.context = None
        if target.get('certificate'):
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(target['certificate'], target['key'])
        scheme = 'https' if self.context else 'http'
        self.shown = f'{scheme}://127.0.0.1:{self.server_address[1]}'
        self.upstream = Upstream(target['upstream'], self.shown)

    def finish_request(self, request, client_address):
        request.settimeout(_IDLE)
        if not self.context:
            return super().finish_request(request, client_address)
        # the handshake is the connection's own thread's
        with self.context.wrap_socket(request, server_side=True) as encrypted:
            return super().finish_request(encrypted, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), (OSError, ValueError)):
            super().handle_error(request, client_address)
