"""Volume groups: containers of volumes called GROUP/VOLUME."""
from . import naming
from .refusal import Refused
from .space import space


def _content(array, group):
    return [v for v in array.volumes if naming.volume_group(v['name']) == group['name']]


def view(array, group):
    return {'id': group['id'], 'name': group['name'], 'destroyed': group['destroyed'],
            'time_remaining': array.time_remaining(group), 'qos': dict(group['qos']),
            'pod': array.pod_reference(group['name']), 'space': space(0),
            'priority_adjustment': {'priority_adjustment_operator': '+',
                                    'priority_adjustment_value': 0},
            'volume_count': sum(not v['destroyed'] for v in _content(array, group))}


def views(array, _query):
    return [view(array, g) for g in array.volume_groups]


def create(array, query, body):
    names = query.new_names()
    for name in names:
        naming.check_object('Volume group', name)
        array.check_container(name)
        array.volume_groups.check_free(name)
    limits = {'bandwidth_limit': None, 'iops_limit': None, **(body.get('qos') or {})}
    return [view(array, array.volume_groups.add(array.new_object(n, qos=dict(limits))))
            for n in names]


def change(array, query, body):
    chosen = array.volume_groups.addressed(query)
    if body.get('name'):
        raise Refused('Renaming a volume group is not simulated.', body['name'])
    for group in chosen:
        living = [v for v in _content(array, group) if not v['destroyed']]
        if body.get('destroyed') and living and not query.flag('destroy_contents'):
            raise Refused('Volume group is not empty.', group['name'])
    for group in chosen:
        group['qos'].update({k: v or None for k, v in (body.get('qos') or {}).items()})
        if body.get('destroyed') is not None:
            array.mark_destroyed(group, 'Volume group', body['destroyed'])
    return [view(array, g) for g in chosen]


def eradicate(array, query, _body):
    chosen = array.volume_groups.addressed(query)
    for group in chosen:
        if not group['destroyed']:
            raise Refused('Volume group is not destroyed.', group['name'])
        if _content(array, group) and not query.flag('eradicate_contents'):
            raise Refused('Volume group is not empty.', group['name'])
    for group in chosen:
        array.volume_groups.remove(group)
    return []
