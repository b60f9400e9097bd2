"""Picking, filtering, sorting and paging of lists of views."""
import base64
import fnmatch

from .expression import Expression, value_at
from .refusal import Refused


def pick(views, query, noun):
    """Applies names, ids and destroyed. A named one that is not there, or is there in the other
    destroyed state, is an error and not an empty list."""
    destroyed = query.flag('destroyed')

    def alive_as_asked(view):
        return destroyed is None or view.get('destroyed') is destroyed

    if 'names' in query:
        by_name = {v['name'].lower(): v for v in views}
        found = []
        for name in query['names']:
            if '*' in name:
                found += [v for v in views if fnmatch.fnmatchcase(v['name'].lower(), name.lower())
                          and alive_as_asked(v)]
            else:
                view = by_name.get(name.lower())
                if view is None or not alive_as_asked(view):
                    raise Refused(f'{noun} does not exist.', name)
                found.append(view)
        return found
    if 'ids' in query:
        by_id = {v['id']: v for v in views}
        for one in query['ids']:
            if one not in by_id or not alive_as_asked(by_id[one]):
                raise Refused(f'{noun} does not exist.', one)
        return [by_id[one] for one in query['ids']]
    return [v for v in views if alive_as_asked(v)]


def page(views, query, page_size):
    """Applies filter, sort, offset, continuation_token and limit: the answer's body. A page never
    holds more than `page_size` items."""
    if 'filter' in query:
        views = [v for v in views if Expression(query['filter'])(v)]
    for key in reversed(query.get('sort') or []):
        views = sorted(views, key=lambda v, k=key: _order(value_at(v, k.strip('-'))),
                       reverse=key.startswith('-') or key.endswith('-'))
    start = query.number('offset') or 0
    if 'continuation_token' in query:
        start = _offset_of(query['continuation_token'])
    limit = query.number('limit')
    size = page_size if limit is None else min(limit, page_size)
    items = views[start:start + size]
    more = start + size < len(views)
    token = None
    if more and items and 'sort' not in query:
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return {'items': items, 'more_items_remaining': more, 'continuation_token': token,
            'total_item_count': len(views) if query.flag('total_item_count') or limit == 0
            else None}


def _order(value):
    return (value is not None, value if value is not None else 0)


def _offset_of(token):
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        raise Refused('Invalid continuation token.', token) from None
