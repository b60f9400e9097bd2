"""Volumes: created, copied over one another, resized, renamed, destroyed, eradicated."""
from . import naming
from .array import reference
from .content import cut_to
from .refusal import Refused
from .space import space

SMALLEST, LARGEST = 1 << 20, 4 << 50        # bytes


def view(array, volume):
    """A volume as the array shows it."""
    name = volume['name']
    return {
        'id': volume['id'], 'name': name, 'serial': volume['serial'],
        'provisioned': volume['provisioned'], 'created': volume['created'],
        'destroyed': volume['destroyed'], 'time_remaining': array.time_remaining(volume),
        'connection_count': sum(c['volume'] == volume['id'] for c in array.connections),
        'source': dict(volume['source']), 'qos': dict(volume['qos']),
        'pod': array.pod_reference(name), 'volume_group': array.volume_group_reference(name),
        'protocol_endpoint': {'container_version': None}, 'subtype': 'regular', 'priority': 0,
        'priority_adjustment': {'priority_adjustment_operator': '+',
                                'priority_adjustment_value': 0},
        'host_encryption_key_status': 'none', 'requested_promotion_state': 'promoted',
        'promotion_status': 'promoted', 'space': space(volume['provisioned'])}


def views(array, _query):
    return [view(array, v) for v in array.volumes]


def _check_size(size, name):
    if size % 512 or not SMALLEST <= size <= LARGEST:
        raise Refused('Invalid volume size.', name)


def _check_protection(query):
    """`overwrite` excludes initial protection; the false that Cinder sends with it is let pass."""
    if query.flag('with_default_protection') or 'add_to_protection_group_names' in query \
            or 'add_to_protection_group_ids' in query:
        raise Refused("'overwrite' cannot be given together with 'with_default_protection' or"
                      " 'add_to_protection_group_names'.", 'overwrite')


def find_source(array, wanted):
    """What a copy is made from: a living volume, or a snapshot that is here and complete."""
    given = [k for k in ('name', 'id') if wanted.get(k) is not None]
    if len(given) != 1:
        raise Refused("'source' takes either a name or an id.", 'source')
    key = wanted[given[0]]
    for things in (array.volumes, array.snapshots):
        found = things.find(key) if given == ['name'] else things.by_id.get(key)
        if found is not None:
            if found['destroyed']:
                raise Refused('Source has been destroyed.', key)
            return found
    raise Refused('Source does not exist.', key)


def _origin(source):
    """A copy of a snapshot names the volume that the snapshot is of."""
    return dict(source['source']) if 'suffix' in source else reference(source)


def create(array, query, body):
    """POST: new volumes, or copies, over an existing volume with overwrite=true."""
    names = query.new_names()
    overwrite = query.flag('overwrite') or False
    wanted = body.get('source')
    if overwrite:
        _check_protection(query)
        if not wanted:
            raise Refused("'overwrite' needs a source.", names[0])
    if wanted and body.get('provisioned') is not None:
        raise Refused("'provisioned' cannot be given together with 'source'.", names[0])
    source = find_source(array, wanted) if wanted else None
    size = source['provisioned'] if source else body.get('provisioned', SMALLEST)
    _check_size(size, names[0])
    groups = array.protection_groups.addressed(
        query, 'add_to_protection_group_names', 'add_to_protection_group_ids') \
        if not overwrite and ('add_to_protection_group_names' in query
                              or 'add_to_protection_group_ids' in query) else []
    for name in names:
        naming.check_object('Volume', name)
        array.check_container(name)
        if overwrite and array.volumes.find(name) is not None:
            array.volumes.usable(name)
        else:
            array.volumes.check_free(name)
    made = [_overwritten(array, name, source) if overwrite and array.volumes.find(name)
            else _created(array, name, size, body, source) for name in names]
    for group in groups:
        group['volumes'] += [v['id'] for v in made]
    return [view(array, v) for v in made]


def _created(array, name, size, body, source):
    limits = body.get('qos') or {}
    volume = array.volumes.add(array.new_object(
        name, serial=array.new_serial(), provisioned=size,
        source=_origin(source) if source else reference(None),
        qos={'bandwidth_limit': limits.get('bandwidth_limit') or None,
             'iops_limit': limits.get('iops_limit') or None},
        extents=dict(source['extents']) if source else {}))
    if source and 'suffix' not in source:
        array.tags += [dict(t, resource=volume['id']) for t in array.tags
                       if t['resource'] == source['id'] and t['copyable']]
    return volume


def _overwritten(array, name, source):
    """The content, size and origin change; id, serial, limits, tags, groups and hosts stay."""
    volume = array.volumes.named(name)
    volume.update(provisioned=source['provisioned'], extents=dict(source['extents']),
                  source=_origin(source))
    return volume


def change(array, query, body):
    """PATCH: rename, resize, destroy, recover, move, limit."""
    chosen = array.volumes.addressed(query)
    if ('name' in body or 'pod' in body or 'volume_group' in body) and len(chosen) != 1:
        raise Refused('Only one volume can be renamed or moved at a time.', 'name')
    for volume in chosen:
        _check_change(array, volume, query, body)
    for volume in chosen:
        _apply_change(array, volume, body)
    for word, add in (('add_to', True), ('remove_from', False)):
        parameters = f'{word}_protection_group_names', f'{word}_protection_group_ids'
        if any(p in query for p in parameters):
            for group in array.protection_groups.addressed(query, *parameters):
                ids = [v['id'] for v in chosen]
                group['volumes'] = [v for v in group['volumes'] if v not in ids] + ids * add
    return [view(array, v) for v in chosen]


def _check_change(array, volume, query, body):
    name = volume['name']
    if body.get('destroyed') is None and volume['destroyed']:
        raise Refused('Volume has been destroyed.', name)
    if body.get('destroyed') and any(c['volume'] == volume['id'] for c in array.connections):
        raise Refused('Volume cannot be deleted due to existing connections.', name)
    if body.get('provisioned') is not None:
        _check_size(body['provisioned'], name)
        if body['provisioned'] < volume['provisioned'] and not query.flag('truncate'):
            raise Refused('Implicit truncation not permitted.', name)
    new = new_name(volume, body)
    if new.lower() != name.lower():
        naming.check_object('Volume', new)
        array.check_container(new)
        if array.volumes.find(new):
            raise Refused('Volume already exists.', new)
        if not ({'pod', 'volume_group'} & set(body)) \
                and (naming.pod(new), naming.volume_group(new)) \
                != (naming.pod(name), naming.volume_group(name)):
            raise Refused('A rename does not move a volume.', new)


def new_name(volume, body):
    """What the volume is called after this change."""
    own = naming.base(volume['name'])
    if 'pod' in body:
        pod = body['pod'].get('name')
        return f'{pod}::{own}' if pod else own
    if 'volume_group' in body:
        group = body['volume_group'].get('name')
        return f'{group}/{own}' if group else own
    return body.get('name') or volume['name']


def _apply_change(array, volume, body):
    if body.get('destroyed') is not None:
        array.mark_destroyed(volume, 'Volume', body['destroyed'])
        _carry_snapshots(array, volume)
        if body['destroyed']:
            for group in array.protection_groups:
                group['volumes'] = [v for v in group['volumes'] if v != volume['id']]
    if body.get('provisioned') is not None:
        volume['provisioned'] = body['provisioned']
        volume['extents'] = cut_to(volume['extents'], volume['provisioned'])
    for limit, value in (body.get('qos') or {}).items():
        volume['qos'][limit] = value or None
    old, volume['name'] = volume['name'], new_name(volume, body)
    if old != volume['name']:
        for snapshot in own_snapshots(array, volume):
            snapshot['name'] = volume['name'] + '.' + snapshot['suffix']


def own_snapshots(array, volume):
    """Snapshots of this volume alone; those of its groups belong to the groups."""
    return [s for s in array.snapshots
            if s['source']['id'] == volume['id'] and s['group_snapshot'] is None]


def _carry_snapshots(array, volume):
    """A volume's own snapshots are destroyed and recovered with it."""
    for snapshot in own_snapshots(array, volume):
        if volume['destroyed'] and not snapshot['destroyed']:
            snapshot.update(destroyed=True, destroyed_at=volume['destroyed_at'], with_volume=True)
        elif not volume['destroyed'] and snapshot.pop('with_volume', False):
            snapshot.update(destroyed=False, destroyed_at=None)
