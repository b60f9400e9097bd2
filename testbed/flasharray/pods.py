"""Pods: what is in a stretched pod is on all its arrays. Enough for Cinder's synchronous mode;
mediator, promotion and links are not simulated."""
from . import naming
from .array import NOUNS, reference
from .refusal import Refused
from .space import space

_MIRRORED = ('volumes', 'snapshots', 'protection_groups', 'protection_group_snapshots')


def view(array, pod):
    arrays = array.world.arrays
    here = [{'id': arrays[n].id, 'name': n, 'frozen_at': None, 'pre_elected': False,
             'progress': None, 'status': 'online' if arrays[n].up else 'offline',
             'mediator_status': 'online'} for n in pod['arrays']]
    return {'id': pod['id'], 'name': pod['name'], 'created': pod['created'],
            'destroyed': pod['destroyed'], 'time_remaining': array.time_remaining(pod),
            'arrays': here, 'members': here, 'array_count': len(here), 'link_source_count': 0,
            'link_target_count': 0, 'promotion_status': 'promoted',
            'requested_promotion_state': 'promoted', 'mediator': 'purestorage',
            'mediator_version': '1.0', 'failover_preferences': [], 'footprint': 0,
            'quota_limit': None, 'source': reference(None), 'space': space(0),
            'eradication_config': {'manual_eradication': 'all-enabled'}}


def views(array, _query):
    return [view(array, p) for p in array.pods]


def create(array, query, body):
    if body.get('source'):
        raise Refused('Copies of pods are not simulated.', 'pods')
    names = query.new_names()
    for name in names:
        naming.check_object('Pod', name)
        array.pods.check_free(name)
    return [view(array, array.pods.add(array.new_object(n, arrays=[array.name])))
            for n in names]


def _content(array, pod):
    return [(kind, item) for kind in _MIRRORED for item in getattr(array, kind)
            if naming.pod(item['name']) == pod['name']]


def _drop(array, pod):
    """Takes a pod with everything in it from one array."""
    for kind, item in _content(array, pod):
        if kind == 'volumes':
            array.tags = [t for t in array.tags if t['resource'] != item['id']]
            array.connections = [c for c in array.connections if c['volume'] != item['id']]
        getattr(array, kind).remove(item)
    array.pods.remove(pod)


def change(array, query, body):
    chosen = array.pods.addressed(query)
    if set(body) - {'destroyed'}:
        raise Refused('Only destroying and recovering of pods is simulated.', 'pods')
    for pod in chosen:
        living = [i for kind, i in _content(array, pod) if kind == 'volumes'
                  and not i['destroyed']]
        if body.get('destroyed') and living and not query.flag('destroy_contents'):
            raise Refused('Pod is not empty.', pod['name'])
        if body.get('destroyed') is not None:
            array.mark_destroyed(pod, 'Pod', body['destroyed'])
    return [view(array, p) for p in chosen]


def eradicate(array, query, _body):
    chosen = array.pods.addressed(query)
    for pod in chosen:
        if not pod['destroyed']:
            raise Refused('Pod is not destroyed.', pod['name'])
        if _content(array, pod) and not query.flag('eradicate_contents'):
            raise Refused('Pod is not empty.', pod['name'])
    for pod in chosen:
        for name in pod['arrays']:
            _drop(array.world.arrays[name], pod)
    return []


def arrays(array, query):
    """GET pods/arrays."""
    chosen = array.pods.addressed(query, 'group_names', 'group_ids') \
        if 'group_names' in query or 'group_ids' in query else list(array.pods)
    return [{'group': reference(p), 'member': {'id': array.world.arrays[n].id, 'name': n}}
            for p in chosen for n in p['arrays']]


def _other_arrays(array, query):
    names = query.required('member_names')
    for name in names:
        if name not in array.world.arrays:
            raise Refused('Array does not exist.', name)
    return names


def stretch(array, query, _body):
    chosen = array.pods.addressed(query, 'group_names', 'group_ids')
    names = _other_arrays(array, query)
    for pod in chosen:
        for name in names:
            if name in pod['arrays']:
                raise Refused('Array already exists in pod.', name)
    for pod in chosen:
        pod['arrays'] += names
    return arrays(array, query)


def unstretch(array, query, _body):
    for pod in array.pods.addressed(query, 'group_names', 'group_ids'):
        for name in _other_arrays(array, query):
            if name not in pod['arrays']:
                raise Refused('Array does not exist in pod.', name)
            pod['arrays'].remove(name)
            _drop(array.world.arrays[name], pod)
    return []


def default_protections(array, query):
    """GET container-default-protections: none are configured."""
    named = query.get('names', [''])
    return [{'id': None, 'name': n, 'type': 'pod' if n else '', 'default_protections': []}
            for n in named]


def mirror(array):
    """After a change on `array`: the other arrays of its stretched pods hold the same."""
    assert set(_MIRRORED) <= set(NOUNS)
    for pod in array.pods:
        for name in pod['arrays']:
            other = array.world.arrays.get(name)
            if other is None or other is array:
                continue
            other.pods.add(pod)
            for kind, item in _content(other, pod):
                if item['id'] not in getattr(array, kind).by_id:
                    getattr(other, kind).remove(item)
            for kind, item in _content(array, pod):
                getattr(other, kind).add(item)
