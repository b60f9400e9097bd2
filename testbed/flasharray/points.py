"""Snapshots of protection groups. On the source they are complete at once; on a target one is
listed while it arrives, and its member snapshots are there when all of it is."""
from . import groups, naming, snapshots
from .array import milliseconds, reference
from .refusal import Refused
from .space import space


def view(array, point):
    group = array.protection_groups.by_id.get(point['group'])
    return {'id': point['id'], 'name': point['name'], 'suffix': point['suffix'],
            'created': point['created'], 'destroyed': point['destroyed'],
            'time_remaining': array.time_remaining(point), 'source': reference(group),
            'pod': array.pod_reference(point['name']), 'space': space(0),
            'eradication_config': {'manual_eradication': 'all-enabled'}}


def transfer_view(array, point):
    """How far it has come; milliseconds and bytes."""
    return {**{k: point['transfer'][k] for k in (
        'started', 'completed', 'progress', 'data_transferred', 'physical_bytes_written')},
        'id': point['id'], 'name': point['name'], 'destroyed': point['destroyed'],
        'source': reference(array.protection_groups.by_id.get(point['group']))}


def _of_sources(array, query, found):
    if 'source_names' in query or 'source_ids' in query:
        ids = {g['id'] for g in array.protection_groups.addressed(
            query, 'source_names', 'source_ids')}
        found = [p for p in found if p['group'] in ids]
    return found


def _with_groups_spelt_out(array, query):
    """In `names` a group stands for all of its snapshots."""
    if 'names' not in query:
        return query
    spelt, names = type(query)(query), []
    for name in query['names']:
        group = array.protection_groups.find(name)
        if group is None:
            names.append(name)
        else:
            wanted = query.flag('destroyed')
            names += [p['name'] for p in groups.snapshots_of(array, group)
                      if wanted is None or p['destroyed'] is wanted]
    spelt['names'] = names
    return spelt


def views(array, query):
    """GET: the views and the query to pick from them."""
    found = _of_sources(array, query, array.protection_group_snapshots)
    return [view(array, p) for p in found], _with_groups_spelt_out(array, query)


def transfers(array, query):
    """GET .../transfer: what arrives or has arrived here. A source's own list is empty."""
    found = _of_sources(array, query, array.protection_group_snapshots)
    query = _with_groups_spelt_out(array, query)
    arrived = [p for p in found if p['transfer']]
    if 'names' in query:
        for name in [n for n in query['names'] if '*' not in n]:
            array.protection_group_snapshots.named(name)
        query['names'] = [n for n in query['names'] if '*' in n
                          or any(p['name'].lower() == n.lower() for p in arrived)]
    return [transfer_view(array, p) for p in arrived], query


def take(array, group, suffix=None, scheduled=False):
    """One point in time of all members. Without a suffix it gets the group's next number."""
    if not suffix:
        group['number'] += 1
        suffix = str(group['number'])
    name = f"{group['name']}.{suffix}"
    point = array.protection_group_snapshots.add(array.new_object(
        name, suffix=suffix, group=group['id'], scheduled=scheduled, transfer=None))
    for one in group['volumes']:
        volume = array.volumes.by_id[one]
        own = naming.base(volume['name'])
        snapshots.take(array, volume, f'{name}.{own}', f'{suffix}.{own}', point['created'],
                       point['id'])
    return point


def create(array, query, body):
    """POST: snapshots of groups, sent to their targets with replicate_now or replicate."""
    chosen = array.protection_groups.addressed(query, 'source_names', 'source_ids')
    now, queued = query.flag('replicate_now'), query.flag('replicate')
    if now and queued:
        raise Refused("'replicate' and 'replicate_now' cannot be used together.", 'replicate')
    suffix = body.get('suffix')
    if suffix:
        naming.check_suffix(suffix)
    for group in chosen:
        _check_source(array, group, suffix, now or queued)
    made = []
    for group in chosen:
        point = take(array, group, suffix)
        if query.flag('for_replication'):
            point['eradicate_at'] = array.world.now() + array.world.settings.for_replication_life
        if now or queued:
            array.world.transfers.send(array, group, point, ahead=bool(now))
        made.append(view(array, point))
    return made


def _check_source(array, group, suffix, replicated):
    if not group['is_local']:
        raise Refused('Protection group belongs to a remote array.', group['name'])
    if group['destroyed']:
        raise Refused('Protection group has been destroyed.', group['name'])
    if suffix:
        array.protection_group_snapshots.check_free(f"{group['name']}.{suffix}")
        for target in group['targets']:
            other = array.world.arrays[target]
            name = f"{groups.target_name(array, group['name'])}.{suffix}"
            if replicated and other.protection_group_snapshots.find(name):
                raise Refused(f'Protection group snapshot already exists on {target}.', name)
    if replicated and not any(group['targets'].values()):
        raise Refused('Protection group has no target that allows replication.', group['name'])


def change(array, query, body):
    """PATCH: destroy or recover."""
    chosen = array.protection_group_snapshots.addressed(query)
    if body.get('name'):
        raise Refused('Renaming a group snapshot is not simulated.', body['name'])
    for point in chosen:
        if body.get('destroyed') is not None:
            array.mark_destroyed(point, 'Protection group snapshot', body['destroyed'])
            for one in members(array, point):
                one.update(destroyed=point['destroyed'], destroyed_at=point['destroyed_at'])
    return [view(array, p) for p in chosen]


def members(array, point):
    return [s for s in array.snapshots if s['group_snapshot'] == point['id']]


def arrive(array, image, sent):
    """A point begins to arrive on the target `array`: listed, with nothing to restore from."""
    point = array.new_object(
        f"{image['name']}.{sent['suffix']}", suffix=sent['suffix'], group=image['id'],
        scheduled=sent['scheduled'],
        transfer={'started': milliseconds(array.world.now()), 'completed': None, 'progress': 0.0,
                  'data_transferred': 0, 'physical_bytes_written': 0})
    point['created'] = sent['created']
    return array.protection_group_snapshots.add(point)


def complete(array, point, source, sent):
    """All of it is here: the member snapshots appear at once."""
    for one in members(source, sent):
        own = one['name'][len(sent['name']) + 1:]
        made = array.new_object(
            f"{point['name']}.{own}", suffix=f"{point['suffix']}.{own}",
            serial=array.new_serial(), provisioned=one['provisioned'],
            source={'id': one['source']['id'], 'name': f"{source.name}:{one['source']['name']}"},
            group_snapshot=point['id'], extents=one['extents'])
        made.update(created=sent['created'], destroyed=point['destroyed'],
                    destroyed_at=point['destroyed_at'])
        array.snapshots.add(made)
    point['transfer'].update(completed=milliseconds(array.world.now()), progress=1.0)
