"""VMs, volumes, ports, groups and array objects that live beside the protected ones, look like
them, and must come out of every operation unchanged."""
from machines import wait_status
import world

GIB = 1 << 30


class Strangers:
    """Makes the strangers of one site."""

    def __init__(self, site):
        self.site = site

    def build(self):
        made = self.site.strangers
        made['servers'] = {spec['name']: self.site.machines.server(spec, spec['kind'])
                           for spec in world.STRANGER_VMS[self.site.side]}
        made['volumes'] = [
            self.site.machines.volume({'name': name, 'size': size, 'metadata': {'whose': 'ours'}},
                                      kind)
            for name, kind, size in world.STRANGER_VOLUMES[self.site.side]]
        made['ports'] = [
            self.site.machines.port({'name': name, 'network': network, 'address': address})
            for name, network, address in world.STRANGER_PORTS[self.site.side]]
        self._group()
        self._array()

    def _group(self):
        owner = self.site.owner
        group = owner.post('block_storage', '/groups', {'group': {
            'name': world.STRANGER_GROUP, 'description': 'not what it looks like',
            'group_type': self.site.group_type,
            'volume_types': [self.site.types['replicated']]}})['group']['id']
        wait_status(owner, 'block_storage', f'/groups/{group}', 'group', ['available'])
        member = owner.post('block_storage', '/volumes', {'volume': {
            'name': world.STRANGER_MEMBER, 'size': 1, 'group_id': group,
            'volume_type': self.site.types['replicated']}})['volume']['id']
        wait_status(owner, 'block_storage', f'/volumes/{member}', 'volume', ['available'])
        self.site.strangers.update(group=group, member=member)

    def _array(self):
        array = self.site.array
        for volume, group in zip(world.STRANGER_ARRAY_VOLUMES, world.STRANGER_ARRAY_GROUPS,
                                 strict=True):
            array.call('POST', 'volumes', {'provisioned': GIB}, names=volume)
            array.call('POST', 'protection-groups', {}, names=group)
            array.call('POST', 'protection-groups/volumes', group_names=group,
                       member_names=volume)
