"""Counts what exists, so that duplicates show: in the services' own databases, by the queries that the
bed's description has for them."""
import contextlib
import sqlite3
import urllib.parse

import pymysql

import world

# what every description has a query for: each gives an id and what a duplicate would share
KINDS = ('servers', 'ports', 'volumes', 'groups', 'group_snapshots', 'server_groups',
         'security_groups')


def _mysql(url):
    parts = urllib.parse.urlsplit(url)
    return pymysql.connect(host=parts.hostname, port=parts.port or 3306, user=parts.username,
                           password=urllib.parse.unquote(parts.password or ''),
                           database=parts.path.lstrip('/'), charset='utf8mb4')


def _sqlite(url):
    return sqlite3.connect(f'file:{urllib.parse.urlsplit(url).path}?mode=ro', uri=True)


CONNECT = {'mysql': _mysql, 'sqlite': _sqlite}


def _rows(counted, project):
    """{id: what a duplicate would share} of one kind of a project."""
    url = counted['database']
    with contextlib.closing(CONNECT[urllib.parse.urlsplit(url).scheme](url)) as connection:
        cursor = connection.cursor()
        cursor.execute(counted['query'], (project,))
        return dict(cursor.fetchall())


def take(bed):
    """{site: {kind: {id: what a duplicate would share}}}"""
    taken = {}
    for name, site in bed.sites.items():
        projects = bed.connection(name).identity.get(
            '/projects', params={'name': world.PROJECT}).json()['projects']
        taken[name] = {kind: _rows(site.census[kind], projects[0]['id']) for kind in KINDS}
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
