"""The services' databases. The migrations run for one site; what they made is dumped, kept in the
cache, and loaded for every site: the schemas are the same."""
import gzip
import re
import time
from concurrent.futures import ThreadPoolExecutor

from . import infrastructure, packages, services
from .processes import run
from .settings import DATABASES, PASSWORD

# the longest first, three at a time
_MIGRATIONS = {
    'nova': (('nova-manage', 'api_db', 'sync'),
             ('nova-manage', 'cell_v2', 'map_cell0', '--database_connection', '{cell0}'),
             ('nova-manage', 'db', 'sync'),
             ('nova-manage', 'cell_v2', 'create_cell', '--name', 'cell1')),
    'neutron': (('neutron-db-manage', 'upgrade', 'heads'),),
    'cinder': (('cinder-manage', 'db', 'sync'),),
    'keystone': (('keystone-manage', 'db_sync'),),
    'glance': (('glance-manage', 'db', 'sync'),),
    'placement': (('placement-manage', 'db', 'sync'),),
}


def prepare(settings, say):
    """Creates and fills the databases of all sites; the database server runs. Anything in them
    is lost."""
    sites = settings.sites
    infrastructure.sql(
        settings, f"CREATE USER IF NOT EXISTS testbed@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';"
        "GRANT ALL ON *.* TO testbed@'127.0.0.1' WITH GRANT OPTION;"
        + ''.join(f'DROP DATABASE IF EXISTS {d};CREATE DATABASE {d} CHARACTER SET utf8mb3;'
                  for s in sites for d in (settings.database(s, n) for n in DATABASES)))
    dump = settings.cache / f'schema-{packages.lock_fingerprint()}.sql.gz'
    if not dump.exists():
        _migrate(settings, sites[0], say)
        dump.parent.mkdir(parents=True, exist_ok=True)
        dump.write_bytes(_dump(settings, sites[0]))
        sites = sites[1:]
    schema = gzip.decompress(dump.read_bytes()).decode()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda s: _load(settings, s, schema), sites))
    say(f'databases: loaded for {", ".join(sites)}')


def _migrate(settings, site, say):
    def migrate(service):
        began, log = time.monotonic(), settings.log(f'{site}-{service}-migrations')
        for program, *words in _MIGRATIONS[service]:
            run([settings.venv / 'bin' / program, '--config-file',
                 services.file(settings, site, service),
                 *(w.format(cell0=settings.database_url(site, 'nova_cell0')) for w in words)], log)
        say(f'databases: {service} migrated in {time.monotonic() - began:.0f} s')
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, _MIGRATIONS))


def _dump(settings, site):
    """All databases of a site, compressed."""
    text = run(['mariadb-dump', '--no-defaults', '-S', settings.work / 'mariadb/mysql.sock',
                '-u', 'root', '--skip-comments', '--compact', '--add-drop-database',
                '--databases', *(settings.database(site, n) for n in DATABASES)],
               settings.log('dump'), keep=True)
    return gzip.compress(text, 6)


def _load(settings, site, schema):
    """Loads a dump. Two things in it belong to the site that it was made of: Nova's cell mappings
    and the id of Cinder's default volume type."""
    origin = re.search(r'USE `keystone_(\w+)`', schema).group(1)
    for name in DATABASES:
        schema = schema.replace(f'`{name}_{origin}`', f'`{settings.database(site, name)}`')
    nova_api, cinder = (settings.database(site, n) for n in ('nova_api', 'cinder'))
    infrastructure.sql(settings, f"""SET FOREIGN_KEY_CHECKS=0;
{schema}
UPDATE {nova_api}.cell_mappings
 SET database_connection='{settings.database_url(site, 'nova_cell0')}' WHERE name='cell0';
UPDATE {nova_api}.cell_mappings SET uuid=uuid(), transport_url='{settings.queue_url(site)}',
 database_connection='{settings.database_url(site, 'nova')}' WHERE name='cell1';
UPDATE {cinder}.volume_types SET id=uuid() WHERE name='__DEFAULT__';
""", f'{site}-schema')
