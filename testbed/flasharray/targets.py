"""Where a group replicates to: named at the source, allowed at the target."""
from . import groups
from .array import reference
from .refusal import Refused


def _view(group, target, allowed):
    return {'group': reference(group), 'member': {'id': target.id, 'name': target.name},
            'allowed': allowed}


def views(array, query):
    """GET. On a target a group's image lists this array itself."""
    found = list(array.protection_groups)
    if 'group_names' in query or 'group_ids' in query:
        found = array.protection_groups.addressed(query, 'group_names', 'group_ids')
    out = []
    for group in found:
        if group['is_local']:
            out += [_view(group, array.world.arrays[t], allowed)
                    for t, allowed in group['targets'].items()]
        else:
            source = groups.original(array, group)
            out.append(_view(group, array, bool(source and source['targets'].get(array.name))))
    wanted = {n.lower() for n in query.get('member_names', [])}
    return [v for v in out if not wanted or v['member']['name'].lower() in wanted]


def _target(array, name):
    found = next((a for n, a in array.world.arrays.items() if n.lower() == name.lower()), None)
    if found is None or found is array:
        raise Refused('Target array does not exist.', name)
    return found


def add(array, query, _body):
    """POST, at the source. The image appears on the target, which has yet to allow it."""
    chosen = array.protection_groups.addressed(query, 'group_names', 'group_ids')
    targets = [_target(array, n) for n in query.required('member_names')]
    for group in chosen:
        if group['destroyed']:
            raise Refused('Protection group has been destroyed.', group['name'])
        if not group['is_local']:
            raise Refused('Protection group belongs to a remote array.', group['name'])
        for target in targets:
            if target.name in group['targets']:
                raise Refused(f'Protection group already includes {target.name}.', group['name'])
    for group in chosen:
        for target in targets:
            group['targets'][target.name] = False
            _make_image(array, group, target)
    return [_view(g, t, False) for g in chosen for t in targets]


def _make_image(array, group, target):
    name = groups.target_name(array, group['name'])
    image = target.protection_groups.find(name)
    if image is None:
        target.protection_groups.add(groups.new_group(target, name, array, group['id']))
    else:                   # left from an earlier group of that name, with its points
        image['source_group'] = group['id']
        taken = [int(p['suffix']) for p in groups.snapshots_of(target, image)
                 if p['suffix'].isdigit()]
        group['number'] = max([group['number'], *taken])


def allow(array, query, body):
    """PATCH {"allowed": ...}, at the target, where the group is called SOURCE:GROUP."""
    if body.get('allowed') is None:
        raise Refused("'allowed' is required.", 'protection-groups/targets')
    chosen = array.protection_groups.addressed(query, 'group_names', 'group_ids')
    sources = []
    for group in chosen:
        if group['is_local']:
            raise Refused('A protection group is allowed from its target.', group['name'])
        if group['destroyed']:
            raise Refused('Protection group has been destroyed.', group['name'])
        source = groups.original(array, group)
        if source is None or array.name not in source['targets']:
            raise Refused('Protection group does not exist at its source.', group['name'])
        if source['targets'][array.name] is body['allowed']:
            word = 'allowed' if body['allowed'] else 'disallowed'
            raise Refused(f'Protection group already {word} on {array.name}.', group['name'])
        sources.append(source)
    for source in sources:
        source['targets'][array.name] = body['allowed']
    return [_view(g, array, body['allowed']) for g in chosen]


def remove(array, query, _body):
    """DELETE, at the source. Points that the target holds stay there."""
    chosen = array.protection_groups.addressed(query, 'group_names', 'group_ids')
    names = query.required('member_names')
    for group in chosen:
        for name in names:
            if name not in group['targets']:
                raise Refused('Protection group target could not be found.', name)
    for group in chosen:
        for name in names:
            del group['targets'][name]
            group['sent'].pop(name, None)
            array.world.transfers.cancel(array, group=group['id'], target=name)
            for other, image in groups.images(array, group):
                if other.name == name and not groups.snapshots_of(other, image):
                    other.protection_groups.remove(image)
    return []
