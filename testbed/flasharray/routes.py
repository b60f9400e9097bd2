"""Which function answers which request."""
from . import (appliance, eradication, groups, hosts, listing, pods, points, snapshots, tags,
               targets, volume_groups, volumes)
from .refusal import Refused

# path: (function giving the views, noun of the sentence for a named one that is not there)
_LISTS = {
    'arrays': (appliance.arrays, 'Array'),
    'arrays/space': (appliance.array_space, 'Array'),
    'arrays/performance': (appliance.performance, 'Array'),
    'array-connections': (appliance.connections, 'Array connection'),
    'controllers': (appliance.controllers, 'Controller'),
    'hardware': (appliance.hardware, 'Hardware component'),
    'ports': (appliance.ports, 'Port'),
    'network-interfaces': (appliance.network_interfaces, 'Network interface'),
    'hosts': (hosts.views, 'Host'),
    'connections': (hosts.connections, 'Connection'),
    'volumes': (volumes.views, 'Volume'),
    'volumes/tags': (tags.views, 'Tag'),
    'volume-snapshots': (snapshots.views, 'Volume snapshot'),
    'protection-groups': (groups.views, 'Protection group'),
    'protection-groups/volumes': (groups.members, 'Member'),
    'protection-groups/targets': (targets.views, 'Target'),
    'pods': (pods.views, 'Pod'),
    'pods/arrays': (pods.arrays, 'Member'),
    'container-default-protections': (pods.default_protections, 'Container'),
    'volume-groups': (volume_groups.views, 'Volume group'),
}
# lists in which a name may stand for something else: the function gives the query, too
_LISTS_OF_POINTS = {'protection-group-snapshots': points.views,
                    'protection-group-snapshots/transfer': points.transfers}
_CHANGES = {
    ('POST', 'hosts'): hosts.create,
    ('PATCH', 'hosts'): hosts.change,
    ('DELETE', 'hosts'): hosts.remove,
    ('POST', 'connections'): hosts.connect,
    ('DELETE', 'connections'): hosts.disconnect,
    ('POST', 'volumes'): volumes.create,
    ('PATCH', 'volumes'): volumes.change,
    ('DELETE', 'volumes'): eradication.delete_volumes,
    ('PUT', 'volumes/tags/batch'): tags.replace,
    ('DELETE', 'volumes/tags'): tags.remove,
    ('POST', 'volume-snapshots'): snapshots.create,
    ('PATCH', 'volume-snapshots'): snapshots.change,
    ('DELETE', 'volume-snapshots'): eradication.delete_snapshots,
    ('POST', 'protection-groups'): groups.create,
    ('PATCH', 'protection-groups'): groups.change,
    ('DELETE', 'protection-groups'): eradication.delete_groups,
    ('POST', 'protection-groups/volumes'): groups.add_members,
    ('DELETE', 'protection-groups/volumes'): groups.remove_members,
    ('POST', 'protection-groups/targets'): targets.add,
    ('PATCH', 'protection-groups/targets'): targets.allow,
    ('DELETE', 'protection-groups/targets'): targets.remove,
    ('POST', 'protection-group-snapshots'): points.create,
    ('PATCH', 'protection-group-snapshots'): points.change,
    ('DELETE', 'protection-group-snapshots'): eradication.delete_points,
    ('POST', 'pods'): pods.create,
    ('PATCH', 'pods'): pods.change,
    ('DELETE', 'pods'): pods.eradicate,
    ('POST', 'pods/arrays'): pods.stretch,
    ('DELETE', 'pods/arrays'): pods.unstretch,
    ('POST', 'volume-groups'): volume_groups.create,
    ('PATCH', 'volume-groups'): volume_groups.change,
    ('DELETE', 'volume-groups'): volume_groups.eradicate,
}


def answer(array, method, path, query, body):
    """The body of the answer, for a request that `interface.check` has let pass."""
    page_size = array.world.settings.page_size
    if method == 'GET':
        if path in _LISTS_OF_POINTS:
            views, query = _LISTS_OF_POINTS[path](array, query)
            noun = 'Protection group snapshot'
        else:
            function, noun = _LISTS[path]
            views = function(array, query)
        return listing.page(listing.pick(views, query, noun), query, page_size)
    change = _CHANGES.get((method, path))
    if change is None:
        raise Refused(f'{method} {path} is not simulated.', path, 404)
    items = change(array, query, body if body is not None else {})
    pods.mirror(array)
    array.world.changed()
    if method == 'DELETE':
        return None
    return {'items': items, 'more_items_remaining': False, 'continuation_token': None,
            'total_item_count': None}
