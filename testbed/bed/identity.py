"""Keystone: the first user, the services' users, the catalog; and a small client."""
import json
import urllib.error
import urllib.request

from . import services
from .processes import run
from .settings import PASSWORD, SERVICES


class Answer(OSError):
    """An HTTP error, with what the service said."""


class Client:
    """The administrator of a site, over REST."""

    def __init__(self, settings, site):
        self.settings, self.site = settings, site
        body = {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': 'admin', 'password': PASSWORD, 'domain': {'id': 'default'}}}},
            'scope': {'project': {'name': 'admin', 'domain': {'id': 'default'}}}}}
        answer, headers = _send('POST', settings.endpoint(site, 'keystone') + '/auth/tokens', body)
        self.project, self.token = answer['token']['project']['id'], headers['X-Subject-Token']

    def __call__(self, method, service, path, body=None):
        """The JSON of the answer, or None."""
        return _send(method, self.settings.endpoint(self.site, service) + path, body,
                     {'X-Auth-Token': self.token})[0]


def _send(method, url, body=None, headers=None):
    request = urllib.request.Request(
        url, None if body is None else json.dumps(body).encode(),
        {'Content-Type': 'application/json', **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            data = answer.read()
            return json.loads(data) if data else None, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            raise Answer(f'{method} {url}: {error.code} {error.read()[:500]!r}') from None


def answers(settings, site, service):
    """Whether an API answers at all."""
    try:
        with urllib.request.urlopen(settings.service(site, service) + '/', timeout=20):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code < 500


def create_administrator(settings, site):
    """The first user and Keystone's own place in the catalog, straight in the database."""
    url = settings.endpoint(site, 'keystone')
    run([settings.venv / 'bin/keystone-manage', '--config-file',
         services.file(settings, site, 'keystone'), 'bootstrap', '--bootstrap-password', PASSWORD,
         '--bootstrap-region-id', site, '--bootstrap-public-url', url,
         '--bootstrap-internal-url', url, '--bootstrap-admin-url', url],
        settings.log(f'{site}-keystone-bootstrap'))


def create_users_and_catalog(settings, site):
    """What the other services need; what is there already stays."""
    ask = Client(settings, site)

    def listed(kind, key='name'):
        return {item[key]: item['id'] for item in ask('GET', 'keystone', f'/{kind}')[kind]}

    def made(kind, **fields):
        body = {kind: fields}
        return ask('POST', 'keystone', f'/{kind}s', body)[kind]['id']

    roles, projects, users = listed('roles'), listed('projects'), listed('users')
    catalog = listed('services', 'type')
    role = roles.get('service') or made('role', name='service')
    project = projects.get('service') or made('project', name='service', domain_id='default')
    for service in [s for s in SERVICES.values() if s.name != 'keystone']:
        if service.name not in users:
            user = made('user', name=service.name, password=PASSWORD, domain_id='default')
            for granted in (roles['admin'], role):
                ask('PUT', 'keystone', f'/projects/{project}/users/{user}/roles/{granted}')
        if service.type not in catalog:
            entry = made('service', type=service.type, name=service.name)
            for interface in ('public', 'internal', 'admin'):
                made('endpoint', service_id=entry, interface=interface, region_id=site,
                     url=settings.endpoint(site, service.name))
