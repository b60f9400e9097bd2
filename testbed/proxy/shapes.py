"""What an answer looks like: its headers, and of a JSON body the names of fields and the kinds of values. Never a
value, but of headers that tell how a service speaks, and from those ids and hosts are taken out.

`protector-mock/src/gate/shapes.rs` says the same of simulated services."""
import hashlib
import json
import re

_TOLD = {'allow', 'content-type', 'location', 'openstack-api-version', 'retry-after', 'vary', 'www-authenticate',
         'x-compute-request-id', 'x-openstack-nova-api-version', 'x-openstack-request-id'}
_ORIGIN = re.compile(r'https?://[^/\s"\',;]+')
_ID = {'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx': 'id', 'x' * 32: 'hexadecimal id'}
_HEXADECIMAL = str.maketrans({digit: 'x' for digit in '0123456789abcdef'} | {'x': '-x'})
_DIGITS = str.maketrans({digit: '0' for digit in '0123456789'})
_LONGEST = 36


def headers(answered):
    """{name: value, or None where only the name is told}, of (name, value) pairs."""
    told = {}
    for name, value in answered:
        name = name.lower()
        if name not in _TOLD:
            told[name] = None
        else:
            value = '/'.join(_without_id(part) for part in _ORIGIN.sub('', value).split('/'))
            told[name] = f'{told[name]}, {value}' if name in told else value
    return told


def fields(content_type, body):
    """{place: kinds, with | between}; None without a body. The body itself is at ''."""
    if not body:
        return None
    if 'json' not in (content_type or ''):
        return {'': 'no JSON'}
    try:
        value = json.loads(body)
    except ValueError:
        return {'': 'no JSON'}
    found = {}
    _add(value, '', found)
    return {place: '|'.join(sorted(kinds)) for place, kinds in sorted(found.items())}


def name(told):
    """A name for a shape: the same for the same."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _add(value, place, found):
    found.setdefault(place, set()).add(kind(value))
    if isinstance(value, dict):
        for field, inner in value.items():
            _add(inner, f'{place}.{_without_id(field)}', found)
    elif isinstance(value, list):
        for inner in value:
            _add(inner, f'{place}[]', found)


def kind(value):
    """What a value is; of a text also whether it is an id or a time, and in which form."""
    match value:
        case None:
            return 'null'
        case bool():
            return 'boolean'
        case int():
            return 'integer'
        case float():
            return 'number'
        case list():
            return 'list'
        case dict():
            return 'object'
    if len(value) > _LONGEST:
        return 'string'
    form = value.translate(_DIGITS)
    if form.startswith('0000-00-00') and form[10:11] in ('T', ' ') and not form.strip('0-:.+TZ '):
        return form
    return _ID.get(value.translate(_HEXADECIMAL), 'string')


def _without_id(text):
    start = 'req-' if text.startswith('req-') else ''
    return f'{start}ID' if text[len(start):].translate(_HEXADECIMAL) in _ID else text
