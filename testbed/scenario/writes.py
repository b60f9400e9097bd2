"""Which writing requests arrived, by the services' own access logs, by the arrays' record and by
the proxy's: the proof that a refusal came before the first change."""
import os
import re

REQUEST = re.compile(r'\b(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (/[^\s"?]*)')
READING = ('GET', 'HEAD', 'OPTIONS')


def _is_sign_in(path):
    return path.rstrip('/').endswith(('/auth/tokens', '/login', '/logout'))


class Watch:
    """Everything that was asked since it was made."""

    def __init__(self, bed, faults):
        self.bed, self.faults = bed, faults
        self._sizes = {path: os.path.getsize(path) for site in bed.sites.values()
                       for path in site.access_logs.values()}
        self._arrays = {name: array.last_request() for name, array in bed.arrays.items()}
        self._proxy = faults.mark()

    def reads(self):
        """How many requests the access logs have seen at all: a silent log proves nothing."""
        return sum(1 for _ in self._logged())

    def _logged(self):
        for site in self.bed.sites.values():
            for service, path in site.access_logs.items():
                with open(path, encoding='utf-8', errors='replace') as f:
                    f.seek(self._sizes[path])
                    for line in f:
                        found = REQUEST.search(line)
                        if found:
                            yield site.name, service, found.group(1), found.group(2)

    def writing(self):
        """One sentence for each writing request, signing in excepted."""
        found = [f'{site}: {service}: {method} {path}'
                 for site, service, method, path in self._logged()
                 if method not in READING and not _is_sign_in(path)]
        for name, array in self.bed.arrays.items():
            found += [f'{name}: {r["method"]} {r["path"]}'
                      for r in array.requests(self._arrays[name])
                      if r['method'] not in READING and not _is_sign_in(r['path'])]
        found += [f'proxy: {r["target"]}: {r["method"]} {r["path"]}'
                  for r in self.faults.requests(self._proxy)
                  if r['method'] not in READING and not _is_sign_in(r['path'])]
        return found
