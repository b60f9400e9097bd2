"""Which writing requests arrived, by the services' own access logs, by the arrays' record and by
the proxy's: the proof that a refusal came before the first change."""
import json
import os
import time
from collections import Counter

from waiting import until

READING = ('GET', 'HEAD', 'OPTIONS')
# Neutron's and Cinder's word to Nova about what they did earlier. Were it the program's, the proxy would have it.
BETWEEN_SERVICES = '/os-server-external-events'


def _is_sign_in(path):
    return path.rstrip('/').endswith(('/auth/tokens', '/login', '/logout'))


class Watch:
    """Everything that was asked since it was made."""

    def __init__(self, bed, faults):
        self.bed, self.faults = bed, faults
        self._since = time.time() * 1000
        self._sizes = {path: os.path.getsize(path) for site in bed.sites.values()
                       for path in site.access_logs.values()}
        self._arrays = {name: array.last_request() for name, array in bed.arrays.items()}
        self._proxy = faults.mark()

    def settle(self):
        """Waits until the access logs have all that the proxy has let pass: a line is written
        after the answer was sent."""
        passed = Counter()
        for site in self.bed.sites.values():
            for service in site.access_logs.keys() & site.proxied.keys():
                target = self.faults.target(site.name, service)
                passed.update((site.name, service, r['method'], r['path'].split('?')[0])
                              for r in self.faults.requests(self._proxy)
                              if r['target'] == target and r['forwarded'])
        until(lambda: f'lines in the access logs for {passed - Counter(self._logged())}',
              lambda: not passed - Counter(self._logged()), 20, every=0.05)

    def reads(self):
        """How many requests the access logs have seen at all: a silent log proves nothing."""
        return sum(1 for _ in self._logged())

    def _logged(self):
        for site in self.bed.sites.values():
            for service, path in site.access_logs.items():
                with open(path, encoding='utf-8', errors='replace') as f:
                    f.seek(self._sizes[path])
                    for line in f:
                        found = _request(line)
                        # Lines of what was asked before may come later.
                        if found and found['time'] >= self._since:
                            yield site.name, service, found['method'], found['uri'].split('?')[0]

    def writing(self):
        """One sentence for each writing request, signing in excepted."""
        found = [f'{site}: {service}: {method} {path}'
                 for site, service, method, path in self._logged()
                 if method not in READING and not _is_sign_in(path)
                 and not path.endswith(BETWEEN_SERVICES)]
        for name, array in self.bed.arrays.items():
            found += [f'{name}: {r["method"]} {r["path"]}'
                      for r in array.requests(self._arrays[name])
                      if r['method'] not in READING and not _is_sign_in(r['path'])]
        found += [f'proxy: {r["target"]}: {r["method"]} {r["path"]}'
                  for r in self.faults.requests(self._proxy)
                  if r['method'] not in READING and not _is_sign_in(r['path'])]
        return found


def _request(line):
    """The request of a line, or None for one that is being written."""
    try:
        return json.loads(line)
    except ValueError:
        return None
