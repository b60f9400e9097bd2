"""One exchange with the real server behind a target."""
import http.client
import ssl
from urllib.parse import urlsplit

_PATIENCE = 300             # seconds
_HOP_BY_HOP = {'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer',
               'transfer-encoding', 'upgrade', 'host', 'content-length', 'expect'}
_UNVERIFIED = ssl.create_default_context()
_UNVERIFIED.check_hostname = False
_UNVERIFIED.verify_mode = ssl.CERT_NONE


class Upstream:
    """The server at `url`, seen by its clients at `shown` (both an origin without path)."""

    def __init__(self, url, shown):
        self.url, self.shown = url.rstrip('/'), shown
        self._where = urlsplit(url)

    def exchange(self, method, path, headers, body):
        """(status, reason, headers, body). A connection of its own for each request, so that a
        stale one is never to blame."""
        kind, more = (http.client.HTTPSConnection, {'context': _UNVERIFIED}) \
            if self._where.scheme == 'https' else (http.client.HTTPConnection, {})
        connection = kind(self._where.hostname, self._where.port, timeout=_PATIENCE, **more)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            connection.putheader('Host', self._where.netloc)
            for name, value in headers:
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            if body or method in ('POST', 'PUT', 'PATCH'):
                connection.putheader('Content-Length', str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            data = answer.read()
            return (answer.status, answer.reason,
                    [(n, self._led_back(v) if n.lower() == 'location' else v)
                     for n, v in answer.getheaders() if n.lower() not in _HOP_BY_HOP],
                    self._with_links_led_back(method, answer, data))
        finally:
            connection.close()

    def _led_back(self, text):
        return text.replace(self.url, self.shown)

    def _with_links_led_back(self, method, answer, data):
        """Links to following pages and to versions must not lead past the proxy."""
        if method == 'GET' and 'json' in (answer.getheader('Content-Type') or ''):
            return data.replace(self.url.encode(), self.shown.encode())
        return data
