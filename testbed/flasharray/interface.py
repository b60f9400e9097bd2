"""What may be asked: end-points, query parameters and body fields of REST 2.x up to NEWEST.

Written from the vendor's OpenAPI files (2.4, 2.26, 2.36); `@N` marks what came with 2.N. What is
not in here is refused, as an array does: a misspelt parameter must not pass for a default.
"""
from dataclasses import dataclass, field

from .refusal import Refused

NEWEST = 36
VERSIONS = [f'2.{n}' for n in range(NEWEST + 1) if n not in (12, 18)]

_PLAIN = 'filter limit offset sort total_item_count'
_LIST = 'continuation_token ' + _PLAIN
_NAMED = _LIST + ' names'
_KEPT = _NAMED + ' destroyed ids total_only'
_REFERENCE = {'id', 'name'}

# path: {method: (query parameters, body fields or None)}
_TABLE = {
    'arrays': {'GET': (_PLAIN, None)},
    'arrays/space': {'GET': (_PLAIN + ' start_time end_time resolution', None)},
    'arrays/performance': {
        'GET': (_PLAIN + ' start_time end_time resolution protocol protocol_group', None)},
    'array-connections': {'GET': (_NAMED, None)},
    'controllers': {'GET': (_NAMED, None)},
    'hardware': {'GET': (_PLAIN + ' names', None)},
    'ports': {'GET': (_PLAIN + ' names', None)},
    'network-interfaces': {'GET': (_NAMED, None)},
    'hosts': {
        'GET': (_NAMED + ' destroyed@36', None),
        'POST': ('names', 'chap iqns nqns personality preferred_arrays vlan wwns'),
        'PATCH': ('names', 'name add_iqns add_nqns add_wwns chap host_group iqns nqns personality'
                           ' preferred_arrays remove_iqns remove_nqns remove_wwns vlan wwns'),
        'DELETE': ('names', None)},
    'connections': {
        'GET': (_LIST + ' host_group_names host_names volume_ids@9 volume_names'
                        ' protocol_endpoint_ids@9 protocol_endpoint_names', None),
        'POST': ('host_group_names host_names volume_ids@9 volume_names',
                 'lun protocol_endpoint'),
        'DELETE': ('host_group_names host_names volume_ids@9 volume_names', None)},
    'volumes': {
        'GET': (_KEPT, None),
        'POST': ('names overwrite with_default_protection@16 add_to_protection_group_names@16'
                 ' add_to_protection_group_ids@26 allow_throttle@31',
                 'destroyed priority_adjustment protocol_endpoint provisioned qos source subtype'),
        'PATCH': ('ids names truncate add_to_protection_group_names@23'
                  ' add_to_protection_group_ids@26 remove_from_protection_group_names@23'
                  ' remove_from_protection_group_ids@26',
                  'destroyed name pod priority_adjustment protocol_endpoint provisioned qos'
                  ' requested_promotion_state volume_group'),
        'DELETE': ('ids names', None)},
    'volumes/tags': {
        'GET': (_LIST + ' namespaces resource_destroyed resource_ids resource_names', None),
        'DELETE': ('keys namespaces resource_ids resource_names', None)},
    'volumes/tags/batch': {
        'PUT': ('resource_ids resource_names', 'copyable key namespace resource value')},
    'volume-snapshots': {
        'GET': (_KEPT + ' source_ids source_names', None),
        'POST': ('source_ids source_names on allow_throttle@25', 'destroyed suffix'),
        'PATCH': ('ids names replication_snapshot@4', 'destroyed name'),
        'DELETE': ('ids names replication_snapshot@4', None)},
    'protection-groups': {
        'GET': (_NAMED + ' destroyed total_only ids@26', None),
        'POST': ('names overwrite source_names source_ids@26', ''),
        'PATCH': ('names ids@26',
                  'name destroyed eradication_config pod replication_schedule retention_lock@13'
                  ' snapshot_schedule source_retention target_retention'),
        'DELETE': ('names ids@26', None)},
    'protection-groups/volumes': {
        'GET': (_LIST + ' group_names group_ids@26 member_names member_ids@9 member_destroyed@9',
                None),
        'POST': ('group_names group_ids@26 member_names member_ids@9', ''),
        'DELETE': ('group_names group_ids@26 member_names member_ids@9', None)},
    'protection-groups/targets': {
        'GET': (_LIST + ' group_names group_ids@26 member_names', None),
        'POST': ('group_names group_ids@26 member_names', ''),
        'PATCH': ('group_names group_ids@26 member_names', 'allowed protection_group target'),
        'DELETE': ('group_names group_ids@26 member_names', None)},
    'protection-group-snapshots': {
        'GET': (_NAMED + ' destroyed total_only source_names ids@26 source_ids@26', None),
        'POST': ('source_names source_ids@26 apply_retention for_replication@4 replicate@4'
                 ' replicate_now@4 allow_throttle@25', 'suffix'),
        'PATCH': ('names ids@26', 'name destroyed eradication_config'),
        'DELETE': ('names ids@26', None)},
    'protection-group-snapshots/transfer': {
        'GET': (_PLAIN + ' continuation_token@29 names destroyed total_only source_names ids@26'
                         ' source_ids@26', None)},
    'pods': {
        'GET': (_KEPT, None),
        'POST': ('names allow_throttle@31', 'failover_preferences quota_limit source'),
        'PATCH': ('ids names abort_quiesce destroy_contents promote_from quiesce skip_quiesce',
                  'name destroyed failover_preferences mediator requested_promotion_state'
                  ' quota_limit ignore_usage'),
        'DELETE': ('ids names eradicate_contents', None)},
    'pods/arrays': {
        'GET': (_PLAIN + ' group_ids group_names member_ids member_names', None),
        'POST': ('group_ids group_names member_ids member_names', ''),
        'DELETE': ('group_ids group_names member_ids member_names with_unknown', None)},
    'container-default-protections': {'GET': (_NAMED + ' destroyed ids', None)},
    'volume-groups': {
        'GET': (_KEPT, None),
        'POST': ('names', 'name priority_adjustment qos'),
        'PATCH': ('ids names destroy_contents', 'name destroyed priority_adjustment qos'),
        'DELETE': ('ids names eradicate_contents', None)},
}
_SINCE = {'protection-groups': 1, 'protection-groups/volumes': 1, 'protection-groups/targets': 1,
          'protection-group-snapshots': 1, 'protection-group-snapshots/transfer': 1, 'pods': 1,
          'pods/arrays': 1, 'volume-groups': 1, 'arrays': 2, 'arrays/space': 2,
          'arrays/performance': 2, 'controllers': 2, 'hardware': 2, 'ports': 2,
          'volumes/tags': 2, 'volumes/tags/batch': 2, 'array-connections': 4,
          'network-interfaces': 4, 'container-default-protections': 16}
_INSIDE = {'source': _REFERENCE, 'pod': _REFERENCE, 'volume_group': _REFERENCE,
           'qos': {'bandwidth_limit', 'iops_limit'},
           'replication_schedule': {'at', 'enabled', 'frequency', 'blackout'},
           'snapshot_schedule': {'at', 'enabled', 'frequency'},
           'source_retention': {'all_for_sec', 'days', 'per_day'},
           'target_retention': {'all_for_sec', 'days', 'per_day'},
           'target': {'name'}, 'protection_group': _REFERENCE, 'resource': _REFERENCE}
_TRUTHS = {'destroyed', 'enabled', 'allowed', 'copyable'}
_NUMBERS = {'provisioned', 'frequency', 'all_for_sec', 'days', 'per_day', 'lun', 'at'}
# known to the API, without effect here: refused rather than passed over
_NOT_SIMULATED = {'priority_adjustment', 'protocol_endpoint', 'requested_promotion_state',
                  'eradication_config', 'failover_preferences', 'quota_limit', 'mediator',
                  'ignore_usage', 'preferred_arrays', 'vlan', 'host_group', 'add_iqns', 'add_nqns',
                  'add_wwns', 'remove_iqns', 'remove_nqns', 'remove_wwns', 'apply_retention'}
_LISTS_OF_NAMES = ('names', 'ids', 'keys', 'namespaces')


@dataclass
class Operation:
    """What one method of one end-point takes; None as body: it takes none."""
    query: dict = field(default_factory=dict)
    body: dict = None


def _marked(text):
    parts = (word.partition('@') for word in text.split())
    return {name: int(since or 0) for name, _, since in parts}


OPERATIONS = {(method, path): Operation(_marked(query), None if body is None else _marked(body))
              for path, methods in _TABLE.items() for method, (query, body) in methods.items()}


def is_list(parameter):
    """Whether a query parameter holds names or ids, separated by commas."""
    return parameter in _LISTS_OF_NAMES or parameter == 'sort' \
        or parameter.endswith(('_names', '_ids'))


def check(version, method, path, query, body):
    """Refuses what this version's end-point does not know. `version` is the N of 2.N."""
    operation = OPERATIONS.get((method, path))
    if operation is None or version < _SINCE.get(path, 0):
        raise Refused(f'{method} {path} is not an end-point of REST 2.{version}.', path, 404)
    for name in query:
        if operation.query.get(name, NEWEST + 1) > version:
            raise Refused(f"Unknown query parameter '{name}'.", path)
        if name in _NOT_SIMULATED and query[name] != 'false':
            raise Refused(f"'{name}' is not simulated.", path)
    for names in [n for n in query if n.endswith('names')]:
        ids = names.removesuffix('names') + 'ids'
        if ids in query:
            raise Refused(f"'{names}' and '{ids}' cannot be set together.", path)
    if body is None:
        return
    if operation.body is None:
        raise Refused('This request takes no body.', path)
    for part in body if isinstance(body, list) else [body]:
        _check_fields(path, part, operation.body, version)


def _check_fields(path, body, known, version):
    if not isinstance(body, dict):
        raise Refused('The body is not an object.', path)
    for name, value in body.items():
        if known.get(name, NEWEST + 1) > version:
            raise Refused(f"Unknown field '{name}'.", path)
        if name in _NOT_SIMULATED:
            raise Refused(f"'{name}' is not simulated.", path)
        if value is None:
            continue
        if name in _TRUTHS and not isinstance(value, bool):
            raise Refused(f"'{name}' is not a boolean.", path)
        if name in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int)):
            raise Refused(f"'{name}' is not a whole number.", path)
        if name in _INSIDE:
            _check_fields(path, value, dict.fromkeys(_INSIDE[name], 0), version)
