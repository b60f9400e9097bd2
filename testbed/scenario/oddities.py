"""VMs and changes that protector has to refuse, made by an administrator's hand, and taken back."""
from contextlib import contextmanager

from machines import Broken, wait_status
from rest import Refused
import world

PLAIN, ENCRYPTED, IMAGE_BOOTED = 'odd-plain', 'odd-encrypted', 'odd-image'
GIB = 1 << 30


class Oddities:
    """Of one estate."""

    def __init__(self, estate):
        self.estate, self.home, self.away = estate, estate.home, estate.away

    def _spec(self, name):
        return {'name': name, 'flavor': 'tiny',
                'volumes': [{'name': f'{name}-root', 'size': 1, 'keep': True}],
                'ports': [{'network': 'front', 'by_nova': True}]}

    def build(self, pool):
        """VMs that cannot be protected: name → server id."""
        jobs = {
            PLAIN: pool.submit(self.home.machines.server, self._spec(PLAIN), 'plain'),
            ENCRYPTED: pool.submit(self.home.machines.server, self._spec(ENCRYPTED), 'encrypted'),
            IMAGE_BOOTED: pool.submit(self.home.machines.image_booted, IMAGE_BOOTED)}
        try:
            return {name: job.result() for name, job in jobs.items()}
        except Refused as e:
            raise Broken(f'{e} (an encrypted volume needs a key manager in cinder.conf)') from e

    def remove(self, servers):
        """The VMs with their volumes and the image."""
        admin = self.home.admin
        volumes = [v for i in servers.values() for v in self.home.volumes_of(i)]
        for server in servers.values():
            admin.delete('compute', f'/servers/{server}')
        for server in servers.values():
            wait_status(admin, 'compute', f'/servers/{server}', 'server', ['gone'])
        for volume in volumes:
            wait_status(admin, 'block_storage', f'/volumes/{volume}', 'volume',
                        ['available', 'gone'])
            admin.delete('block_storage', f'/volumes/{volume}')
        for volume in volumes:          # what is on its way out is no stranger that has vanished
            wait_status(admin, 'block_storage', f'/volumes/{volume}', 'volume', ['gone'])
        for image in admin.get('image', '/images', name=IMAGE_BOOTED)['images']:
            admin.delete('image', f'/images/{image["id"]}')

    @contextmanager
    def no_volume_quota(self):
        """The other site's quota of volumes is used up."""
        admin, project = self.away.admin, self.away.project
        used = admin.get('block_storage', f'/os-quota-sets/{project}',
                         usage=True)['quota_set']['volumes']['in_use']
        path = f'/os-quota-sets/{project}'
        admin.put('block_storage', path, {'quota_set': {'volumes': used}})
        try:
            yield
        finally:
            admin.put('block_storage', path, {
                'quota_set': {'volumes': world.QUOTAS['volume']['volumes']}})

    @contextmanager
    def no_flavor(self, kind):
        """A flavor of the other site is gone; it comes back with another id."""
        admin, (_, name, size) = self.away.admin, world.FLAVORS[kind]
        flavor = next(f['id'] for f in admin.get('compute', '/flavors',
                                                 is_public='None')['flavors']
                      if f['name'] == name)
        admin.delete('compute', f'/flavors/{flavor}')
        try:
            yield name
        finally:
            made = admin.post('compute', '/flavors', {'flavor': dict(size, name=name)})['flavor']
            admin.post('compute', f'/flavors/{made["id"]}/os-extra_specs',
                       {'extra_specs': world.FLAVOR_SPECS})
            self.away.flavors[kind] = made['id']

    def remove_twin(self, twin):
        """A twin disappears from Cinder and from the array, whatever protects it."""
        admin = self.away.admin
        volume = admin.get('block_storage', f'/volumes/{twin}')['volume']
        admin.volume_action(twin, 'os-reset_status', {'status': 'available',
                                                      'attach_status': 'detached'})
        if volume['group_id']:
            admin.put('block_storage', f'/groups/{volume["group_id"]}',
                      {'group': {'remove_volumes': twin}})
            wait_status(admin, 'block_storage', f'/groups/{volume["group_id"]}', 'group',
                        ['available'])
        admin.volume_action(twin, 'os-force_delete', {})
        wait_status(admin, 'block_storage', f'/volumes/{twin}', 'volume', ['gone'])

    def outgrow_twin(self, volume):
        """The volume at home is extended while its twin stays as it was. Nova's side of it may
        fail (a simulated hypervisor cannot): Cinder and the array have the new size."""
        admin = self.home.admin
        size = admin.get('block_storage', f'/volumes/{volume}')['volume']['size'] + 1
        admin.volume_action(volume, 'os-extend', {'new_size': size})
        wait_status(admin, 'block_storage', f'/volumes/{volume}', 'volume', ['in-use'])
        found = admin.get('block_storage', f'/volumes/{volume}')['volume']['size']
        if found != size:
            raise Broken(f'volume {volume} has {found} GiB after an extension to {size}')

    def foreign_member(self, group):
        """A volume that is none of Cinder's group's lies in the group's protection group."""
        self.home.array.call('POST', 'protection-groups/volumes', group_names=group,
                             member_names=world.STRANGER_ARRAY_VOLUMES[1])

    def no_foreign_member(self, group):
        self.home.array.call('DELETE', 'protection-groups/volumes', group_names=group,
                             member_names=world.STRANGER_ARRAY_VOLUMES[1])
