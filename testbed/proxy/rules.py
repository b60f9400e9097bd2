"""What is to happen to which request."""
import fnmatch
import itertools
import re
import threading

BEFORE = ('kill-before', 'drop-before')
AFTER = ('kill-after', 'drop-after')
ACTIONS = (*BEFORE, *AFTER, 'answer', 'delay')
_MATCHES = {'target': str, 'method': str, 'path': str, 'body': str, 'nth': int, 'times': int}
_PARAMETERS = {'action': str, 'pid': int, 'seconds': float, 'status': int, 'headers': dict,
               'answer_body': object}


class BadRule(ValueError):
    """A rule that cannot be understood."""


def _check(told, known):
    for name, value in told.items():
        if name not in known:
            raise BadRule(f'unknown key {name!r}; known are {", ".join(known)}')
        kind = (int, float) if known[name] is float else known[name]
        if value is not None and kind is not object and (
                not isinstance(value, kind) or isinstance(value, bool)):
            raise BadRule(f'{name} is not of the right kind')


class Rule:
    """Fires at the `nth` request that fits and, from then on, `times` times (null or 0: for
    ever). Losing and killing happen once unless said otherwise, answers and delays for ever."""

    def __init__(self, number, told):
        _check(told, {**_MATCHES, **_PARAMETERS})
        self.id, self.action = number, told.get('action')
        if self.action not in ACTIONS:
            raise BadRule(f'action is one of {", ".join(ACTIONS)}')
        for action, needed in (('delay', 'seconds'), ('answer', 'status')):
            if (self.action == action) != (told.get(needed) is not None):
                raise BadRule(f'{action!r} and {needed!r} go together')
        self.told = told
        self.nth = told.get('nth') or 1
        self.times = told['times'] or None if 'times' in told \
            else (None if self.action in ('answer', 'delay') else 1)
        try:
            self.path = re.compile(told.get('path') or '')
            self.body = re.compile((told.get('body') or '').encode(), re.DOTALL)
        except re.error as error:
            raise BadRule(f'not a regular expression: {error}') from None
        self.hits = self.fired = 0

    def fits(self, target, method, path, body):
        return (fnmatch.fnmatchcase(target, self.told.get('target') or '*')
                and method == (self.told.get('method') or method)
                and self.path.search(path) is not None and self.body.search(body) is not None)

    def count(self):
        """Counts a request that fits; whether the rule fires at it."""
        self.hits += 1
        if self.hits < self.nth or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True

    def view(self):
        return {'id': self.id, **self.told, 'nth': self.nth, 'times': self.times,
                'hits': self.hits, 'fired': self.fired}


class Rules:
    """In the order in which they were given."""

    def __init__(self):
        self._rules, self._lock, self._numbers = [], threading.Lock(), itertools.count(1)

    def add(self, told):
        if not isinstance(told, dict):
            raise BadRule('a rule is an object')
        with self._lock:
            rule = Rule(next(self._numbers), told)
            self._rules.append(rule)
            return rule.view()

    def remove(self, number=None):
        """One rule, or all; how many."""
        with self._lock:
            kept = [r for r in self._rules if number is not None and r.id != number]
            gone, self._rules = len(self._rules) - len(kept), kept
            return gone

    def views(self):
        with self._lock:
            return [r.view() for r in self._rules]

    def firing(self, target, method, path, body):
        """(seconds to wait first, ids of the rules that say so, the rule that fires or None).
        All rules that fit count the request; the first that fires decides, delays add up."""
        seconds, delays, decided = 0.0, [], None
        with self._lock:
            for rule in self._rules:
                if not rule.fits(target, method, path, body):
                    continue
                if rule.action == 'delay':
                    if rule.count():
                        seconds += rule.told['seconds']
                        delays.append(rule.id)
                elif decided is None:
                    decided = rule if rule.count() else None
                else:
                    rule.hits += 1
        return seconds, delays, decided
