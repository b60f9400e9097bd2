"""What passed through: method, path, status and sizes, and what the answer looks like. Never a request's header's value but
the microversion's, never a body: of a JSON body the names of its top-level keys, or of its fields."""
import json
import threading
import time

from . import shapes


class Recording:
    """Requests are numbered from 1 in the order of their arrival. One that has no answer (yet)
    has the status null. The file also tells each shape of a body once, before the first answer that has it."""

    def __init__(self, path=None):
        self._entries, self._lock = [], threading.Lock()
        self._shapes = set()
        self._file = open(path, 'a', encoding='utf-8') if path else None

    def begin(self, target, method, path, headers, body):
        with self._lock:
            entry = {'seq': len(self._entries) + 1, 'time': round(time.time(), 3),
                     'target': target, 'method': method, 'path': path, 'status': None, 'answer': None,
                     'microversion': headers.get('openstack-api-version'),
                     'headers': sorted({h.lower() for h in headers}), 'body_size': len(body),
                     'body_keys': _keys(body), 'forwarded': False, 'rules': [], 'action': None,
                     'error': None, 'seconds': None}
            self._entries.append(entry)
            return entry

    def answered(self, entry, status, headers, body):
        """What the service answered."""
        content_type = next((value for name, value in headers if name.lower() == 'content-type'), None)
        fields = shapes.fields(content_type, body)
        name = None if fields is None else shapes.name(fields)
        with self._lock:
            if name and name not in self._shapes:
                self._shapes.add(name)
                self._write({'shape': name, 'fields': fields})
            entry['status'] = status
            entry['answer'] = {'headers': shapes.headers(headers), 'shape': name}

    def finish(self, entry):
        with self._lock:
            entry['seconds'] = round(time.time() - entry['time'], 3)
            self._write(entry)

    def mark(self, label):
        with self._lock:
            entry = {'seq': len(self._entries) + 1, 'time': round(time.time(), 3), 'mark': label}
            self._entries.append(entry)
            self._write(entry)
            return entry

    def close(self):
        if self._file:
            self._file.close()

    def _write(self, entry):
        if self._file:
            self._file.write(json.dumps(entry) + '\n')
            self._file.flush()

    def since(self, number, target=None):
        with self._lock:
            return [dict(e) for e in self._entries[number:]
                    if target is None or e.get('target') == target]


def _keys(body):
    if body[:1] != b'{':
        return None
    try:
        return list(json.loads(body))
    except ValueError:
        return None
