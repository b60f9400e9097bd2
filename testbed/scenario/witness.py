"""Records what the suite itself asks of the clouds, and what the answers look like, as the fault proxy records the
program's requests."""
import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).resolve().parents[1]))
from proxy.recording import Recording           # noqa: E402  pylint: disable=wrong-import-position

RECORD = 'suite-requests.jsonl'
_TYPES = {'identity': 'identity', 'image': 'image', 'compute': 'compute', 'network': 'network',
          'block-storage': 'block-storage', 'volumev3': 'block-storage'}


class Witness:
    """Sees every request of the connections that it watches, after its answer."""

    def __init__(self, folder):
        self._recording = Recording(folder / RECORD)

    def mark(self, label):
        self._recording.mark(label)

    def watch(self, connection, site):
        session = connection.session
        targets = {_origin(connection.config.auth['auth_url']): f'{site}/identity'}

        def saw(answer, *_, **__):
            origin = _origin(answer.request.url)
            if origin not in targets:
                targets.update(_catalog(session.auth.get_access(session), site))
            self._record(targets.get(origin, origin), answer)
        session.session.hooks['response'].append(saw)

    def _record(self, target, answer):
        asked = answer.request
        body = asked.body if isinstance(asked.body, bytes) else (asked.body or '').encode() \
            if isinstance(asked.body, str | None) else b''
        entry = self._recording.begin(target, asked.method, asked.path_url, asked.headers, body)
        entry['forwarded'] = True
        self._recording.answered(entry, answer.status_code, list(answer.raw.headers.items()), answer.content)
        self._recording.finish(entry)


def _origin(url):
    parts = urlsplit(url)
    return f'{parts.scheme}://{parts.netloc}'


def _catalog(access, site):
    """{origin: target} of all services of a cloud."""
    return {_origin(endpoint['url']): f'{site}/{_TYPES[service["type"]]}'
            for service in access.service_catalog.catalog if service['type'] in _TYPES
            for endpoint in service['endpoints']}
