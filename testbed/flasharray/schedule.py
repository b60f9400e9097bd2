"""Replication schedules, at a scaled-down interval, and the retention of what they made."""
from . import eradication, groups, points


def run(world, now):
    """Fires the schedules that are due; whether one did."""
    fired = False
    for array in world.arrays.values():
        for group in array.protection_groups if array.up else ():
            if not _active(group):
                group['next_scheduled'] = None
            elif group['next_scheduled'] is None:
                group['next_scheduled'] = now + world.settings.schedule_interval
            elif group['next_scheduled'] <= now and not world.transfers.of(group):
                group['next_scheduled'] = now + world.settings.schedule_interval
                point = points.take(array, group, scheduled=True)
                world.transfers.send(array, group, point, ahead=False)
                fired = True
    return fired


def _active(group):
    return group['is_local'] and not group['destroyed'] and group['volumes'] \
        and group['replication_schedule']['enabled'] and any(group['targets'].values())


def next_due(world, now):
    """Seconds until the next one is due; None where no schedule runs."""
    due = [g['next_scheduled'] for a in world.arrays.values() if a.up
           for g in a.protection_groups if g['next_scheduled'] is not None]
    return max(0.0, min(due) - now) if due else None


def keep_newest(world):
    """Retention: of the points that a schedule made the newest are kept, on each array by
    itself. A point that was asked for is never touched."""
    for array in world.arrays.values():
        for group in array.protection_groups:
            own = [p for p in groups.snapshots_of(array, group)
                   if p['scheduled'] and not p['destroyed'] and not world.transfers.concerns(p)]
            for point in own[:max(0, len(own) - world.settings.schedule_keep)]:
                eradication.purge_point(array, point)
