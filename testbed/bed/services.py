"""The configuration of the OpenStack services, text by text."""
from .settings import PASSWORD

_NO_NOTIFICATIONS = """[oslo_messaging_notifications]
driver = noop
[oslo_messaging_rabbit]
heartbeat_timeout_threshold = 0
"""


def _default(settings, site, queue=True):
    queue = f'transport_url = {settings.queue_url(site)}\n' if queue else ''
    return f'[DEFAULT]\ndebug = {settings.debug}\nuse_stderr = true\n{queue}'


def _database(settings, site, name):
    return (f'[database]\nconnection = {settings.database_url(site, name)}\n'
            'max_pool_size = 5\nmax_overflow = 20\n')


def _as_user(settings, section, site, user, more=''):
    """A section with which a service signs in as `user`."""
    return f"""[{section}]
auth_url = {settings.service(site, 'keystone')}
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = {user}
password = {PASSWORD}
region_name = {site}
{more}"""


def _token_checks(settings, site, user):
    return _as_user(settings, 'keystone_authtoken', site, user,
                    f"www_authenticate_uri = {settings.service(site, 'keystone')}\n"
                    'service_token_roles = service\nservice_token_roles_required = true\n')


def _locks(settings, site, service):
    return f'[oslo_concurrency]\nlock_path = {settings.site(site)}/state/{service}/locks\n'


def keystone(settings, site):
    home = settings.site(site) / 'keystone'
    return _default(settings, site, queue=False) + _database(settings, site, 'keystone') + f"""\
[fernet_tokens]
key_repository = {home}/fernet
[credential]
key_repository = {home}/credential
[fernet_receipts]
key_repository = {home}/fernet
[token]
provider = fernet
expiration = 86400
[cache]
enabled = true
backend = dogpile.cache.memory
[identity]
password_hash_algorithm = bcrypt
# cheap sign-ins: there are many of them
password_hash_rounds = 4
""" + _NO_NOTIFICATIONS


def glance(settings, site):
    home = settings.site(site)
    return _default(settings, site, queue=False) + f"""enabled_backends = local:file
bind_host = 127.0.0.1
node_staging_uri = file://{home}/state/glance/staging/
enabled_import_methods = [glance-direct]
[glance_store]
default_backend = local
[local]
filesystem_store_datadir = {home}/state/glance/images
[os_glance_tasks_store]
filesystem_store_datadir = {home}/state/glance/tasks
[os_glance_staging_store]
filesystem_store_datadir = {home}/state/glance/staging
[paste_deploy]
flavor = keystone
config_file = {home}/glance/glance-api-paste.ini
""" + _database(settings, site, 'glance') + _token_checks(settings, site, 'glance') \
        + _locks(settings, site, 'glance') + _NO_NOTIFICATIONS


def placement(settings, site):
    return _default(settings, site, queue=False) + f"""[api]
auth_strategy = keystone
[placement_database]
connection = {settings.database_url(site, 'placement')}
[placement]
randomize_allocation_candidates = false
""" + _token_checks(settings, site, 'placement') + _locks(settings, site, 'placement')


def nova(settings, site):
    home = settings.site(site)
    return _default(settings, site) + f"""my_ip = 127.0.0.1
host = {site}-control
state_path = {home}/state/nova
compute_driver = testbed_hypervisor.TestbedDriver
allow_resize_to_same_host = true
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
rpc_response_timeout = 60
report_interval = 5
service_down_time = 30
instances_path = {home}/state/nova/instances
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = {home}/nova/api-paste.ini
[api_database]
connection = {settings.database_url(site, 'nova_api')}
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 5
[vnc]
enabled = false
[spice]
enabled = false
[glance]
api_servers = {settings.service(site, 'glance')}
[compute]
resource_provider_association_refresh = 300
""" + _database(settings, site, 'nova') + _token_checks(settings, site, 'nova') \
        + _as_user(settings, 'service_user', site, 'nova', 'send_service_user_token = true\n') \
        + _as_user(settings, 'placement', site, 'placement') \
        + _as_user(settings, 'neutron', site, 'neutron') \
        + _as_user(settings, 'cinder', site, 'cinder',
                   f'os_region_name = {site}\ncatalog_info = block-storage::publicURL\n') \
        + _locks(settings, site, 'nova') + _NO_NOTIFICATIONS


def nova_compute(settings, site):
    """What nova-compute has instead of nova.conf's."""
    state = settings.site(site) / 'state/nova-compute'
    return (f'[DEFAULT]\nhost = {site}-compute\nstate_path = {state}\n'
            f'[oslo_concurrency]\nlock_path = {state}/locks\n')


def neutron(settings, site):
    home = settings.site(site)
    return _default(settings, site) + f"""core_plugin = ml2
service_plugins = router
auth_strategy = keystone
state_path = {home}/state/neutron
api_paste_config = {home}/neutron/api-paste.ini
notify_nova_on_port_status_changes = true
notify_nova_on_port_data_changes = true
enable_traditional_dhcp = false
rpc_workers = 0
api_workers = 1
[ml2]
type_drivers = flat,vlan,vxlan,local
tenant_network_types = vxlan
mechanism_drivers = testbed
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:999
[ml2_type_vxlan]
vni_ranges = 1:4000
""" + _database(settings, site, 'neutron') + _token_checks(settings, site, 'neutron') \
        + _as_user(settings, 'nova', site, 'nova') + _locks(settings, site, 'neutron') \
        + _NO_NOTIFICATIONS


def cinder(settings, site):
    home = settings.site(site)
    peers = ''.join(
        f'replication_device = backend_id:{settings.array(s)},'
        f'san_ip:{settings.array_address(s)},api_token:{settings.array_token(s)},'
        f'type:{settings.replication}\n' for s in settings.sites if s != site)
    return _default(settings, site) + f"""my_ip = 127.0.0.1
host = {site}
auth_strategy = keystone
state_path = {home}/state/cinder
api_paste_config = {home}/cinder/api-paste.ini
enabled_backends = pure
glance_api_servers = {settings.service(site, 'glance')}
rootwrap_config = {home}/cinder/rootwrap.conf
resource_query_filters_file = {home}/cinder/resource_filters.json
backend_stats_polling_interval = 15
periodic_interval = 60
report_interval = 5
service_down_time = 30
osapi_volume_workers = 1
quota_volumes = 1000
quota_snapshots = 1000
quota_gigabytes = 100000
quota_groups = 100
[key_manager]
# a fixed key lets volumes of an encrypted type be made without a key manager's service
backend = cinder.keymgr.conf_key_mgr.ConfKeyManager
fixed_key = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
[pure]
volume_backend_name = pure
volume_driver = cinder.volume.drivers.pure.PureISCSIDriver
san_ip = {settings.array_address(site)}
pure_api_token = {settings.array_token(site)}
pure_eradicate_on_delete = true
pure_replica_interval_default = 3600
# a stretched pod is on both arrays, so each site needs a name of its own
pure_replication_pod_name = cinder-pod-{site}
suppress_requests_ssl_warnings = true
use_multipath_for_image_xfer = false
{peers}""" + _database(settings, site, 'cinder') + _token_checks(settings, site, 'cinder') \
        + _as_user(settings, 'service_user', site, 'cinder', 'send_service_user_token = true\n') \
        + _as_user(settings, 'nova', site, 'nova') \
        + f'[coordination]\nbackend_url = file://{home}/state/cinder\n' \
        + _locks(settings, site, 'cinder') + _NO_NOTIFICATIONS


# service: (text, file name, WSGI application, variable that tells it its folder or file)
CONFIGURATIONS = {
    'keystone': (keystone, 'keystone.conf', 'keystone.wsgi.api:application',
                 'OS_KEYSTONE_CONFIG_DIR'),
    'glance': (glance, 'glance-api.conf', 'glance.wsgi.api:application', 'OS_GLANCE_CONFIG_DIR'),
    'placement': (placement, 'placement.conf', 'placement.wsgi.api:application',
                  'OS_PLACEMENT_CONFIG_DIR'),
    'nova': (nova, 'nova.conf', 'nova.wsgi.osapi_compute:application', 'OS_NOVA_CONFIG_DIR'),
    'cinder': (cinder, 'cinder.conf', 'cinder.wsgi.api:application', None),
    'neutron': (neutron, 'neutron.conf', 'neutron.wsgi.api:application',
                'OS_NEUTRON_CONFIG_FILES'),
}


def file(settings, site, service):
    """The service's configuration file."""
    return settings.site(site) / service / CONFIGURATIONS[service][1]
