"""Takes an estate away: the project with all it holds, whoever made it, then what is left of it
on the array. Written so that it also clears up after a run that was cut off anywhere."""
import re

from arrays import ArrayRefused
from machines import wait_status
from rest import Cloud, Refused
from waiting import until
import world

OF_CINDER = re.compile(r'(?:volume|consisgroup)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'
                       r'-cinder')


class Removal:
    """Of one site's estate."""

    def __init__(self, site):
        self.site, self.admin = site, site.admin

    def clouds(self):
        """All of the project, then what was made beside it for the whole cloud."""
        projects = self.admin.get('identity', '/projects', name=world.PROJECT)['projects']
        for project in projects:
            self._servers(project['id'])
            self._storage(project['id'])
            self._network(project['id'])
            self._compute()
        self._users()
        for project in projects:
            for service, path in (('compute', '/os-quota-sets/{}'),
                                  ('block_storage', '/os-quota-sets/{}'),
                                  ('network', '/quotas/{}')):
                self.admin.delete(service, path.format(project['id']))
            self.admin.delete('identity', f'/projects/{project["id"]}')
        self._types()

    def _servers(self, project):
        servers = self.admin.get('compute', '/servers/detail', all_tenants=1,
                                 project_id=project)['servers']
        for server in servers:
            self.admin.delete('compute', f'/servers/{server["id"]}')
        for server in servers:
            wait_status(self.admin, 'compute', f'/servers/{server["id"]}', 'server', ['gone'])

    def _of_project(self, path, key, project, field='os-vol-tenant-attr:tenant_id'):
        return [x for x in self.admin.pages('block_storage', path, key, all_tenants=1)
                if x.get(field) == project]

    def _storage(self, project):
        admin = self.admin
        for snapshot in self._of_project('/group_snapshots/detail', 'group_snapshots', project,
                                         'project_id'):
            admin.delete('block_storage', f'/group_snapshots/{snapshot["id"]}')
            wait_status(admin, 'block_storage', f'/group_snapshots/{snapshot["id"]}',
                        'group_snapshot', ['gone'])
        # a group says 'available' only when what it was asked to do is done
        for volume in self._of_project('/volumes/detail', 'volumes', project):
            if volume['status'] not in ('available', 'deleting'):
                admin.volume_action(volume['id'], 'os-reset_status', {
                    'status': 'available', 'attach_status': 'detached'})
        groups = self._of_project('/groups/detail', 'groups', project, 'project_id')
        for group in groups:
            admin.post('block_storage', f'/groups/{group["id"]}/action',
                       {'delete': {'delete-volumes': True}})
        for group in groups:
            wait_status(admin, 'block_storage', f'/groups/{group["id"]}', 'group', ['gone'])
        for volume in self._of_project('/volumes/detail', 'volumes', project):
            try:
                admin.volume_action(volume['id'], 'os-force_delete', {})
            except Refused as e:
                if e.status != 404:
                    raise
        until(f'{self.site.name}: volumes of the project gone',
              lambda: not self._of_project('/volumes/detail', 'volumes', project), 120)

    def _network(self, project):
        for path, key in (('/ports', 'ports'), ('/subnets', 'subnets'),
                          ('/networks', 'networks'), ('/security-groups', 'security_groups')):
            for found in self.admin.get('network', path, project_id=project)[key]:
                self.admin.delete('network', f'{path}/{found["id"]}')

    def _compute(self):
        for group in self.admin.get('compute', '/os-server-groups',
                                    all_projects=True)['server_groups']:
            if group['project_id'] in self._project_ids():
                self.admin.delete('compute', f'/os-server-groups/{group["id"]}')

    def _project_ids(self):
        return [p['id'] for p in self.admin.get('identity', '/projects',
                                                name=world.PROJECT)['projects']]

    def _users(self):
        for role in world.ROLES:
            name = self.site.user(role)
            for user in self.admin.get('identity', '/users', name=name)['users']:
                for key in self.admin.get('compute', '/os-keypairs',
                                          user_id=user['id'])['keypairs']:
                    self.admin.delete('compute', f'/os-keypairs/{key["keypair"]["name"]}',
                                      user_id=user['id'])
                self.admin.delete('identity', f'/users/{user["id"]}')
            self.site.bed.forget(self.site.name, name)

    def _types(self):
        wanted = {name for pair in world.VOLUME_TYPES.values() for name in pair[:2]}
        for found in self.admin.get('block_storage', '/types', is_public='None')['volume_types']:
            if found['name'] in wanted:
                self.admin.delete('block_storage', f'/types/{found["id"]}')
        for found in self.admin.get('block_storage', '/group_types')['group_types']:
            if found['name'] == world.GROUP_TYPE:
                self.admin.delete('block_storage', f'/group_types/{found["id"]}')
        wanted = {name for pair in world.FLAVORS.values() for name in pair[:2]}
        for found in self.admin.get('compute', '/flavors', is_public='None')['flavors']:
            if found['name'] in wanted:
                self.admin.delete('compute', f'/flavors/{found["id"]}')

    def array(self):
        """The array strangers, and every object named after a Cinder id that is gone."""
        array = self.site.array
        living = {v['id'] for s in self.site.bed.names for v in self._living(s, 'volumes')}
        living |= {g['id'] for s in self.site.bed.names for g in self._living(s, 'groups')}

        def orphan(name):
            named = OF_CINDER.search(name)
            return named is not None and named.group(1) not in living
        state = array.state()
        for name, group in state['protection_groups'].items():
            if name in world.STRANGER_ARRAY_GROUPS or orphan(name):
                self._eradicate('protection-groups', group)
        for name, volume in state['volumes'].items():
            if name in world.STRANGER_ARRAY_VOLUMES or orphan(name):
                for link in state['connections']:
                    if link['volume'] == name:
                        array.call('DELETE', 'connections', host_names=link['host'],
                                   volume_names=name)
                self._eradicate('volumes', volume)
        for name, point in array.state()['protection_group_snapshots'].items():
            if orphan(name):
                self._eradicate('protection-group-snapshots', point)

    def _living(self, site, kind):
        return Cloud(self.site.bed.connection(site), site).pages(
            'block_storage', f'/{kind}/detail', kind, all_tenants=1)

    def _eradicate(self, kind, found):
        """Destroys and eradicates; what the other array's removal took along is gone already."""
        try:
            if not found.get('destroyed'):
                self.site.array.call('PATCH', kind, {'destroyed': True}, names=found['name'])
            self.site.array.call('DELETE', kind, names=found['name'])
        except ArrayRefused as e:
            if 'does not exist' not in str(e):
                raise
