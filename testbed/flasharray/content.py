"""What a volume holds: a map from extent number to a content id. Two extents hold the same bytes
exactly if their ids are the same; an extent that is not in the map was never written.

A map that a snapshot, a copy or a transfer has taken is never changed: writing makes a new one.
"""
import uuid

from .refusal import Refused

EXTENT = 1 << 20            # bytes
_RANDOM_EXTENTS = 4


def written(volume, extents):
    """Writes `extents` (number -> content id, None to discard) to a volume, or random ids to its
    first extents where none are given. Returns what was written."""
    if extents is None:
        count = min(_RANDOM_EXTENTS, volume['provisioned'] // EXTENT)
        extents = {str(n): uuid.uuid4().hex for n in range(count)}
    last = volume['provisioned'] // EXTENT
    for index, value in extents.items():
        if not index.isdigit() or int(index) >= last:
            raise Refused(f'Extent is beyond the volume ({last} extents).', index)
        if value is not None and not isinstance(value, str):
            raise Refused('A content id is a text or null.', index)
    merged = {**volume['extents'], **{str(int(k)): v for k, v in extents.items()}}
    volume['extents'] = {k: v for k, v in merged.items() if v is not None}
    return extents


def cut_to(extents, size):
    """What is left of a content in a volume of `size` bytes."""
    return {k: v for k, v in extents.items() if (int(k) + 1) * EXTENT <= size}


def changed(before, after):
    """How many extents differ between two contents."""
    return sum(before.get(k) != after.get(k) for k in before.keys() | after.keys())
