"""A FlashArray seen from outside: its REST for making and removing strangers, and the
simulator's own windows (`/_state`, `/_write`) for reading and writing what it holds."""
import threading
from dataclasses import dataclass, field

import requests

AGENT = 'scenario'       # tells the suite's own requests from the program's in the arrays' logs


class ArrayRefused(AssertionError):
    """The array answered with an error."""


@dataclass
class Array:
    """`url` is the array itself, `proxied` the way through the fault proxy (or None)."""
    name: str
    site: str
    url: str
    token: str
    certificate: str
    proxied: str = None
    proxied_certificate: str = None
    request_log: str = None
    version: str = '2.26'
    _session: requests.Session = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def _connected(self):
        with self._lock:
            if self._session is None:
                session = requests.Session()
                session.trust_env = False
                session.verify = self.certificate
                answer = session.post(f'{self.url}/api/{self.version}/login', timeout=30,
                                      headers={'api-token': self.token, 'User-Agent': AGENT})
                answer.raise_for_status()
                session.headers['x-auth-token'] = answer.headers['x-auth-token']
                session.headers['User-Agent'] = AGENT
                self._session = session
            return self._session

    def _ask(self, method, path, body, query):
        for last in (False, True):
            answer = self._connected().request(method, f'{self.url}{path}', json=body,
                                               params=query, timeout=30)
            if answer.status_code == 401 and not last:      # the session has ended
                self._session = None
            elif answer.status_code >= 400:
                raise ArrayRefused(f'{self.name}: {method} {path} {query}: {answer.status_code} '
                                   f'{answer.text[:300]}')
            else:
                return answer.json() if answer.content else {}

    def call(self, method, path, body=None, **query):
        """One REST call; the items of the answer."""
        return self._ask(method, f'/api/{self.version}/{path}', body, query).get('items', [])

    def window(self, method, path, body=None, **query):
        """A call to the simulator's own windows, outside the array's API."""
        return self._ask(method, path, body, query)

    def state(self):
        """Everything the array holds: kind → name → object, names in its references."""
        return self.window('GET', '/_state')

    def write(self, volume, extents=None):
        """Writes content to a volume, random without `extents`; returns what it then holds."""
        return self.window('POST', '/_write', {'extents': extents} if extents else None,
                           volume=volume)['extents']

    def content(self, volume):
        return self.window('GET', '/_content', volume=volume)['extents']

    def requests(self, since=0):
        """What the array was asked, oldest first, after the entry numbered `since`."""
        return [r for r in self.window('GET', '/_requests', since=since)['requests']
                if 'method' in r]

    def last_request(self):
        """The number of the newest entry of the requests' log."""
        found = self.window('GET', '/_requests', since=0)['requests']
        return found[-1]['seq'] if found else 0

    def replicate_now(self, group, suffix):
        """A point made by hand; the caller waits for it with `arrived`."""
        self.call('POST', 'protection-group-snapshots', {'suffix': suffix}, source_names=group,
                  replicate_now='true')

    def arrived(self, point):
        """Whether a point (its name as this target array says it) is complete here."""
        found = self.state()['protection_group_snapshots'].get(point)
        return bool(found and found['transfer'] and found['transfer']['completed'])
