"""Protection groups: members, targets, schedules. A group G of array A is seen on its target as
A:G (a group POD::G of a pod as POD:G); what it holds there is its snapshots, not volumes."""
from . import naming
from .array import reference
from .refusal import Refused
from .space import space

SHORTEST_REPLICATION = 300_000          # milliseconds
_RETENTION = {'all_for_sec': 86400, 'per_day': 4, 'days': 7}
_SETTINGS = ('replication_schedule', 'snapshot_schedule', 'source_retention', 'target_retention')


def target_name(array, name):
    """The name of a group of `array` on its targets."""
    return name.replace('::', ':') if '::' in name else f'{array.name}:{name}'


def new_group(array, name, source=None, source_group=None):
    """A group, or with `source` the image of a group of that array on this target."""
    own = source is None
    return array.new_object(
        name, is_local=own, source=reference({'id': (source or array).id,
                                              'name': (source or array).name}),
        source_group=source_group, volumes=[], targets={}, sent={}, number=0, next_scheduled=None,
        retention_lock='unlocked',
        replication_schedule={'at': None, 'blackout': None, 'enabled': False,
                              'frequency': 14_400_000},
        snapshot_schedule={'at': None, 'enabled': False, 'frequency': 3_600_000},
        source_retention=dict(_RETENTION), target_retention=dict(_RETENTION))


def original(array, group):
    """The group at its source that a target's image stands for; None if it is eradicated."""
    source = array.world.arrays.get(group['source']['name'])
    return source and source.protection_groups.by_id.get(group['source_group'])


def view(array, group):
    shown = group if group['is_local'] else original(array, group) or group
    return {
        'id': group['id'], 'name': group['name'], 'is_local': group['is_local'],
        'source': dict(group['source']), 'pod': array.pod_reference(group['name']),
        'destroyed': group['destroyed'], 'time_remaining': array.time_remaining(group),
        'volume_count': len(shown['volumes']), 'target_count': len(shown['targets']),
        'host_count': 0, 'host_group_count': 0, 'retention_lock': group['retention_lock'],
        'eradication_config': {'manual_eradication': 'all-enabled'}, 'space': space(0),
        **{part: dict(shown[part]) for part in _SETTINGS}}


def views(array, _query):
    return [view(array, g) for g in array.protection_groups]


def create(array, query, _body):
    if 'source_names' in query or 'source_ids' in query or 'overwrite' in query:
        raise Refused('Restoring a whole group is not simulated.', 'protection-groups')
    names = query.new_names()
    for name in names:
        naming.check_group(name)
        array.check_container(name)
        array.protection_groups.check_free(name)
    return [view(array, array.protection_groups.add(new_group(array, n))) for n in names]


def _own(group):
    """Only the source changes a group."""
    if not group['is_local']:
        raise Refused('Protection group belongs to a remote array.', group['name'])
    return group


def change(array, query, body):
    """PATCH: schedules and retentions, rename, destroy, recover."""
    chosen = array.protection_groups.addressed(query)
    for group in chosen:
        if set(body) - {'destroyed'}:
            _own(group)
        if body.get('destroyed') is None and group['destroyed']:
            raise Refused('Protection group has been destroyed.', group['name'])
        _check_schedule(group, body.get('replication_schedule') or {})
        if body.get('name'):
            naming.check_group(body['name'])
            array.protection_groups.check_free(body['name'])
    for group in chosen:
        _apply(array, group, body)
    return [view(array, g) for g in chosen]


def _check_schedule(group, wanted):
    merged = {**group['replication_schedule'],
              **{k: v for k, v in wanted.items() if v is not None}}
    if merged['enabled'] and merged['frequency'] < SHORTEST_REPLICATION:
        raise Refused('Invalid replication frequency: at least 300 seconds.', group['name'])
    if merged['at'] not in (None, -1) and merged['frequency'] % 86_400_000:
        raise Refused("'at' needs a frequency of whole days.", group['name'])


def _apply(array, group, body):
    for part in _SETTINGS:
        for name, value in (body.get(part) or {}).items():
            if value is not None:
                group[part][name] = None if (name, value) == ('at', -1) else value
    if body.get('retention_lock'):
        if group['retention_lock'] == 'ratcheted' and body['retention_lock'] != 'ratcheted':
            raise Refused('Retention lock is ratcheted.', group['name'])
        group['retention_lock'] = body['retention_lock']
    if body.get('destroyed') is not None:
        array.mark_destroyed(group, 'Protection group', body['destroyed'])
        _carry_snapshots(array, group)
    if body.get('name'):
        _rename(array, group, body['name'])


def _carry_snapshots(array, group):
    """A group's snapshots are destroyed and recovered with it."""
    for point in snapshots_of(array, group):
        members = [s for s in array.snapshots if s['group_snapshot'] == point['id']]
        if group['destroyed'] and not point['destroyed']:
            point['with_group'] = True
            for one in [point, *members]:
                one.update(destroyed=True, destroyed_at=group['destroyed_at'])
        elif not group['destroyed'] and point.pop('with_group', False):
            for one in [point, *members]:
                one.update(destroyed=False, destroyed_at=None)


def _rename(array, group, name):
    for owner, image in [(array, group), *images(array, group)]:
        renamed = name if image is group else target_name(array, name)
        for point in snapshots_of(owner, image):
            for one in [point, *(s for s in owner.snapshots
                                 if s['group_snapshot'] == point['id'])]:
                one['name'] = renamed + one['name'][len(image['name']):]
        image['name'] = renamed


def snapshots_of(array, group):
    """The group's snapshots on this array, oldest first."""
    return sorted((p for p in array.protection_group_snapshots if p['group'] == group['id']),
                  key=lambda p: p['created'])


def images(array, group):
    """(target array, image of the group there)."""
    return [(other, image) for other in array.world.arrays.values()
            for image in other.protection_groups
            if image['source_group'] == group['id'] and not image['is_local']]


def _chosen(array, query):
    return array.protection_groups.addressed(query, 'group_names', 'group_ids')


def members(array, query):
    """GET protection-groups/volumes. A target's image of a group lists none."""
    found = list(array.protection_groups)
    if 'group_names' in query or 'group_ids' in query:
        found = _chosen(array, query)
    ids = None
    if 'member_names' in query or 'member_ids' in query:
        ids = {v['id'] for v in array.volumes.addressed(query, 'member_names', 'member_ids')}
    return [{'group': reference(g), 'member': {'destroyed': False, **reference(
        array.volumes.by_id[v])}}
        for g in found for v in g['volumes'] if ids is None or v in ids]


def add_members(array, query, _body):
    found = [_own(g) for g in _chosen(array, query)]
    volumes = array.volumes.addressed(query, 'member_names', 'member_ids')
    for group in found:
        if group['destroyed']:
            raise Refused('Protection group has been destroyed.', group['name'])
        for volume in volumes:
            if volume['destroyed']:
                raise Refused('Volume has been destroyed.', volume['name'])
            if volume['id'] in group['volumes']:
                raise Refused('Volume already belongs to protection group.', volume['name'])
            if naming.pod(volume['name']) != naming.pod(group['name']):
                raise Refused('Volume and protection group are not in the same pod.',
                              volume['name'])
    for group in found:
        group['volumes'] += [v['id'] for v in volumes]
    return [{'group': reference(g), 'member': {'destroyed': False, **reference(v)}}
            for g in found for v in volumes]


def remove_members(array, query, _body):
    found = [_own(g) for g in _chosen(array, query)]
    for name in query.get('member_names', []):
        if array.volumes.find(name) is None:
            raise Refused('Protection group membership could not be found.', name)
    volumes = array.volumes.addressed(query, 'member_names', 'member_ids')
    for group in found:
        for volume in volumes:
            if volume['id'] not in group['volumes']:
                raise Refused('Protection group membership could not be found.', volume['name'])
    for group in found:
        group['volumes'] = [v for v in group['volumes'] if v not in {x['id'] for x in volumes}]
    return []
