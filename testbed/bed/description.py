"""The files that tell others where everything is: clouds.yaml (the administrators, straight to the
services), bed.json (all of it) and proxy.json (the proxy alone)."""
import json

from . import fleet
from .settings import DATABASES, PASSWORD, SERVICES

# What the scenario counts, where (the database), and how: an id, what a duplicate would share; of one project.
_CENSUS = {
    'servers': ('nova', "SELECT uuid, display_name FROM instances "
                        "WHERE project_id = %s AND deleted = 0"),
    'ports': ('neutron', "SELECT id, mac_address FROM ports WHERE project_id = %s"),
    'volumes': ('cinder', "SELECT id, display_name FROM volumes "
                          "WHERE project_id = %s AND deleted = 0"),
    'groups': ('cinder', "SELECT id, name FROM `groups` WHERE project_id = %s AND deleted = 0"),
    'group_snapshots': ('cinder', "SELECT id, name FROM group_snapshots "
                                  "WHERE project_id = %s AND deleted = 0"),
    'server_groups': ('nova_api', "SELECT uuid, name FROM instance_groups WHERE project_id = %s"),
    'security_groups': ('neutron', "SELECT id, name FROM securitygroups WHERE project_id = %s"),
}


def write(settings):
    files = {'clouds.yaml': _clouds(settings), 'bed.json': json.dumps(_bed(settings), indent=1),
             'proxy.json': json.dumps(_proxy(settings), indent=1)}
    for name, text in files.items():
        (settings.work / name).write_text(text + '\n')


def _clouds(settings):
    return 'clouds:\n' + '\n'.join(f"""  {site}:
    auth:
      auth_url: {settings.endpoint(site, 'keystone')}
      username: admin
      password: {PASSWORD}
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
    region_name: {site}
    interface: public
    identity_api_version: 3
    volume_api_version: '3'""" for site in settings.sites)


def _bed(settings):
    """Paths are relative to the file."""
    def name(service):
        return service.type.replace('-', '_')

    def relative(path):
        return str(path.relative_to(settings.work))
    sites, arrays = {}, {}
    for site in settings.sites:
        sites[site] = {
            'cloud': site, 'region': site,
            'proxied': {name(s): settings.endpoint(site, s.name, True)
                        for s in SERVICES.values() if s.name != 'placement'},
            'access_logs': {name(s): relative(settings.access_log(site, s.name))
                            for s in SERVICES.values() if s.name != 'placement'},
            'logs': [relative(p.log) for p in fleet.programs(settings)
                     if p.name.startswith(site)],
            'databases': {d: settings.database_url(site, d, 'mysql', '') for d in DATABASES},
            'census': {kind: {'database': settings.database_url(site, database, 'mysql', ''),
                              'query': query} for kind, (database, query) in _CENSUS.items()}}
        arrays[settings.array(site)] = {
            'site': site, 'url': f'https://{settings.array_address(site)}',
            'token': settings.array_token(site), 'certificate': 'tls/authority.pem',
            'proxied': f"https://{settings.array_address(site, 'proxied')}",
            'proxied_certificate': 'tls/authority.pem',
            'request_log': 'log/flasharrays-requests.jsonl'}
    return {'clouds': 'clouds.yaml', 'sites': sites, 'arrays': arrays,
            'proxy': settings.proxy_admin}


def _proxy(settings):
    targets = fleet.proxy_targets(settings)
    return {'admin': settings.proxy_admin, 'log': 'log/proxy-requests.jsonl',
            'targets': {n: {'url': own, 'upstream': upstream, 'port': int(own.rpartition(':')[2])}
                        for n, (own, upstream, _) in targets.items()}}
