"""The query string of a request. Lists are separated by literal commas; a comma inside a value
comes percent-encoded, so the split is before the decoding."""
from urllib.parse import unquote_plus

from .interface import is_list
from .refusal import Refused


class Query(dict):
    """Parameter -> text, or list of texts where the interface has a list."""

    @classmethod
    def parse(cls, raw):
        query = cls()
        for part in raw.split('&') if raw else []:
            name, _, value = part.partition('=')
            name = unquote_plus(name)
            if name in query:
                raise Refused(f"Query parameter '{name}' is given twice.", name)
            query[name] = [unquote_plus(v) for v in value.split(',')] if is_list(name) \
                else unquote_plus(value)
        return query

    def flag(self, name):
        """true, false, or None where it is not given."""
        value = self.get(name)
        if value is None:
            return None
        if value not in ('true', 'false'):
            raise Refused(f"'{name}' is neither true nor false.", value)
        return value == 'true'

    def number(self, name):
        """A whole number >= 0, or None where it is not given."""
        value = self.get(name)
        if value is None:
            return None
        if not value.isdigit():
            raise Refused(f"'{name}' is not a whole number.", value)
        return int(value)

    def required(self, *names):
        """The first of these lists that is given."""
        for name in names:
            if name in self:
                return self[name]
        raise Refused(f"'{names[0]}' is required.", names[0])

    def new_names(self):
        """The names of objects to be made, each once."""
        names = self.required('names')
        if len({n.lower() for n in names}) != len(names):
            raise Refused('A name is given twice.', ','.join(names))
        return names
