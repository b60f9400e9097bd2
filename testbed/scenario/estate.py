"""Makes the world that the scenario plays in, and removes it again without a trace.

    python estate.py --bed bed.json build|teardown
"""
import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bed import Bed
from machines import Machines
from removal import Removal
from rest import Cloud
from strangers import Strangers
import world


class SiteEstate:
    """The project of the scenario at one site, with the ids of all that was made for it."""

    def __init__(self, bed, name):
        self.bed, self.name = bed, name
        self.index = bed.names.index(name)
        self.side = world.side(self.index)
        self.admin = Cloud(bed.connection(name), name)
        self.array = bed.array_of(name)
        self.owner = None
        self.project = None
        self.users, self.types, self.flavors, self.networks = {}, {}, {}, {}
        self.security_groups, self.servers, self.strangers = {}, {}, {}
        self.group_type = self.server_group = self.machines = None

    def user(self, role):
        """The name of the project's owner or of a service user."""
        return f'{world.PROJECT}-{role}'

    def as_user(self, role):
        return Cloud(self.bed.connection(self.name, self.user(role), world.PASSWORD,
                                         world.PROJECT), self.name)

    def people(self):
        """Project, users and their roles."""
        admin = self.admin
        self.project = admin.post('identity', '/projects', {'project': {
            'name': world.PROJECT, 'domain_id': 'default',
            'description': 'scenario'}})['project']['id']
        roles = {r['name']: r['id'] for r in admin.get('identity', '/roles')['roles']}
        for role, granted in world.ROLES.items():
            user = admin.post('identity', '/users', {'user': {
                'name': self.user(role), 'password': world.PASSWORD,
                'domain_id': 'default'}})['user']['id']
            admin.put('identity', f'/projects/{self.project}/users/{user}/roles/{roles[granted]}')
            self.users[role] = user
        self.owner = self.as_user(world.OWNER)
        self.machines = Machines(self)

    def quotas(self):
        for service, path in (('compute', '/os-quota-sets/{}'),
                              ('block_storage', '/os-quota-sets/{}'),
                              ('network', '/quotas/{}')):
            values = world.QUOTAS[{'block_storage': 'volume'}.get(service, service)]
            key = 'quota' if service == 'network' else 'quota_set'
            # Nova and Neutron let go of key pairs and the like at their own microversions
            self.admin.put(service, path.format(self.project), {key: values})

    def storage_types(self):
        for kind, (home, away, specs, encrypted) in world.VOLUME_TYPES.items():
            name = (home, away)[self.index]
            made = self.admin.post('block_storage', '/types', {'volume_type': {
                'name': name, 'os-volume-type-access:is_public': True,
                'extra_specs': specs}})['volume_type']['id']
            if encrypted:
                self.admin.post('block_storage', f'/types/{made}/encryption',
                                {'encryption': world.ENCRYPTION})
            self.types[kind] = made
        self.group_type = self.admin.post('block_storage', '/group_types', {'group_type': {
            'name': world.GROUP_TYPE, 'is_public': True}})['group_type']['id']
        self.admin.post('block_storage', f'/group_types/{self.group_type}/group_specs',
                        {'group_specs': world.GROUP_SPECS})

    def compute_types(self):
        for kind, (home, away, size) in world.FLAVORS.items():
            flavor = self.admin.post('compute', '/flavors', {'flavor': dict(
                size, name=(home, away)[self.index])})['flavor']['id']
            self.admin.post('compute', f'/flavors/{flavor}/os-extra_specs',
                            {'extra_specs': world.FLAVOR_SPECS})
            self.flavors[kind] = flavor

    def network_world(self):
        owner = self.owner
        for kind, (*names, prefix) in world.NETWORKS.items():
            network = owner.post('network', '/networks', {'network': {
                'name': names[self.index]}})['network']['id']
            subnet = owner.post('network', '/subnets', {'subnet': {
                'network_id': network, 'ip_version': 4, 'cidr': f'{prefix}0/24',
                # what is chosen by hand must not be handed out before
                'allocation_pools': [{'start': f'{prefix}100', 'end': f'{prefix}180'}],
                'name': names[2 + self.index]}})['subnet']['id']
            self.networks[kind] = {'id': network, 'subnet': subnet}
        for kind, (home, away, rules) in world.SECURITY_GROUPS.items():
            group = owner.post('network', '/security-groups', {'security_group': {
                'name': (home, away)[self.index],
                'description': f'{kind} of the scenario'}})['security_group']['id']
            for rule in rules:
                owner.post('network', '/security-group-rules', {
                    'security_group_rule': dict(rule, security_group_id=group)})
            self.security_groups[kind] = group
        self.security_groups['default'] = next(
            g['id'] for g in owner.get('network', '/security-groups')['security_groups']
            if g['name'] == 'default' and g['project_id'] == self.project)

    def compute_world(self):
        """What belongs to the owner at home only: protector has to carry it over."""
        if self.index:
            return
        self.owner.post('compute', '/os-keypairs', {'keypair': {
            'name': world.KEYPAIR, 'public_key': world.PUBLIC_KEY, 'type': 'ssh'}})
        name, policy = world.SERVER_GROUP
        self.server_group = self.owner.post('compute', '/os-server-groups', {'server_group': {
            'name': name, 'policy': policy}})['server_group']['id']

    def foundation(self):
        with ThreadPoolExecutor(2) as pool:
            types = pool.submit(lambda: (self.storage_types(), self.compute_types()))
            self.people()
            self.quotas()
            self.network_world()
            self.compute_world()
            types.result()

    def volumes_of(self, server):
        """Cinder's ids of a server's volumes, in the order of their attachment."""
        return [a['volumeId'] for a in self.admin.get(
            'compute', f'/servers/{server}/os-volume_attachments')['volumeAttachments']]


class Estate:
    """Both sites' estates. `build` expects that nothing of an earlier one is left."""

    def __init__(self, bed, say=None):
        self.bed = bed
        self.say = say or (lambda text: print(text, flush=True))
        self.sites = {name: SiteEstate(bed, name) for name in bed.names}
        self.home, self.away = (self.sites[n] for n in bed.names)

    @property
    def members(self):
        """Name → server id at home, of the VMs that are to be protected."""
        return self.home.servers

    def build(self):
        started = time.monotonic()
        next(iter(self.bed.arrays.values())).window('POST', '/_settings', world.SCHEDULES)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(SiteEstate.foundation, self.sites.values()))
            self.say(f'  estate: projects, types and networks ({time.monotonic() - started:.0f} s)')
            jobs = {spec['name']: pool.submit(self.home.machines.server, spec)
                    for spec in world.VMS}
            strangers = [pool.submit(Strangers(site).build) for site in self.sites.values()]
            for name, job in jobs.items():
                self.home.servers[name] = job.result()
            self.say(f'  estate: {len(jobs)} VMs ({time.monotonic() - started:.0f} s)')
            for job in strangers:
                job.result()
        self.say(f'  estate: built with its strangers in {time.monotonic() - started:.0f} s')
        return self

    def teardown(self):
        """Removes all of the project, whoever made it, and all that it left on the arrays."""
        started = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda s: Removal(s).clouds(), self.sites.values()))
            list(pool.map(lambda s: Removal(s).array(), self.sites.values()))
        self.say(f'  estate: removed in {time.monotonic() - started:.0f} s')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bed', required=True)
    parser.add_argument('what', choices=['build', 'teardown'])
    asked = parser.parse_args()
    estate = Estate(Bed(asked.bed))
    estate.teardown() if asked.what == 'teardown' else estate.build()


if __name__ == '__main__':
    sys.exit(main())
