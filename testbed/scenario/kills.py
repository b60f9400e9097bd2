"""The kill matrix: at which requests of which operation the program is killed, and how the cases
are packed into cycles of protect, failover, failback and unprotect, so that each is cheap."""
import hashlib
import math
from dataclasses import dataclass

from faults import LOSSES

# operation → (request, whose: the site of the group's home or the other one, nth such request).
# Where there are several of a kind the second is taken: then one is made, one is not, and one
# may be under way.
POINTS = {
    'protect': [('group-creation', 'home', 1), ('group-creation', 'away', 1),
                ('twin-creation', 'away', 2), ('replicate-now', 'home', 1)],
    'failover': [('replicate-now', 'home', 1), ('overwrite', 'away', 2), ('port', 'away', 2),
                 ('epoch', 'away', 1), ('server', 'away', 1), ('server', 'away', 2)],
    'failback': [('replicate-now', 'away', 1), ('overwrite', 'home', 2), ('epoch', 'home', 1)],
}


@dataclass(frozen=True)
class Case:
    """One place to be killed at."""
    operation: str
    request: str
    side: str
    nth: int
    loss: str

    def __str__(self):
        return f'{self.operation}:{self.request}.{self.nth}@{self.side}:{self.loss}'


@dataclass(frozen=True)
class Cycle:
    """One protect, failover and failback, each killed once or (None) left alone."""
    protect: Case = None
    failover: Case = None
    failback: Case = None

    def __str__(self):
        return ' '.join(str(c) for c in (self.protect, self.failover, self.failback) if c)


def cases(operation):
    return [Case(operation, *point, loss) for point in POINTS[operation] for loss in LOSSES]


def chosen(operation, share, seed):
    """The cases of an operation that a seed chooses, `share` as 'N/M' (None: all)."""
    every = cases(operation)
    if share is None:
        return every
    part, whole = (int(x) for x in share.split('/'))
    if not 0 < part <= whole:
        raise ValueError(f'{share} is no share')
    every.sort(key=lambda c: hashlib.sha256(f'{seed} {c}'.encode()).digest())
    return every[:math.ceil(len(every) * part / whole)]


def cycles(share, seed):
    lists = {operation: chosen(operation, share, seed) for operation in POINTS}
    return [Cycle(**{operation: found[i] if i < len(found) else None
                     for operation, found in lists.items()})
            for i in range(max(len(found) for found in lists.values()))]
