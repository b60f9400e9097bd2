"""The fault proxy between the program and everything that it talks to."""
from urllib.parse import urlsplit

import requests

# The requests of the kill matrix: kind → (service or 'array', method, path with query, body)
REQUESTS = {
    'group-creation': ('block_storage', 'POST', r'/groups$', ''),
    'twin-creation': ('block_storage', 'POST', r'/volumes$', ''),
    'replicate-now': ('array', 'POST', r'/protection-group-snapshots\?.*replicate_now=true', ''),
    'overwrite': ('array', 'POST', r'/volumes\?.*overwrite=true', ''),
    'port': ('network', 'POST', r'/ports$', ''),
    'epoch': ('array', 'PUT', r'/volumes/tags/batch', r'"key"\s*:\s*"epoch"'),
    'server': ('compute', 'POST', r'/servers$', ''),
}
LOSSES = {'request-lost': 'kill-before', 'answer-lost': 'kill-after'}


class NoProxy(AssertionError):
    """The bed has no fault proxy, and the test needs one."""


class Faults:
    """Talks to the proxy's own API. On a bed without a proxy only the harmless parts work."""

    def __init__(self, bed):
        self.bed, self.url = bed, bed.proxy_url
        self._targets = None

    def _ask(self, method, path, body=None, **query):
        if not self.url:
            raise NoProxy('the description of the bed names no proxy')
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, self.url + path, json=body, params=query, timeout=30)
        if answer.status_code >= 400:
            raise AssertionError(f'proxy: {method} {path}: {answer.text[:300]}')
        return answer.json()

    def victim(self, pid):
        """The process that a killing rule kills."""
        if self.url:
            self._ask('POST', '/victim', {'pid': pid})

    def target(self, site, service):
        """The proxy's name of a service of a site, or of its array (`service` = 'array')."""
        if self._targets is None:
            self._targets = {_origin(url): name
                             for name, url in self._ask('GET', '/targets')['targets'].items()}
        url = (self.bed.array_of(site).proxied if service == 'array'
               else self.bed.sites[site].proxied[service])
        return self._targets[_origin(url)]

    def rule(self, site, service, action, method=None, path='', body='', **more):
        """Adds a rule; returns its number."""
        told = {'target': self.target(site, service), 'action': action, 'path': path,
                'body': body, **more}
        if method:
            told['method'] = method
        return self._ask('POST', '/rules', told)['id']

    def kill_at(self, kind, site, loss, nth=1):
        """Kills the program at a request of the matrix, before it is sent or after it was
        answered. Returns the rule's number."""
        service, method, path, body = REQUESTS[kind]
        return self.rule(site, service, LOSSES[loss], method, path, body, nth=nth)

    def answers_500(self, site, service, method=None, path=''):
        """The service answers 500 from now on. Returns the rule's number."""
        return self.rule(site, service, 'answer', method, path, status=500,
                         answer_body={'error': {'code': 500, 'message': 'broken for a test'}})

    def silences(self, site):
        """Neither the site's services nor its array answer from now on: every connection is closed. Returns the rules'
        numbers."""
        return [self.rule(site, service, 'drop-before', times=0)
                for service in (*self.bed.sites[site].proxied, 'array')]

    def fired(self, number):
        return any(r['id'] == number and r['fired'] for r in self._ask('GET', '/rules')['rules'])

    def remove(self, number):
        self._ask('DELETE', f'/rules/{number}')

    def clear(self):
        if self.url:
            self._ask('DELETE', '/rules')

    def mark(self, label='scenario'):
        """The place in the record that `requests` counts from."""
        return self._ask('POST', '/mark', {'label': label})['seq'] if self.url else 0

    def requests(self, since=0):
        """What the program asked, oldest first."""
        if not self.url:
            return []
        return [r for r in self._ask('GET', '/requests', since=since)['requests']
                if 'method' in r]

    def asked(self, since, site, service, method, part):
        """Whether such a request has passed since the mark; `part` is a piece of its path."""
        target = self.target(site, service)
        return any(r['target'] == target and r['method'] == method and part in r['path']
                   for r in self.requests(since))


def _origin(url):
    parts = urlsplit(url)
    return f'{parts.scheme}://{parts.netloc}'
