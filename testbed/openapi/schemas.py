"""The vendor's description of an answer, as JSON Schema that lets nothing pass that is not described.

The files never say that a value may be null, and tell in words where it is ("a value of `null` will be returned"), so
that null may stand for any value. `allOf` only puts objects together: it is one object here, so that a property that no
part of it has can be refused."""
import jsonschema
import yaml

_KEPT = ('format', 'items', 'maximum', 'minimum', 'pattern', 'type', 'uniqueItems')
_DEPTH = 20


class Description:
    """The file of one version."""

    def __init__(self, path):
        with open(path, encoding='utf-8') as f:
            self._told = yaml.load(f, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
        self.version = str(self._told['info']['version'])

    def operations(self):
        """{(method, path below the version)} of everything that it describes."""
        start = f'/api/{self.version}/'
        return {(method.upper(), path.removeprefix(start)) for path, methods in self._told['paths'].items()
                if path.startswith(start) for method in methods}

    def parameters(self, method, path):
        """The query parameters of an operation."""
        told = [self._resolved(one) for one in self._operation(method, path).get('parameters', ())]
        return {one['name'] for one in told if one['in'] == 'query'}

    def answer(self, method, path, status):
        """(whether this status is described, the schema of its body or None)"""
        described = self._operation(method, path)['responses'].get(str(status))
        if described is None:
            return False, None
        content = self._resolved(described).get('content', {}).get('application/json')
        return True, self._schema(content['schema'], 0) if content else None

    def _operation(self, method, path):
        where = path if path.startswith('/') else f'/api/{self.version}/{path}'
        return self._told['paths'][where][method.lower()]

    def _resolved(self, told):
        while '$ref' in told:
            reference, told = told['$ref'], self._told
            for part in reference.removeprefix('#/').split('/'):
                told = told[part]
        return told

    def _schema(self, told, depth):
        told = self._resolved(told)
        if depth > _DEPTH:
            return {}
        merged = {'properties': {}}
        for part in (*map(self._resolved, self._parts(told)), told):
            merged['properties'].update(part.get('properties', {}))
            merged.update({key: part[key] for key in _KEPT if key in part})
        if 'oneOf' in told:
            return {'anyOf': [*(self._schema(one, depth + 1) for one in told['oneOf']), {'type': 'null'}]}
        schema = {key: merged[key] for key in _KEPT if key in merged}
        if merged['properties']:
            schema.update(type='object', additionalProperties=False, properties={
                name: self._schema(one, depth + 1) for name, one in merged['properties'].items()})
        if 'items' in schema:
            schema['items'] = self._schema(schema['items'], depth + 1)
        if 'type' in schema:
            schema['type'] = [schema['type'], 'null']
        return schema

    def _parts(self, told):
        """All that is put together, the deepest first."""
        for part in told.get('allOf', ()):
            part = self._resolved(part)
            yield from self._parts(part)
            yield part


def complaints(schema, body):
    """Sentences: what of a body is not as described."""
    found = {}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(body):
        place = ''.join('[]' if isinstance(part, int) else f'.{part}' for part in error.absolute_path)
        found.setdefault(f'{place or "body"}: {error.message[:160]}')
    return list(found)
