"""The end of objects: by DELETE, which takes only what is destroyed, or by age."""
from . import groups, points, snapshots, volumes
from .refusal import Refused


def _check_destroyed(noun, chosen):
    for item in chosen:
        if not item['destroyed']:
            raise Refused(f'{noun} is not destroyed.', item['name'])


def delete_volumes(array, query, _body):
    chosen = array.volumes.addressed(query)
    _check_destroyed('Volume', chosen)
    for volume in chosen:
        purge_volume(array, volume)
    return []


def delete_snapshots(array, query, _body):
    chosen = snapshots.single(array, query)
    _check_destroyed('Volume snapshot', chosen)
    for snapshot in chosen:
        array.snapshots.remove(snapshot)
    return []


def delete_points(array, query, _body):
    chosen = array.protection_group_snapshots.addressed(query)
    _check_destroyed('Protection group snapshot', chosen)
    for point in chosen:
        purge_point(array, point)
    return []


def delete_groups(array, query, _body):
    chosen = array.protection_groups.addressed(query)
    _check_destroyed('Protection group', chosen)
    for group in chosen:
        if group['retention_lock'] == 'ratcheted':
            raise Refused('Manual eradication is disabled.', group['name'])
    for group in chosen:
        purge_group(array, group)
    return []


def purge_volume(array, volume):
    """A volume with its own snapshots; those of its groups stay, they can bring it back."""
    array.tags = [t for t in array.tags if t['resource'] != volume['id']]
    for snapshot in volumes.own_snapshots(array, volume):
        array.snapshots.remove(snapshot)
    array.volumes.remove(volume)


def purge_point(array, point):
    """A group snapshot with its members; one that is on its way does not arrive."""
    array.world.transfers.cancel(array, point=point['id'])
    for one in points.members(array, point):
        array.snapshots.remove(one)
    array.protection_group_snapshots.remove(point)


def purge_group(array, group):
    """A group with its snapshots. On its targets the image stays while it holds recovery points:
    they are what a disaster needs."""
    array.world.transfers.cancel(array, group=group['id'])
    for point in groups.snapshots_of(array, group):
        purge_point(array, point)
    array.protection_groups.remove(group)
    if group['is_local']:
        for other, image in groups.images(array, group):
            if not groups.snapshots_of(other, image):
                other.protection_groups.remove(image)


def purge_by_age(world, now):
    """Eradicates what has been destroyed for longer than the delay; whether it did anything."""
    gone = False
    for array in world.arrays.values():
        def old(item):
            return item['destroyed'] and item['destroyed_at'] \
                + world.settings.eradication_delay <= now
        for point in array.protection_group_snapshots:
            if old(point) or point.get('eradicate_at', now + 1) <= now:
                purge_point(array, point)
                gone = True
        for kind, purge in (('protection_groups', purge_group), ('volumes', purge_volume),
                            ('snapshots', lambda a, s: a.snapshots.remove(s))):
            for item in getattr(array, kind):
                if old(item):
                    purge(array, item)
                    gone = True
    return gone
