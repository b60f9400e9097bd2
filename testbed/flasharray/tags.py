"""Tags of volumes: (namespace, key) -> value."""
from .array import reference
from .refusal import Refused

_KEY, _VALUE = 64, 256          # characters


def view(array, tag):
    return dict(tag, resource=reference(array.volumes.by_id[tag['resource']]))


def views(array, query):
    """GET; a named resource has to exist."""
    found = array.tags
    if 'resource_names' in query or 'resource_ids' in query:
        chosen = array.volumes.addressed(query, 'resource_names', 'resource_ids')
        wanted = query.flag('resource_destroyed')
        for volume in chosen:
            if wanted is not None and volume['destroyed'] is not wanted:
                raise Refused('Volume does not exist.', volume['name'])
        ids = {v['id'] for v in chosen}
        found = [t for t in found if t['resource'] in ids]
    if 'namespaces' in query:
        found = [t for t in found if t['namespace'] in query['namespaces']]
    return [view(array, t) for t in found]


def replace(array, query, body):
    """PUT batch: sets the given tags and leaves the others."""
    chosen = array.volumes.addressed(query, 'resource_names', 'resource_ids')
    if not isinstance(body, list):
        raise Refused('The body is a list of tags.', 'volumes/tags/batch')
    for tag in body:
        if not tag.get('key') or len(tag['key']) > _KEY or len(tag.get('value') or '') > _VALUE:
            raise Refused('Invalid tag.', tag.get('key'))
    out = []
    for volume in chosen:
        for tag in body:
            made = {'resource': volume['id'], 'namespace': tag.get('namespace') or 'default',
                    'key': tag['key'], 'value': tag.get('value'),
                    'copyable': tag.get('copyable') is not False}
            same = {k: made[k] for k in ('resource', 'namespace', 'key')}
            array.tags = [t for t in array.tags if not same.items() <= t.items()] + [made]
            out.append(view(array, made))
    return out


def remove(array, query, _body):
    ids = {v['id'] for v in array.volumes.addressed(query, 'resource_names', 'resource_ids')}
    namespaces, keys = query.get('namespaces', ['default']), query.get('keys')
    if len(namespaces) != 1:
        raise Refused('Only one namespace is allowed.', 'namespaces')
    array.tags = [t for t in array.tags if t['resource'] not in ids
                  or t['namespace'] not in namespaces or (keys and t['key'] not in keys)]
    return []
