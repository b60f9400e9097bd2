"""The windows for tests, outside the array's API: what it holds, what it should do next. They need
no session and answer while the array plays dead."""
from dataclasses import asdict

from . import content
from .array import NOUNS
from .refusal import Refused

_FAILURES = ('unavailable', 'hang', 'close')


def state(array):
    """Everything, by name, ids in references resolved: for reading, not for loading."""
    names = {v['id']: v['name'] for v in array.volumes}
    shown = {kind: {i['name']: dict(i) for i in getattr(array, kind)} for kind in NOUNS}
    for group in shown['protection_groups'].values():
        group['volumes'] = [names.get(v) for v in group['volumes']]
        del group['sent']
    return {'name': array.name, 'id': array.id, 'up': array.up, **shown,
            'connections': [{**c, 'volume': names.get(c['volume']), 'volume_id': c['volume']}
                            for c in array.connections],
            'tags': [{**t, 'resource': names.get(t['resource']), 'resource_id': t['resource']}
                     for t in array.tags],
            'transfers': [t for t in array.world.transfers.under_way
                          if array.name in (t['source'], t['target'])]}


def _thing(array, query):
    """The volume or snapshot that `volume=` or `snapshot=` names."""
    if 'snapshot' in query:
        return array.snapshots.named(query['snapshot'])
    if 'volume' in query:
        return array.volumes.named(query['volume'])
    raise Refused("'volume' or 'snapshot' is required.", '/_content')


def read_content(array, query, _body):
    """GET /_content?volume=NAME or ?snapshot=NAME."""
    thing = _thing(array, query)
    return {'name': thing['name'], 'id': thing['id'], 'serial': thing['serial'],
            'provisioned': thing['provisioned'], 'extents': thing['extents']}


def write_content(array, query, body):
    """POST /_write?volume=NAME, body {"extents": {"0": "id"}} or none for random content; answers
    with what was written."""
    volume = array.volumes.usable(query.get('volume', ''))
    done = content.written(volume, (body or {}).get('extents'))
    array.world.changed()
    return {'name': volume['name'], 'id': volume['id'], 'written': done,
            'extents': volume['extents']}


def fail(array, query, _body):
    """POST /_fail?on=1[&mode=unavailable|hang|close]; on=0 ends it."""
    array.world.advance()
    mode = query.get('mode', _FAILURES[0])
    if mode not in _FAILURES:
        raise Refused(f'mode is one of {", ".join(_FAILURES)}.', mode)
    array.failure = mode if query.get('on', '1') != '0' else None
    array.world.lock.notify_all()
    return {'failure': array.failure}


def refuse(array, query, _body):
    """POST /_refuse?what=POST+volumes[&times=N][&message=TEXT][&query=PART]: such requests (those
    whose query string contains PART) get 400; an empty `what` ends all of it."""
    if not query.get('what'):
        array.refusals = []
    else:
        array.refusals.append({
            'what': query['what'], 'times': query.number('times'), 'query': query.get('query', ''),
            'message': query.get('message', 'Refused by the array (test).')})
    return {'refusals': array.refusals}


def refusal_of(array, method, path, raw_query):
    """The next ordered refusal that fits a request, used up by one."""
    for one in list(array.refusals):
        if one['what'] == f'{method} {path}' and one['query'] in raw_query:
            if one['times'] is not None:
                one['times'] -= 1
                if one['times'] <= 0:
                    array.refusals.remove(one)
            return Refused(one['message'], 'test')
    return None


def settings(array, query, body):
    """GET and POST /_settings; to change, name them in the query or in a JSON body. They hold
    for all arrays of the process."""
    wanted = {**query, **(body or {})}
    array.world.settings.change(wanted)
    if wanted:
        array.world.changed()
    return asdict(array.world.settings)


def expire_sessions(array, _query, _body):
    """POST /_expire: every session ends, the next request gets 401."""
    array.sessions.clear()
    return {}


def open_sessions(array, _query, _body):
    """GET /_sessions: how many sessions nobody has ended yet."""
    return {'sessions': len(array.sessions)}


WINDOWS = {
    ('GET', '/_state'): lambda array, _query, _body: state(array),
    ('GET', '/_content'): read_content,
    ('POST', '/_write'): write_content,
    ('POST', '/_fail'): fail,
    ('POST', '/_refuse'): refuse,
    ('GET', '/_settings'): settings,
    ('POST', '/_settings'): settings,
    ('POST', '/_expire'): expire_sessions,
    ('GET', '/_sessions'): open_sessions,
}
