"""The record of what was asked: kept in memory for questions, written to a file for reading."""
import collections
import json
import threading
import time

_KEPT = 50_000


class RequestLog:
    """Numbered from 1 on; never holds a header, so never a token."""

    def __init__(self, path=None):
        self._file = open(path, 'a', encoding='utf-8') if path else None
        self._kept, self._lock, self._last = collections.deque(maxlen=_KEPT), threading.Lock(), 0

    def add(self, **what):
        with self._lock:
            self._last += 1
            entry = {'seq': self._last, 'time': round(time.time(), 3), **what}
            self._kept.append(entry)
            if self._file:
                self._file.write(json.dumps(entry) + '\n')
                self._file.flush()

    def since(self, number):
        with self._lock:
            return [e for e in self._kept if e['seq'] > number]
