"""Replication: what is on its way, how far, and when it arrives. One transfer of a group to a
target runs at a time, the others wait; nothing moves while one of the two arrays is ill.

A transfer is {source, group, point, target, arriving, elapsed, duration, extents}: names of arrays,
ids of the source's group and point, id of the target's point or None while it waits; seconds.
"""
from . import points
from .content import EXTENT, changed
from .groups import images


class Transfers:
    """All transfers between the arrays of a world, in the order of their turn."""

    def __init__(self, world, under_way=()):
        self.world, self.under_way = world, list(under_way)

    def send(self, array, group, point, ahead):
        """Queues a point to every target that allows it; `ahead` of those that still wait."""
        for target, allowed in group['targets'].items():
            if not allowed:
                continue
            made = {'source': array.name, 'group': group['id'], 'point': point['id'],
                    'target': target, 'arriving': None, 'elapsed': 0.0, 'duration': None,
                    'extents': 0}
            at = next((i for i, t in enumerate(self.under_way) if t['arriving'] is None),
                      len(self.under_way)) if ahead else len(self.under_way)
            self.under_way.insert(at, made)

    def of(self, group):
        """The transfers of a source's group."""
        return [t for t in self.under_way if t['group'] == group['id']]

    def concerns(self, point):
        """Whether a point is being sent or is arriving."""
        return any(point['id'] in (t['point'], t['arriving']) for t in self.under_way)

    def cancel(self, array, group=None, point=None, target=None):
        """Ends transfers of a group or a point of `array`, at either end; what has arrived of
        them so far is dropped."""
        for transfer in list(self.under_way):
            ends = [transfer['source'], transfer['target']]
            if array.name not in ends or (target and transfer['target'] != target):
                continue
            arriving = self._arriving(transfer)
            hit = (group and group == transfer['group'])\
                or (group and arriving and arriving['group'] == group) \
                or (point and point in (transfer['point'], transfer['arriving']))
            if hit:
                self.under_way.remove(transfer)
                if arriving and arriving['id'] != point:
                    self.world.arrays[transfer['target']].protection_group_snapshots.remove(
                        arriving)

    def _arriving(self, transfer):
        target = self.world.arrays[transfer['target']]
        return target.protection_group_snapshots.by_id.get(transfer['arriving'])

    def _moves(self, transfer):
        arrays = self.world.arrays
        return arrays[transfer['source']].up and arrays[transfer['target']].up

    def advance(self, seconds):
        """Lets time pass for what moves; whether something started or was completed."""
        happened = False
        for transfer in list(self.under_way):
            if transfer['arriving'] is not None and self._moves(transfer):
                transfer['elapsed'] += seconds
                happened |= self._progress(transfer)
        busy = {(t['group'], t['target']) for t in self.under_way if t['arriving'] is not None}
        for transfer in list(self.under_way):
            lane = transfer['group'], transfer['target']
            if transfer['arriving'] is None and lane not in busy and self._moves(transfer):
                busy.add(lane)
                happened |= self._start(transfer)
        return happened

    def _ends(self, transfer):
        """(source array, its group and point, target array, its image of the group)."""
        source = self.world.arrays[transfer['source']]
        group = source.protection_groups.by_id.get(transfer['group'])
        point = source.protection_group_snapshots.by_id.get(transfer['point'])
        target = self.world.arrays[transfer['target']]
        image = group and next((i for a, i in images(source, group) if a is target), None)
        return source, group, point, target, image

    def _start(self, transfer):
        source, group, point, target, image = self._ends(transfer)
        if not (group and point and image) or image['destroyed']:
            self.under_way.remove(transfer)
            return True
        if not group['targets'].get(target.name):       # no longer allowed: it waits
            return False
        before = group['sent'].get(target.name, {})
        transfer['extents'] = sum(changed(before.get(m['source']['id'], {}), m['extents'])
                                  for m in points.members(source, point))
        settings = self.world.settings
        transfer['duration'] = settings.transfer_base \
            + settings.transfer_per_extent * transfer['extents']
        transfer['arriving'] = points.arrive(target, image, point)['id']
        return True

    def _progress(self, transfer):
        arriving, share = self._arriving(transfer), 1.0
        if transfer['duration'] > 0:
            share = min(1.0, transfer['elapsed'] / transfer['duration'])
        sent = int(share * transfer['extents']) * EXTENT
        arriving['transfer'].update(progress=min(round(share, 3), 0.999), data_transferred=sent,
                                    physical_bytes_written=sent)
        if share < 1.0:
            return False
        source, group, point, target, _ = self._ends(transfer)
        self.under_way.remove(transfer)
        group['sent'][target.name] = {m['source']['id']: m['extents']
                                      for m in points.members(source, point)}
        points.complete(target, arriving, source, point)
        return True

    def next_event(self):
        """Seconds until something is completed; None while nothing moves."""
        left = [t['duration'] - t['elapsed'] for t in self.under_way
                if t['arriving'] is not None and self._moves(t)]
        return max(0.0, min(left)) if left else None
