"""Counts what exists, so that duplicates show: in the services' own databases where the bed gives
access to them, through the APIs where it does not."""
import urllib.parse

import pymysql

import truth
import world

# kind → (database, columns: id, what a duplicate would share; rows of the project)
QUERIES = {
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
SHARED = {'ports': 'mac_address'}       # the rest share their name


def _connect(url):
    parts = urllib.parse.urlsplit(url)
    return pymysql.connect(host=parts.hostname, port=parts.port or 3306, user=parts.username,
                           password=urllib.parse.unquote(parts.password or ''),
                           database=parts.path.lstrip('/'), charset='utf8mb4')


def _from_databases(site, project):
    found = {}
    for kind, (database, query) in QUERIES.items():
        connection = _connect(site.databases[database])
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, (project,))
                found[kind] = dict(cursor.fetchall())
        finally:
            connection.close()
    return found


def _from_services(snapshot):
    return {kind: {i: item[SHARED.get(kind, 'name')] for i, item in snapshot[kind].items()}
            for kind in QUERIES}


def take(bed):
    """{site: {kind: {id: what a duplicate would share}}}"""
    taken, snapshot = {}, None
    for name, site in bed.sites.items():
        if site.databases:
            projects = bed.connection(name).identity.get(
                '/projects', params={'name': world.PROJECT}).json()['projects']
            taken[name] = _from_databases(site, projects[0]['id'])
        else:
            snapshot = snapshot or truth.read(bed)
            taken[name] = _from_services(snapshot['sites'][name])
    return taken


def new(before, now):
    """{site: {kind: [what is shared, ...]}} of what was not there before."""
    return {site: {kind: sorted(str(v) for i, v in items.items() if i not in before[site][kind])
                   for kind, items in kinds.items()} for site, kinds in now.items()}


def surplus(before, now, limits):
    """Sentences for each kind of which more came into being than `limits` allows:
    {site: {kind: number}}; of a kind that is not in it nothing may be new."""
    return [f'{site}: {len(shared)} new {kind} instead of {limits.get(site, {}).get(kind, 0)}: '
            f'{", ".join(shared)}'
            for site, kinds in new(before, now).items() for kind, shared in kinds.items()
            if len(shared) > limits.get(site, {}).get(kind, 0)]
