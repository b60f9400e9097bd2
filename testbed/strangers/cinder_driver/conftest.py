"""Cinder's own driver, in this process: no service of Cinder and no database, so that what it looks up there is given here."""
import uuid
from unittest import mock

import pytest
from cinder import objects

objects.register_all()

from cinder import coordination
from cinder.volume import configuration
from cinder.volume import driver as base
from cinder.volume import group_types
from cinder.volume import volume_types
from cinder.volume.drivers import pure
from oslo_config import cfg

from arrays import connect
import types_of_cinder as types


@pytest.fixture(scope='session')
def a(pair):
    return connect(pair, 'array-a')


@pytest.fixture(scope='session')
def b(pair):
    return connect(pair, 'array-b')


@pytest.fixture(scope='session', autouse=True)
def cinder(pair, tmp_path_factory):
    """cinder.conf as an operator writes it, locks, and the types that the database would hold."""
    folder = tmp_path_factory.mktemp('cinder')
    file = folder / 'cinder.conf'
    file.write_text('\n'.join([
        '[DEFAULT]',
        f'state_path = {folder}',
        '[coordination]',
        f'backend_url = file://{folder}/locks',
        backend(pair, 'asynchronous', 'async'),
        backend(pair, 'synchronous', 'sync'),
        backend(pair, 'alone', None),
    ]))
    cfg.CONF(['--config-file', str(file)], project='cinder')
    coordination.COORDINATOR.start()
    with mock.patch.multiple(
            volume_types, get_volume_type=lambda context, id: types.VOLUME_TYPES[id],
            get_volume_type_extra_specs=lambda id, key=False: types.VOLUME_TYPES[id].extra_specs,
    ), mock.patch.object(
            objects.VolumeType, 'get_by_name_or_id', lambda context, id: types.VOLUME_TYPES[id],
    ), mock.patch.object(
            group_types, 'get_group_type_specs', lambda id, key: types.GROUP_TYPES[id].get(key, False)):
        yield
    coordination.COORDINATOR.stop()


def backend(pair, name, replication):
    lines = [
        f'[{name}]',
        f'volume_backend_name = {name}',
        f"san_ip = {pair.address('array-a')}",
        f"pure_api_token = {pair.token('array-a')}",
        'pure_eradicate_on_delete = false',
        f'pure_replication_pg_name = cinder-{name}',
    ]
    if replication:
        lines.append(f"replication_device = backend_id:other,san_ip:{pair.address('array-b')},"
                     f"api_token:{pair.token('array-b')},type:{replication}")
    return '\n'.join(lines)


def start(name, **options):
    """A driver, set up as the volume manager does it."""
    driver = pure.PureISCSIDriver(
        configuration=configuration.Configuration(base.volume_opts, config_group=name), host=f'host@{name}',
        **options)
    driver.do_setup(types.CONTEXT)
    driver.check_for_setup_error()
    return driver


@pytest.fixture(scope='session')
def driver(cinder):
    return start('asynchronous')


@pytest.fixture
def volume():
    """Makes Cinder's record of a volume."""
    def make(size=1, kind=types.PLAIN, group=None):
        return types.volume(str(uuid.uuid4()), size, kind, group)
    return make
