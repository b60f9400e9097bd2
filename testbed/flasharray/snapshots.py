"""Snapshots of single volumes, and the list of all volume snapshots, those of groups included."""
from . import naming
from .array import reference
from .refusal import Refused
from .space import space


def view(array, snapshot):
    source = snapshot['source']
    here = array.volumes.by_id.get(source['id'])
    return {
        'id': snapshot['id'], 'name': snapshot['name'], 'suffix': snapshot['suffix'],
        'serial': snapshot['serial'], 'created': snapshot['created'],
        'destroyed': snapshot['destroyed'], 'time_remaining': array.time_remaining(snapshot),
        'provisioned': snapshot['provisioned'],
        'source': reference(here) if here else dict(source),
        'pod': array.pod_reference(snapshot['name']),
        'volume_group': array.volume_group_reference(snapshot['name']),
        'space': space(snapshot['provisioned'])}


def views(array, query):
    """GET, with source_names and source_ids."""
    found = [view(array, s) for s in array.snapshots]
    if 'source_names' in query:
        wanted = {n.lower() for n in query['source_names']}
        found = [s for s in found if (s['source']['name'] or '').lower() in wanted]
    if 'source_ids' in query:
        found = [s for s in found if s['source']['id'] in query['source_ids']]
    return found


def take(array, volume, name, suffix, created=None, group_snapshot=None):
    """An immutable record of what the volume holds now."""
    snapshot = array.new_object(
        name, suffix=suffix, serial=array.new_serial(), provisioned=volume['provisioned'],
        source=reference(volume), group_snapshot=group_snapshot, extents=dict(volume['extents']))
    if created is not None:
        snapshot['created'] = created
    return array.snapshots.add(snapshot)


def create(array, query, body):
    """POST: one snapshot of each source volume, with one suffix."""
    if 'on' in query:
        raise Refused('Snapshots on an offload target are not simulated.', query['on'])
    sources = array.volumes.addressed(query, 'source_names', 'source_ids')
    suffix = body.get('suffix')
    if suffix:
        naming.check_suffix(suffix)
    for volume in sources:
        if volume['destroyed']:
            raise Refused('Volume has been destroyed.', volume['name'])
        if suffix:
            array.snapshots.check_free(f"{volume['name']}.{suffix}")
    out = []
    for volume in sources:
        own = suffix or str(_next_number(volume))
        out.append(view(array, take(array, volume, f"{volume['name']}.{own}", own)))
    return out


def _next_number(volume):
    volume['snapshot_number'] = volume.get('snapshot_number', 0) + 1
    return volume['snapshot_number']


def single(array, query):
    """The named snapshots; one that belongs to a group snapshot is not destroyed by itself."""
    if 'names' in query:
        for name in query['names']:
            if array.snapshots.find(name) is None:
                raise Refused('No such volume or snapshot.', name)
    chosen = array.snapshots.addressed(query)
    for snapshot in chosen:
        if snapshot['group_snapshot'] is not None:
            raise Refused('Volume snapshot belongs to a protection group snapshot.',
                          snapshot['name'])
    return chosen


def change(array, query, body):
    """PATCH: destroy, recover, rename (the suffix, or the whole name)."""
    chosen = single(array, query)
    for snapshot in chosen:
        if body.get('name'):
            if snapshot['destroyed']:
                raise Refused('Volume snapshot has been destroyed.', snapshot['name'])
            volume, _, suffix = body['name'].rpartition('.')
            naming.check_suffix(suffix)
            old = snapshot['name'].rpartition('.')[0]
            if volume and volume.lower() != old.lower():
                raise Refused('A rename changes the suffix only.', body['name'])
            array.snapshots.check_free(f'{old}.{suffix}')
            snapshot.update(name=f'{old}.{suffix}', suffix=suffix)
        if body.get('destroyed') is not None:
            array.mark_destroyed(snapshot, 'Volume snapshot', body['destroyed'])
    return [view(array, s) for s in chosen]
