"""What a failure's report shows beside the assertion: the program's last words, the last requests
that passed the proxy, and what the services wrote to their logs meanwhile."""
import os
import re

from traces import SESSION, TEST

TAIL = 25
TROUBLE = re.compile(r'ERROR|CRITICAL|Traceback')


class Evidence:
    """Collected from where the running test began."""

    def __init__(self, bed, faults):
        self.bed, self.faults, self.programs = bed, faults, []
        self._sizes, self._proxy, self._runs = {}, 0, {}
        faults.mark(SESSION)
        if bed.witness:
            bed.witness.mark(SESSION)

    def begin(self, test):
        self._sizes = {path: _size(path) for site in self.bed.sites.values()
                       for path in site.logs}
        self._proxy = self.faults.mark(f'{TEST}{test}')
        self._runs = {id(p): len(p.history) for p in self.programs}

    def sections(self):
        """[(title, text)] for pytest's report."""
        found = []
        for program in self.programs:
            for result in program.history[self._runs.get(id(program), 0):][-3:]:
                found.append((' '.join(result.arguments), result.told()))
        passed = [f'{r["method"]:6} {r["target"]} {r["path"]} {r["status"]} {r["action"] or ""}'
                  f'{r["error"] or ""}' for r in self._requests()[-TAIL:]]
        if passed:
            found.append(('last requests through the proxy', '\n'.join(passed)))
        for path, size in self._sizes.items():
            lines = [line for line in _read(path, size).splitlines() if TROUBLE.search(line)]
            if lines:
                found.append((os.path.basename(path),
                              '\n'.join(line[:400] for line in lines[-TAIL:])))
        return found

    def _requests(self):
        try:
            return self.faults.requests(self._proxy)
        except (OSError, AssertionError) as e:
            return [{'method': '-', 'target': 'proxy', 'path': str(e), 'status': None,
                     'action': None, 'error': None}]


def _size(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _read(path, since):
    try:
        with open(path, 'rb') as f:
            f.seek(since)
            return f.read().decode(errors='replace')
    except OSError:
        return ''
