"""Where everything of a bed lies and listens. The one place that knows names and ports."""
import json
import os
import pathlib
from dataclasses import asdict, dataclass, field

TESTBED = pathlib.Path(__file__).resolve().parents[1]
SITES = ('site-a', 'site-b')
PASSWORD = 'testbed-secret'             # of every user: nothing here is worth protecting
DATABASES = ('keystone', 'glance', 'placement', 'nova_api', 'nova', 'nova_cell0', 'cinder',
             'neutron')
HIGHEST_PORT = 32767                    # above are the ports of outgoing connections


@dataclass(frozen=True)
class Service:
    """An API service: OpenStack's project name, the type in the catalog, the port's offset, the
    path of its endpoint, the threads that serve it."""
    name: str
    type: str
    offset: int
    path: str
    threads: int


SERVICES = {s.name: s for s in (
    Service('keystone', 'identity', 0, '/v3', 6),
    Service('glance', 'image', 92, '', 4),
    Service('placement', 'placement', 78, '', 4),
    Service('nova', 'compute', 74, '/v2.1', 6),
    Service('cinder', 'block-storage', 76, '/v3', 6),
    Service('neutron', 'network', 96, '', 6))}


@dataclass(frozen=True)
class Settings:
    """What a bed may differ in; kept in WORK/settings.json from the first `up` on. `replication`
    is the type of Cinder's replication_device: async or sync. `simulator` is the program that
    simulates the arrays."""
    work: pathlib.Path
    base_port: int = 15000
    replication: str = 'async'
    debug: bool = False
    simulator: str = str(TESTBED.parent / 'target/debug/protector-sim')
    sites: tuple = field(default=SITES)

    @classmethod
    def load(cls, work, **given):
        """The bed's settings; `given` ones that are not None go before those that are kept."""
        work = pathlib.Path(work).resolve()
        kept = {}
        if (work / 'settings.json').exists():
            kept = json.loads((work / 'settings.json').read_text())
        chosen = {k: v for k, v in given.items() if v is not None}
        return cls(work=work, **{**kept, **chosen})

    def save(self):
        kept = {k: v for k, v in asdict(self).items() if k not in ('work', 'sites')}
        self.work.mkdir(parents=True, exist_ok=True)
        (self.work / 'settings.json').write_text(json.dumps(kept, indent=1) + '\n')

    # -- paths

    @property
    def venv(self):
        return self.work / 'venv'

    @property
    def cache(self):
        """What outlives `clean`: it is costly and the same for every bed."""
        return self.work / 'cache'

    def site(self, site):
        return self.work / site

    def log(self, name):
        return self.work / 'log' / f'{name}.log'

    def access_log(self, site, service):
        return self.log(f'{site}-{service}-access')

    def tls(self, name):
        return self.work / 'tls' / name

    @property
    def array_world(self):
        """The arrays' state file; SQLite keeps two more beside it."""
        return self.work / 'arrays/world.db'

    # -- ports and addresses

    def _port(self, offset):
        port = self.base_port + offset
        if port > HIGHEST_PORT:
            raise ValueError(f'base port {self.base_port} is too high: {port} is needed')
        return port

    @property
    def database_port(self):
        return self._port(306)

    @property
    def queue_port(self):
        return self._port(672)

    @property
    def erlang_ports(self):
        """(epmd, distribution)"""
        return self._port(369), self._port(673)

    @property
    def proxy_admin(self):
        return f'http://127.0.0.1:{self._port(500)}'

    def _service_port(self, site, service, proxied):
        place = self.sites.index(site) + 1 + (len(self.sites) if proxied else 0)
        return self._port(1000 * place + SERVICES[service].offset)

    def service(self, site, service, proxied=False):
        """A service's origin, straight or through the fault proxy."""
        return f'http://127.0.0.1:{self._service_port(site, service, proxied)}'

    def endpoint(self, site, service, proxied=False):
        return self.service(site, service, proxied) + SERVICES[service].path

    def array(self, site):
        return 'array-' + site.removeprefix('site-')

    def array_token(self, site):
        return f'testbed-token-{self.array(site)}'

    def array_address(self, site, way='direct'):
        """host:port of an array: direct, proxied, or proxied with an expired certificate."""
        offset = {'direct': 443, 'proxied': 543, 'expired': 643}[way] + self.sites.index(site)
        return f'127.0.0.1:{self._port(offset)}'

    # -- databases

    def database(self, site, name):
        return f"{name}_{site.replace('-', '_')}"

    def database_url(self, site, name, scheme='mysql+pymysql', tail='?charset=utf8'):
        return (f'{scheme}://testbed:{PASSWORD}@127.0.0.1:{self.database_port}'
                f'/{self.database(site, name)}{tail}')

    def queue_url(self, site):
        return f'rabbit://testbed:{PASSWORD}@127.0.0.1:{self.queue_port}/{site}'


def default_work():
    """PROTECTOR_TESTBED_DIR, or target/testbed beside the testbed's folder."""
    return os.environ.get('PROTECTOR_TESTBED_DIR') or TESTBED.parent / 'target' / 'testbed'
