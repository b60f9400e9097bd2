"""Reads what is, from the services and the arrays themselves, in one process and with nothing of
protector's. A snapshot is plain JSON:

    {"sites": {site: {"servers": {id: {...}}, "volumes": {...}, "ports": {...}, ...}},
     "arrays": {array: what its /_state says}}

    python truth.py --bed bed.json > snapshot.json
"""
import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from bed import Bed
from rest import Cloud
import world

# The lists of one project: kind → (service, path, key of the answer, field with the project)
KINDS = {
    'volumes': ('block_storage', '/volumes/detail', 'volumes', 'os-vol-tenant-attr:tenant_id'),
    'groups': ('block_storage', '/groups/detail', 'groups', 'project_id'),
    'snapshots': ('block_storage', '/snapshots/detail', 'snapshots',
                  'os-extended-snapshot-attributes:project_id'),
    'group_snapshots': ('block_storage', '/group_snapshots/detail', 'group_snapshots',
                        'project_id'),
    'ports': ('network', '/ports', 'ports', 'project_id'),
    'networks': ('network', '/networks', 'networks', 'project_id'),
    'subnets': ('network', '/subnets', 'subnets', 'project_id'),
    'security_groups': ('network', '/security-groups', 'security_groups', 'project_id'),
    'floating_ips': ('network', '/floatingips', 'floatingips', 'project_id'),
    'server_groups': ('compute', '/os-server-groups', 'server_groups', 'project_id'),
}

# Lists in which the services give no order
UNORDERED = {'security_group_rules', 'security_groups', 'tags', 'fixed_ips',
             'allowed_address_pairs', 'extra_dhcp_opts', 'subnets', 'interfaces', 'members',
             'volume_types'}


def in_order(value):
    """The same, with lists that have no order in one that does not change."""
    if isinstance(value, dict):
        return {k: sorted(in_order(v), key=lambda i: json.dumps(i, sort_keys=True))
                if k in UNORDERED and isinstance(v, list) else in_order(v)
                for k, v in value.items()}
    return [in_order(v) for v in value] if isinstance(value, list) else value


class SiteTruth:
    """Everything of the scenario's project at one site."""

    def __init__(self, bed, site):
        self.cloud = Cloud(bed.connection(site), site)
        self.project = None

    def read(self, pool):
        projects = self.cloud.get('identity', '/projects', name=world.PROJECT)['projects']
        if not projects:
            return {kind: {} for kind in (*KINDS, 'servers', 'keypairs', 'attachments', 'foreign')}
        self.project = projects[0]['id']
        jobs = {kind: pool.submit(self._list, kind) for kind in KINDS}
        jobs['servers'] = pool.submit(self._servers)
        jobs['keypairs'] = pool.submit(self._keypairs)
        jobs['attachments'] = pool.submit(self._attachments)
        jobs['foreign'] = pool.submit(self._foreign)
        jobs['volume_types'] = pool.submit(self._types)
        jobs['flavors'] = pool.submit(self._flavors)
        found = {kind: job.result() for kind, job in jobs.items()}
        found['servers'] = dict(zip(found['servers'],
                                    pool.map(self._server, found['servers']), strict=True))
        return in_order(found)

    def _list(self, kind):
        service, path, key, field = KINDS[kind]
        if service == 'block_storage':
            items = self.cloud.pages(service, path, key, all_tenants=1)
        elif service == 'network':
            items = self.cloud.get(service, path, project_id=self.project)[key]
        else:
            items = self.cloud.get(service, path, all_projects=True)[key]
        return {i['id']: i for i in items if i[field] == self.project}

    def _servers(self):
        servers = self.cloud.pages('compute', '/servers', 'servers', all_tenants=1,
                                   project_id=self.project)
        return [s['id'] for s in servers]

    def _server(self, server):
        """The list leaves out the server group, so each is asked for itself."""
        found = self.cloud.get('compute', f'/servers/{server}')['server']
        # the addresses are the only thing that Nova gives in the order of the interfaces
        order = []
        for addresses in found['addresses'].values():
            for address in addresses:
                if address['OS-EXT-IPS-MAC:mac_addr'] not in order:
                    order.append(address['OS-EXT-IPS-MAC:mac_addr'])
        return dict(
            found, interface_order=order,
            attachments=self.cloud.get(
                'compute', f'/servers/{server}/os-volume_attachments')['volumeAttachments'],
            interfaces=self.cloud.get(
                'compute', f'/servers/{server}/os-interface')['interfaceAttachments'])

    def _keypairs(self):
        """By user and name; a keypair belongs to a user, not to a project."""
        found = {}
        for role in world.ROLES:
            for user in self.cloud.get('identity', '/users',
                                       name=f'{world.PROJECT}-{role}')['users']:
                for key in self.cloud.get('compute', '/os-keypairs',
                                          user_id=user['id'])['keypairs']:
                    found[f'{role}/{key["keypair"]["name"]}'] = dict(
                        key['keypair'], user_id=user['id'])
        return found

    def _attachments(self):
        """Cinder's own record of who uses a volume; a dead one keeps its volume reserved."""
        items = self.cloud.get('block_storage', '/attachments', all_tenants=1,
                               project_id=self.project)['attachments']
        return {a['id']: a for a in items}

    def _foreign(self):
        """Ids of other projects' volumes and groups: their array objects are not ours to judge."""
        return {i['id']: i['name'] for kind in ('volumes', 'groups')
                for i in self.cloud.pages('block_storage', f'/{kind}/detail', kind, all_tenants=1)
                if i[KINDS[kind][3]] != self.project}

    def _types(self):
        return {t['id']: t['name'] for t in self.cloud.get(
            'block_storage', '/types', is_public='None')['volume_types']}

    def _flavors(self):
        return {f['id']: f['name'] for f in self.cloud.get(
            'compute', '/flavors', is_public='None')['flavors']}


def read(bed):
    """The snapshot of both sites and all arrays."""
    with ThreadPoolExecutor(8) as pool, ThreadPoolExecutor(4) as sites:
        clouds = {name: sites.submit(SiteTruth(bed, name).read, pool) for name in bed.names}
        arrays = {name: sites.submit(array.state) for name, array in bed.arrays.items()}
        return {'sites': {name: job.result() for name, job in clouds.items()},
                'arrays': {name: job.result() for name, job in arrays.items()}}


def diff(before, after, path=''):
    """All differences between two JSON values: [{'path', 'before', 'after'}]; a side that has
    nothing there says so by the key being absent."""
    if isinstance(before, dict) and isinstance(after, dict):
        found = []
        for key in sorted(set(before) | set(after)):
            here = f'{path}/{key}'
            if key not in before:
                found.append({'path': here, 'after': after[key]})
            elif key not in after:
                found.append({'path': here, 'before': before[key]})
            else:
                found += diff(before[key], after[key], here)
        return found
    if (isinstance(before, list) and isinstance(after, list) and len(before) == len(after)):
        return [d for i, (b, a) in enumerate(zip(before, after, strict=True))
                for d in diff(b, a, f'{path}/{i}')]
    return [] if before == after and type(before) is type(after) else [
        {'path': path, 'before': before, 'after': after}]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bed', required=True)
    json.dump(read(Bed(parser.parse_args().bed)), sys.stdout, indent=1, sort_keys=True)


if __name__ == '__main__':
    main()
