"""The array itself: identity, space, performance, ports. Fixed figures, as far as clients read
them when they start or report."""
import uuid

from .array import milliseconds
from .space import space

_CAPACITY = 100 << 40           # bytes
_PURITY = '6.6.11'


def arrays(array, _query):
    config = {'enabled_delay': milliseconds(array.world.settings.eradication_delay),
              'disabled_delay': milliseconds(array.world.settings.eradication_delay),
              'eradication_delay': milliseconds(array.world.settings.eradication_delay),
              'manual_eradication': 'all-enabled'}
    return [{'id': array.id, 'name': array.name, 'version': _PURITY, 'os': 'Purity//FA',
             'model': 'FA-X20R4', 'capacity': _CAPACITY, 'parity': 1.0, 'ntp_servers': [],
             'is_local': True, 'banner': '', 'console_lock_enabled': False,
             'time_zone': 'UTC', 'scsi_timeout': 60000, 'eradication_config': config,
             'idle_timeout': milliseconds(array.world.settings.session_idle),
             '_as_of': milliseconds(array.world.now()), 'space': _used(array)}]


def _used(array):
    provisioned = sum(v['provisioned'] for v in array.volumes if not v['destroyed'])
    return space(provisioned, provisioned // 10)


def array_space(array, _query):
    return [{'id': array.id, 'name': array.name, 'capacity': _CAPACITY, 'parity': 1.0,
             'time': milliseconds(array.world.now()), 'space': _used(array)}]


def performance(array, _query):
    return [{'id': array.id, 'name': array.name, 'time': milliseconds(array.world.now()),
             'reads_per_sec': 10, 'writes_per_sec': 10, 'read_bytes_per_sec': 1000,
             'write_bytes_per_sec': 1000, 'usec_per_read_op': 100, 'usec_per_write_op': 100,
             'queue_depth': 1, 'queue_usec_per_mirrored_write_op': 1,
             'queue_usec_per_read_op': 1, 'queue_usec_per_write_op': 1}]


def connections(array, _query):
    """The other arrays of this world, connected for both kinds of replication."""
    return [{'id': str(uuid.uuid5(uuid.NAMESPACE_DNS, f'{other.name}.{kind}')),
             'name': other.name, 'type': kind, 'encryption': 'unencrypted',
             'encryption_mode': None, 'management_address': '127.0.0.1',
             'replication_addresses': ['127.0.0.1'], 'replication_transport': 'ip',
             'throttle': {'default_limit': None, 'window': None, 'window_limit': None},
             'version': _PURITY,
             'status': 'connected' if other.up and array.up else 'connecting'}
            for other in array.world.arrays.values() if other is not array
            for kind in ('async-replication', 'sync-replication')]


def controllers(_array, _query):
    return [{'name': f'CT{n}', 'status': 'ready', 'mode': mode, 'mode_since': 0,
             'model': 'FA-X20R4', 'type': 'array_controller', 'version': _PURITY}
            for n, mode in enumerate(('primary', 'secondary'))]


def hardware(_array, _query):
    return [{'name': f'CT{n}', 'type': 'controller', 'status': 'ok', 'details': None,
             'identify_enabled': False, 'index': n, 'model': 'FA-X20R4', 'serial': f'CT{n}',
             'slot': None, 'speed': None, 'temperature': None, 'voltage': None}
            for n in (0, 1)]


def ports(array, _query):
    net = list(array.world.arrays).index(array.name)
    return [{'name': f'CT{c}.ETH{p}', 'portal': f'127.0.{10 + net}.{1 + c * 2 + p - 4}:3260',
             'iqn': f'iqn.2010-06.com.purestorage:flasharray.{array.id[:8]}', 'nqn': None,
             'wwn': None, 'failover': None} for c in (0, 1) for p in (4, 5)]


def network_interfaces(_array, _query):
    return [{'name': f'CT{c}.ETH{p}', 'enabled': True, 'services': ['iscsi'],
             'eth': {'subtype': 'physical', 'address': '127.0.0.1'}, 'interface_type': 'eth',
             'speed': 10_000_000_000} for c in (0, 1) for p in (4, 5)]
