"""The pair of sites under test, as its description file tells it (README.md: "bed.json").

Nothing else in the suite knows where a service listens, so the same scenario runs on any pair
that comes with such a file.
"""
import json
import pathlib
import threading
import warnings
from dataclasses import dataclass, field

import openstack
import yaml

from arrays import Array
from witness import Witness

warnings.filterwarnings('ignore', category=UserWarning, module='openstack')

SERVICES = ('identity', 'image', 'compute', 'block_storage', 'network')


@dataclass
class Site:
    """One cloud of the pair. Paths are absolute; `proxied` is empty where there is no proxy."""
    name: str
    cloud: str
    region: str
    proxied: dict = field(default_factory=dict)
    access_logs: dict = field(default_factory=dict)
    logs: list = field(default_factory=list)
    census: dict = field(default_factory=dict)


class Bed:
    """The description file, with connections made when they are first asked for."""

    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()
        with open(self.path, encoding='utf-8') as f:
            told = json.load(f)
        self.clouds = self._absolute(told['clouds'])
        self.sites = {}
        for name, site in told['sites'].items():
            site = dict(site)
            site['access_logs'] = {s: self._absolute(p)
                                   for s, p in (site.get('access_logs') or {}).items()}
            site['logs'] = [self._absolute(p) for p in site.get('logs') or []]
            site.pop('databases', None)         # for people: what is counted says the census
            site['census'] = {kind: dict(counted, database=self._database(counted['database']))
                              for kind, counted in site['census'].items()}
            self.sites[name] = Site(name=name, **site)
        self.arrays = {name: self._array(name, told_of)
                       for name, told_of in told['arrays'].items()}
        self.proxy_url = told.get('proxy')
        self._connections, self._lock = {}, threading.Lock()
        self.witness = None

    def _absolute(self, path):
        return None if path is None else str(self.path.parent / path)

    def _database(self, url):
        """The URL of a database; a file's is told relative to the description."""
        kind, _, path = url.partition(':')
        return f'sqlite:{self._absolute(path)}' if kind == 'sqlite' else url

    def _array(self, name, told):
        paths = {k: self._absolute(told.get(k)) for k in ('certificate', 'request_log')}
        paths['proxied_certificate'] = self._absolute(
            told.get('proxied_certificate', told['certificate']))
        return Array(name=name, **{**told, **paths})

    def be_watched(self):
        """Has a record kept of what is asked through connections made from now on, beside the proxy's."""
        folder = self.path.parent / 'log'
        if folder.is_dir():
            self.witness = Witness(folder)

    @property
    def names(self):
        """The sites' names, the home of the groups first."""
        return list(self.sites)

    def array_of(self, site):
        return next(a for a in self.arrays.values() if a.site == site)

    def cloud_entry(self, site):
        """What the administrator's clouds.yaml says of this site."""
        with open(self.clouds, encoding='utf-8') as f:
            return yaml.safe_load(f)['clouds'][self.sites[site].cloud]

    def connection(self, site, username=None, password=None, project=None):
        """openstacksdk's connection, straight to the services; the administrator's by default."""
        key = (site, username, project)
        with self._lock:
            if key not in self._connections:
                entry = self.cloud_entry(site)
                auth = dict(entry['auth'])
                if username:
                    domain = auth.get('project_domain_name', 'Default')
                    auth = {'auth_url': auth['auth_url'], 'username': username,
                            'password': password, 'project_name': project,
                            'user_domain_name': domain, 'project_domain_name': domain}
                made = openstack.connection.Connection(
                    auth=auth, region_name=self.sites[site].region, auth_type='password',
                    interface=entry.get('interface', 'public'),
                    verify=entry.get('verify', True), cacert=entry.get('cacert'))
                if self.witness:
                    self.witness.watch(made, site)
                self._connections[key] = made
            return self._connections[key]

    def forget(self, site, username):
        """Drops the connections of a user that is about to be removed."""
        with self._lock:
            for key in [k for k in self._connections if k[0] == site and k[1] == username]:
                del self._connections[key]
