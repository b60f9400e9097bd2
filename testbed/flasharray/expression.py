"""The filter language: = != < <= > >= and or not(..), contains(), tags(), IN lists, dotted fields,
wildcards, bare boolean fields, quotes of both kinds with backslash escapes."""
import fnmatch
import re

from .refusal import Refused

_TOKEN = re.compile(r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
                    r"""|(?P<sign>!=|>=|<=|=|>|<|\(|\)|,)|(?P<word>[\w.\-:*/]+))""")


def value_at(item, path):
    """The value at a dotted path; through a list it is the list of values."""
    for part in path.split('.'):
        if isinstance(item, list):
            item = [x.get(part) for x in item if isinstance(x, dict)]
        elif isinstance(item, dict):
            item = item.get(part)
        else:
            return None
    return item


def _tokens(text):
    at, out = 0, []
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise Refused('Invalid filter.', text)
        kind = found.lastgroup
        token = found.group(kind)
        if kind == 'text':
            token = re.sub(r'\\(.)', r'\1', token[1:-1])
        out.append((kind, token))
        at = found.end()
    return out


def _equal(have, want):
    if have is None:
        return False
    if isinstance(have, bool):
        return str(have).lower() == want.lower()
    if isinstance(have, (int, float)):
        try:
            return float(want) == have
        except ValueError:
            return False
    return fnmatch.fnmatchcase(str(have).lower(), want.lower())


class Expression:
    """A filter, ready to be asked about items."""

    def __init__(self, text):
        self.text, self.tokens, self.at = text, _tokens(text), 0
        self.test = self._any()
        if self.at != len(self.tokens):
            raise Refused('Invalid filter.', text)

    def __call__(self, item):
        return bool(self.test(item))

    def _peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

    def _take(self, *wanted):
        kind, token = self._peek()
        if kind is None or (wanted and token not in wanted):
            raise Refused('Invalid filter.', self.text)
        self.at += 1
        return token

    def _any(self):
        tests = [self._all()]
        while self._peek() == ('word', 'or'):
            self._take()
            tests.append(self._all())
        return lambda item: any(t(item) for t in tests)

    def _all(self):
        tests = [self._one()]
        while self._peek() == ('word', 'and'):
            self._take()
            tests.append(self._one())
        return lambda item: all(t(item) for t in tests)

    def _one(self):
        kind, token = self._peek()
        if (kind, token) == ('word', 'not'):
            self._take()
            test = self._one()
            return lambda item: not test(item)
        if (kind, token) == ('sign', '('):
            self._take()
            test = self._any()
            self._take(')')
            return test
        name = self._take()
        if self._peek() == ('sign', '(') and name in ('contains', 'tags'):
            return self._function(name)
        if self._peek()[1] not in ('=', '!=', '<', '<=', '>', '>='):
            return lambda item: bool(value_at(item, name))
        return self._comparison(name, self._take())

    def _function(self, name):
        self._take('(')
        first = self._take()
        self._take(',')
        second = self._take()
        self._take(')')
        if name == 'contains':
            return lambda item: second.lower() in str(value_at(item, first) or '').lower()
        return lambda item: any(t['key'] == first and t['value'] == second
                                for t in item.get('tags') or [])

    def _comparison(self, name, sign):
        if self._peek() == ('sign', '('):
            wanted = self._list()
        else:
            wanted = [self._take()]

        def same(item):
            have = value_at(item, name)
            return any(_equal(h, w) for h in (have if isinstance(have, list) else [have])
                       for w in wanted)
        if sign == '=':
            return same
        if sign == '!=':
            return lambda item: not same(item)
        try:
            bound = float(wanted[0])
        except ValueError:
            raise Refused('Invalid filter.', self.text) from None

        def ordered(item):
            have = value_at(item, name)
            if not isinstance(have, (int, float)):
                return False
            return {'<': have < bound, '<=': have <= bound, '>': have > bound,
                    '>=': have >= bound}[sign]
        return ordered

    def _list(self):
        """('a','b'), and (('a','b')) as the vendor's Python builder writes it."""
        self._take('(')
        if self._peek() == ('sign', '('):
            values = self._list()
            self._take(')')
            return values
        values = [self._take()]
        while self._peek()[1] == ',':
            self._take()
            values.append(self._take())
        self._take(')')
        return values
