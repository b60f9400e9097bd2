"""What the estate consists of: names and specifications only, no call is made here.

Two sites, named `home` (where the VMs live at first) and `away` in this file. Where a pair of
names is given, the first is the home site's and the second the away site's.
"""
PROJECT = 'app'
GROUP = 'shop'
GROUP_TYPE = 'protector-async'

OWNER, SERVICE, SERVICE_MEMBER = 'owner', 'protector', 'protector-member'
ROLES = {OWNER: 'member', SERVICE: 'admin', SERVICE_MEMBER: 'member'}
PASSWORD = 'a-password-for-tests'

REPLICATED = {'volume_backend_name': 'pure', 'replication_enabled': '<is> True',
              'replication_type': '<in> async'}
GROUP_SPECS = {'consistent_group_snapshot_enabled': '<is> True',
               'consistent_group_replication_enabled': '<is> True'}
# kind: (home name, away name, extra specifications, encrypted)
VOLUME_TYPES = {
    'replicated': ('app-replicated', 'dr-replicated', REPLICATED, False),
    'plain': ('app-plain', 'app-plain', {'volume_backend_name': 'pure'}, False),
    'encrypted': ('app-encrypted', 'app-encrypted', REPLICATED, True),
}
ENCRYPTION = {'provider': 'luks', 'control_location': 'front-end', 'cipher': 'aes-xts-plain64',
              'key_size': 256}

FLAVORS = {
    'small': ('app.small', 'dr.small', {'ram': 256, 'vcpus': 1, 'disk': 0}),
    'tiny': ('app.tiny', 'app.tiny', {'ram': 128, 'vcpus': 1, 'disk': 1}),
    'grown': ('app.grown', 'dr.grown', {'ram': 512, 'vcpus': 2, 'disk': 0}),
}
FLAVOR_SPECS = {'quota:cpu_shares': '2048'}

# kind: (home network, away network, home subnet, away subnet, prefix of the addresses)
NETWORKS = {
    'front': ('app-net', 'dr-app-net', 'app-subnet', 'dr-app-subnet', '10.10.0.'),
    'back': ('app-back', 'dr-app-back', 'app-back-subnet', 'dr-app-back-subnet', '10.20.0.'),
}

SECURITY_GROUPS = {
    'common': ('app-common', 'dr-common', [
        {'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22,
         'remote_ip_prefix': '10.0.0.0/8'}]),
    'web': ('app-web', 'app-web', [
        {'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 443, 'port_range_max': 443},
        {'direction': 'ingress', 'protocol': 'icmp'}]),
}

QUOTAS = {
    'compute': {'instances': 40, 'cores': 80, 'ram': 65536, 'key_pairs': 20},
    'volume': {'volumes': 60, 'gigabytes': 500, 'groups': 20, 'snapshots': 200},
    'network': {'port': 120, 'network': 20, 'subnet': 20, 'security_group': 30,
                'security_group_rule': 200},
}

# on all arrays: every schedule runs each ten seconds, whatever its frequency says, and keeps its newest points
SCHEDULES = {'schedule_interval': 10, 'schedule_keep': 3}
KEYPAIR = 'app-key'
PUBLIC_KEY = ('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIbNPRfwVVtnHqMvmyZyzwqzoGJGXzp9qUYJIHRMk7vC '
              'owner@app')
SERVER_GROUP = ('app-spread', 'soft-anti-affinity')
USER_DATA = b'#cloud-config\npackages: [nginx]\n# not for everybody: database password \xc2\xa7\n'

IMAGE = {'os_distro': 'debian', 'os_version': '12', 'hw_disk_bus': 'virtio',
         'image_name': 'debian-12'}

# The protected VMs: 4 VMs, 9 volumes, the first volume of each is its root. `at`: the volume is
# attached after the VM was made.
VMS = [
    {'name': 'app-web', 'created_as': 'app-web-1', 'flavor': 'small',
     'hostname': 'shop-front', 'description': 'Front end of the shop', 'key': True,
     'user_data': USER_DATA, 'config_drive': True, 'access_ipv4': '203.0.113.7',
     'metadata': {'role': 'web', 'Town': 'Zürich', 'empty': ''},
     'tags': ['production', 'tier-web'],
     'volumes': [
         {'name': 'app-web-root', 'size': 2, 'description': 'root of app-web', 'keep': False,
          'metadata': {'backup': 'nightly'}, 'tag': 'root'},
         {'name': 'app-web-logs', 'size': 1, 'description': '', 'keep': True,
          'metadata': {'owner': 'web', 'Ort': 'Bern'}, 'tag': 'logs'}],
     'ports': [
         {'network': 'front', 'name': 'app-web-front', 'description': 'public side',
          'address': 50, 'tags': ['front', 'vip'], 'nic_tag': 'front',
          'pairs': [{'ip_address': '10.10.0.200'},
                    {'ip_address': '10.10.0.201', 'mac_address': 'fa:16:3e:00:00:aa'}],
          'security_groups': ['web', 'common'],
          'dhcp': [{'opt_name': 'mtu', 'opt_value': '1400', 'ip_version': 4}]},
         {'network': 'back', 'name': 'app-web-back', 'address': None, 'unguarded': True,
          'nic_tag': 'back'}]},
    {'name': 'app-db', 'flavor': 'small', 'description': '', 'metadata': {}, 'tags': ['database'],
     'volumes': [
         {'name': 'app-db-root', 'size': 1, 'keep': True},
         {'name': 'app-db-data', 'size': 2, 'description': 'tables', 'keep': True,
          'metadata': {'fs': 'xfs'}},
         {'name': 'app-db-wal', 'size': 1, 'description': 'log', 'keep': False},
         {'name': 'app-db-data', 'size': 1, 'description': 'second of that name', 'keep': False,
          'at': 'later', 'tag': 'archive'}],
     'ports': [{'network': 'back', 'name': 'app-db', 'address': 20,
                'security_groups': ['common']}]},
    {'name': 'app-batch', 'flavor': 'tiny', 'off': True, 'metadata': {'role': 'batch'},
     'volumes': [
         {'name': '', 'size': 1, 'keep': True},
         {'name': 'app-batch-scratch', 'size': 1, 'keep': True, 'metadata': {'a': 'b'}}],
     'ports': [{'network': 'front', 'by_nova': True}]},
    {'name': 'app-node', 'flavor': 'tiny', 'grouped': True,
     'volumes': [{'name': 'app-node-root', 'size': 1, 'keep': True}],
     'ports': [{'network': 'front', 'name': '', 'address': None,
                'security_groups': ['default', 'common']}]},
]

# Strangers: they live in the same project and on the same arrays, with names like the
# protected ones', and nobody may touch them.
STRANGER_VMS = {
    'home': [
        {'name': 'app-web-old', 'flavor': 'tiny', 'kind': 'replicated',
         'volumes': [{'name': 'app-web-root', 'size': 1, 'keep': True}],
         'ports': [{'network': 'front', 'name': 'app-web-front', 'address': 60,
                    'security_groups': ['common']}]},
        {'name': 'protector-app-web', 'flavor': 'tiny', 'kind': 'plain',
         'volumes': [{'name': 'protector-root', 'size': 1, 'keep': True}],
         'ports': [{'network': 'back', 'name': 'protector-app-web', 'address': 61,
                    'security_groups': ['default']}]}],
    'away': [
        {'name': 'app-web', 'flavor': 'tiny', 'kind': 'plain',
         'volumes': [{'name': 'app-web-root', 'size': 1, 'keep': True}],
         'ports': [{'network': 'front', 'name': 'app-web-front', 'address': 62,
                    'security_groups': ['common']}]}],
}
STRANGER_VOLUMES = {
    'home': [('app-db-data', 'replicated', 2), ('protector-shop-app-web-root', 'replicated', 1),
             ('app-batch-scratch', 'plain', 1)],
    'away': [('app-db-root', 'replicated', 1), ('protector-shop-app-web-root', 'plain', 2)],
}
STRANGER_PORTS = {
    'home': [('app-db', 'back', 70), ('protector-app-db', 'back', 71)],
    'away': [('app-db', 'back', 70), ('protector-app-web-front', 'front', 71)],
}
# a Cinder group with one volume, at both sites
STRANGER_GROUP = 'protector-shop'
STRANGER_MEMBER = 'app-web-logs'
# volumes and protection groups that only the arrays know
STRANGER_ARRAY_VOLUMES = ('volume-app-web-root-cinder', 'protector-shop-app-web-root')
STRANGER_ARRAY_GROUPS = ('consisgroup-shop-cinder', 'protector-shop')


def side(index):
    """'home' or 'away', for a site's place in the pair."""
    return ('home', 'away')[index]


def mappings(home, away):
    """The mappings that protector.yaml needs for this estate: what is named differently."""
    def pairs(table):
        return [{home: names[0], away: names[1]} for names in table.values()
                if names[0] != names[1]]
    return {'networks': pairs(NETWORKS), 'flavors': pairs(FLAVORS),
            'volume_types': pairs(VOLUME_TYPES), 'security_groups': pairs(SECURITY_GROUPS)}
