"""Answers without what differs from cloud to cloud: ids, times, addresses that a cloud chose, secrets."""
import json
import re

CHANGES = [
    (re.compile(r'^gAAAA[\w=-]+$'), '<token>'),
    (re.compile(r'req-[0-9a-f-]{36}'), '<request>'),
    (re.compile(r'\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b'), '<id>'),
    (re.compile(r'\b[0-9a-f]{64}\b'), '<id>'),
    (re.compile(r'\b[0-9a-f]{56}\b'), '<host>'),
    (re.compile(r'\b[0-9a-f]{32}\b'), '<id>'),
    (re.compile(r'\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?'), '<time>'),
    (re.compile(r'\bhttp://127\.0\.0\.1:\d+'), '<origin>'),
    (re.compile(r'\bfa:16:3e:(?!77:00:)[0-9a-f:]{8}\b'), '<mac>'),
    (re.compile(r'\b10\.7[78]\.0\.1\d\d\b(?!-10)'), '<address>'),
]
NUMBERED = {'standard_attr_id', 'provider:segmentation_id'}
SECRET = {'secret', 'auth_key', 'Secret', 'adminPass'}
NIL = '00000000-0000-0000-0000-000000000000'


def of(value, saved, field=None):
    if isinstance(value, dict):
        return {text(key, saved): of(inner, saved, key) for key, inner in value.items()}
    if isinstance(value, list):
        items = [of(inner, saved, field) for inner in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    if field in SECRET and isinstance(value, str):
        return '<secret>'
    if field in NUMBERED and isinstance(value, int):
        return '<number>'
    if field == 'command':
        return value
    return text(value, saved) if isinstance(value, str) else value


def text(value, saved):
    for name in ('image_file', 'public_key_file'):
        value = value.replace(saved[name], f'<{name}>')
    if NIL in value:
        return value
    if value.startswith('usage: '):
        # The client's own words, which begin with how it was started, and break lines where that leads.
        value = ' '.join(value.replace(value.split()[1], '<program>').split())
    for pattern, instead in CHANGES:
        value = pattern.sub(instead, value)
    return value


def differences(real, simulated, path=''):
    """What is not the same, a line each."""
    if type(real) is not type(simulated):
        return [f'{path}: {real!r} is real, {simulated!r} is simulated']
    if isinstance(real, dict):
        found = [f'{path}.{key}: only real, {real[key]!r}' for key in real if key not in simulated]
        found += [f'{path}.{key}: only simulated, {simulated[key]!r}' for key in simulated if key not in real]
        for key in real.keys() & simulated.keys():
            found += differences(real[key], simulated[key], f'{path}.{key}')
        return sorted(found)
    if isinstance(real, list) and len(real) == len(simulated):
        return [line for place, (one, other) in enumerate(zip(real, simulated))
                for line in differences(one, other, f'{path}[{place}]')]
    return [] if real == simulated else [f'{path}: {real!r} is real, {simulated!r} is simulated']
