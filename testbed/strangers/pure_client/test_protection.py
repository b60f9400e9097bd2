"""Protection groups: members, schedules, targets, snapshots, transfers, what the other array makes of them."""
import pytest
from pypureclient import flasharray as sdk

from answers import done, items, names, one, refused
from pair import until

GIB = 1 << 30
MINUTE = 60 * 1000
HOUR = 60 * MINUTE


def volumes(a, *wanted):
    return items(a.post_volumes(names=list(wanted), volume=sdk.VolumePost(provisioned=GIB)))


def group(a, name, *members):
    made = one(a.post_protection_groups(names=[name]))
    if members:
        items(a.post_protection_groups_volumes(group_names=[name], member_names=list(members)))
    return made


def replicated(a, b, name, *members):
    group(a, name, *members)
    items(a.post_protection_groups_targets(group_names=[name], member_names=['array-b']))
    items(b.patch_protection_groups_targets(
        group_names=[f'array-a:{name}'], target=sdk.TargetProtectionGroupPostPatch(allowed=True)))


def change(a, group, /, **fields):
    return one(a.patch_protection_groups(names=[group], protection_group=sdk.ProtectionGroup(**fields)))


def throttle(a, limit):
    """Bytes a second, at most, to the other array."""
    items(a.patch_array_connections(names=['array-b'], array_connection=sdk.ArrayConnection(
        throttle=sdk.Throttle(default_limit=limit))))


def arrived(b, name, point):
    def transfer():
        found = items(b.get_protection_group_snapshots_transfer(
            names=[f'array-a:{name}'], destroyed=False, filter='progress="1.0"', sort=['started-']))
        return [one for one in found if one.name == f'array-a:{name}.{point}' and one.completed]
    return until(transfer, f'{name}.{point} on array-b')[0]


def test_the_life_of_a_group(a):
    volumes(a, 'pg-1', 'pg-2')
    made = group(a, 'pg', 'pg-1', 'pg-2')
    assert (made.name, made.is_local, made.retention_lock) == ('pg', True, 'unlocked')
    refused(a.post_protection_groups(names=['PG']), 'PG', 'already exists')
    assert one(a.get_protection_groups(ids=[made.id])).volume_count == 2
    answer = a.post_protection_groups_volumes(group_names=['pg'], member_names=['pg-1'])
    assert answer.status_code == 400 and 'already belongs to' in answer.errors[0].message
    done(a.delete_protection_groups_volumes(group_names=['pg'], member_names=['pg-2']))
    assert [found.member.name for found in items(a.get_protection_groups_volumes(group_names=['pg']))] == ['pg-1']
    assert [found.group.name for found in items(a.get_volumes_protection_groups(member_names=['pg-1']))] == ['pg']
    assert one(a.get_protection_groups_space(names=['pg'])).space.total_provisioned == GIB

    assert change(a, 'pg', name='pg-renamed').id == made.id
    assert change(a, 'pg-renamed', destroyed=True).time_remaining > 0
    again = a.post_protection_groups(names=['pg-renamed'])
    assert again.status_code == 400 and 'already exists' not in again.errors[0].message
    assert not change(a, 'pg-renamed', destroyed=False).destroyed
    assert a.delete_protection_groups(names=['pg-renamed']).status_code == 400
    change(a, 'pg-renamed', destroyed=True)
    done(a.delete_protection_groups(names=['pg-renamed']))
    refused(a.get_protection_groups(names=['pg-renamed']), 'pg-renamed', 'does not exist')


def test_schedules_and_retentions(a):
    group(a, 'scheduled')
    changed = change(
        a, 'scheduled',
        snapshot_schedule=sdk.SnapshotSchedule(enabled=True, frequency=24 * HOUR, at=3 * 3600),
        replication_schedule=sdk.ReplicationSchedule(
            frequency=4 * HOUR, blackout=sdk.TimeWindow(start=8 * HOUR, end=9 * HOUR)),
        source_retention=sdk.RetentionPolicy(all_for_sec=3600, per_day=4, days=7),
        target_retention=sdk.RetentionPolicy(all_for_sec=7200, per_day=2, days=3))
    schedule = changed.snapshot_schedule
    assert (schedule.enabled, schedule.frequency, schedule.at) == (True, 24 * HOUR, 3 * 3600)
    schedule = changed.replication_schedule
    assert (schedule.enabled, schedule.frequency) == (False, 4 * HOUR)
    assert (schedule.blackout.start, schedule.blackout.end) == (8 * HOUR, 9 * HOUR)
    kept = changed.source_retention, changed.target_retention
    assert [(policy.all_for_sec, policy.per_day, policy.days) for policy in kept] == [(3600, 4, 7), (7200, 2, 3)]
    answer = a.patch_protection_groups(names=['scheduled'], protection_group=sdk.ProtectionGroup(
        snapshot_schedule=sdk.SnapshotSchedule(frequency=24 * HOUR, at=25 * 3600)))
    assert answer.status_code == 400


def test_a_group_snapshot_holds_all_members_at_one_point(a):
    volumes(a, 'point-1', 'point-2')
    group(a, 'points', 'point-1', 'point-2')
    made = one(a.post_protection_group_snapshots(
        source_names=['points'], protection_group_snapshot=sdk.ProtectionGroupSnapshotPost(suffix='p')))
    assert (made.name, made.source.name, made.suffix) == ('points.p', 'points', 'p')
    members = items(a.get_volume_snapshots(filter="name='points.p.*'"))
    assert {(member.name, member.source.name) for member in members} == {
        ('points.p.point-1', 'point-1'), ('points.p.point-2', 'point-2')}
    assert {member.created for member in members} == {made.created}
    one(a.post_protection_group_snapshots(source_names=['points']))
    assert len(items(a.get_protection_group_snapshots(names=['points']))) == 2
    assert len(items(a.get_protection_group_snapshots(source_names=['points']))) == 2
    one(a.post_volumes(names=['restored'], volume=sdk.VolumePost(source=sdk.Reference(name='points.p.point-1'))))

    assert one(a.patch_protection_group_snapshots(
        names=['points.p'], protection_group_snapshot=sdk.ProtectionGroupSnapshotPatch(destroyed=True))).destroyed
    refused(a.get_protection_group_snapshots(names=['points.p'], destroyed=False), 'points.p', 'does not exist')
    done(a.delete_protection_group_snapshots(names=['points.p']))
    assert names(a.get_volume_snapshots(filter="name='points.p.*'")) == []


def test_a_group_is_restored_as_a_whole(a):
    volumes(a, 'whole-1', 'whole-2')
    group(a, 'whole', 'whole-1', 'whole-2')
    one(a.post_protection_group_snapshots(
        source_names=['whole'], protection_group_snapshot=sdk.ProtectionGroupSnapshotPost(suffix='p')))
    one(a.post_protection_groups(names=['whole'], source_names=['whole.p'], overwrite=True))
    assert one(a.get_volumes(names=['whole-1'])).source.name


def test_a_group_is_replicated_and_restored_on_the_other_array(a, b, pair):
    volumes(a, 'far')
    pair.window('array-a', 'write?volume=far', {'extents': {'0': 'payload', '7': 'more'}})
    group(a, 'away', 'far')
    items(a.post_protection_groups_targets(group_names=['away'], member_names=['array-b']))
    answer = a.post_protection_groups_targets(group_names=['away'], member_names=['array-b'])
    assert answer.status_code == 400 and 'already includes' in answer.errors[0].message
    assert one(a.get_protection_groups_targets(group_names=['away'])).allowed is False
    there = one(b.get_protection_groups(names=['array-a:away']))
    assert (there.is_local, there.source.name) == (False, 'array-a')
    items(b.patch_protection_groups_targets(
        group_names=['array-a:away'], target=sdk.TargetProtectionGroupPostPatch(allowed=True)))
    answer = b.patch_protection_groups_targets(
        group_names=['array-a:away'], target=sdk.TargetProtectionGroupPostPatch(allowed=True))
    assert answer.status_code == 400 and 'already allowed on' in answer.errors[0].message
    assert one(a.get_protection_groups_targets(group_names=['away'])).allowed is True

    one(a.post_protection_group_snapshots(
        source_names=['away'], replicate_now=True,
        protection_group_snapshot=sdk.ProtectionGroupSnapshotPost(suffix='p')))
    transfer = arrived(b, 'away', 'p')
    assert transfer.progress == 1.0 and transfer.completed >= transfer.started
    assert transfer.data_transferred >= 2 << 20
    member = one(b.get_volume_snapshots(filter="name='array-a:away.p.*'"))
    assert (member.name, member.source.name) == ('array-a:away.p.far', 'array-a:far')
    restored = one(b.post_volumes(
        names=['far'], overwrite=True, with_default_protection=False,
        volume=sdk.VolumePost(source=sdk.Reference(name=member.name))))
    assert (restored.source.name, restored.provisioned) == ('array-a:far', GIB)
    assert (pair.window('array-b', 'content?volume=far')['extents']
            == pair.window('array-a', 'content?volume=far')['extents'])


def test_nothing_can_be_restored_before_it_has_arrived(a, b, pair):
    volumes(a, 'slow')
    pair.window('array-a', 'write?volume=slow', {'extents': {'0': 'payload'}})
    replicated(a, b, 'slowly', 'slow')
    throttle(a, 1)
    try:
        one(a.post_protection_group_snapshots(
            source_names=['slowly'], replicate_now=True,
            protection_group_snapshot=sdk.ProtectionGroupSnapshotPost(suffix='p')))
        transfer = one(b.get_protection_group_snapshots_transfer(names=['array-a:slowly']))
        assert transfer.progress < 1.0 and not hasattr(transfer, 'completed')
        answer = b.post_volumes(names=['early'], volume=sdk.VolumePost(
            source=sdk.Reference(name='array-a:slowly.p.slow')))
        assert answer.status_code == 400
    finally:
        throttle(a, 1 << 40)
    arrived(b, 'slowly', 'p')


def test_an_existing_snapshot_is_sent_afterwards(a, b):
    volumes(a, 'later')
    replicated(a, b, 'sent-later', 'later')
    one(a.post_protection_group_snapshots(
        source_names=['sent-later'], protection_group_snapshot=sdk.ProtectionGroupSnapshotPost(suffix='p')))
    assert items(b.get_protection_group_snapshots_transfer(names=['array-a:sent-later'])) == []
    items(a.post_protection_group_snapshots_replica(names=['sent-later.p'], on='array-b'))
    arrived(b, 'sent-later', 'p')


def test_a_target_that_disallows_gets_nothing(a, b):
    volumes(a, 'unwanted')
    replicated(a, b, 'disallowed', 'unwanted')
    items(b.patch_protection_groups_targets(
        group_names=['array-a:disallowed'], target=sdk.TargetProtectionGroupPostPatch(allowed=False)))
    assert one(a.get_protection_groups_targets(group_names=['disallowed'])).allowed is False
    answer = a.post_protection_group_snapshots(source_names=['disallowed'], replicate_now=True)
    assert answer.status_code == 400
    done(a.delete_protection_groups_targets(group_names=['disallowed'], member_names=['array-b']))
    assert items(a.get_protection_groups_targets(group_names=['disallowed'])) == []


def test_a_schedule_fires_by_itself(a, b, pair):
    volumes(a, 'clockwork')
    replicated(a, b, 'by-itself', 'clockwork')
    pair.window('array-a', 'settings', {'schedule_interval': 0.5})
    try:
        change(a, 'by-itself', replication_schedule=sdk.ReplicationSchedule(enabled=True, frequency=HOUR))
        until(lambda: items(b.get_protection_group_snapshots_transfer(
            names=['array-a:by-itself'], filter='progress="1.0"')), 'a scheduled snapshot on array-b')
    finally:
        change(a, 'by-itself', replication_schedule=sdk.ReplicationSchedule(enabled=False))
        pair.window('array-a', 'settings', {'schedule_interval': 0})


def test_safe_mode_cannot_be_undone(a):
    group(a, 'safe')
    assert change(a, 'safe', retention_lock='ratcheted').retention_lock == 'ratcheted'
    answer = a.patch_protection_groups(
        names=['safe'], protection_group=sdk.ProtectionGroup(retention_lock='unlocked'))
    assert answer.status_code == 400


def test_volumes_of_a_container_are_protected_by_default(a):
    group(a, 'default')
    protected = sdk.ContainerDefaultProtection(default_protections=[
        sdk.DefaultProtectionReference(name='default', type='protection_group')])
    assert one(a.get_container_default_protections(names=[''])).default_protections == []
    changed = one(a.patch_container_default_protections(names=[''], container_default_protection=protected))
    try:
        assert [found.name for found in changed.default_protections] == ['default']
        volumes(a, 'by-default')
        one(a.post_volumes(names=['opted-out'], with_default_protection=False,
                           volume=sdk.VolumePost(provisioned=GIB)))
        members = items(a.get_protection_groups_volumes(group_names=['default']))
        assert [member.member.name for member in members] == ['by-default']
    finally:
        one(a.patch_container_default_protections(names=[''], container_default_protection=(
            sdk.ContainerDefaultProtection(default_protections=[]))))
    volumes(a, 'not-by-default')
    assert len(items(a.get_protection_groups_volumes(group_names=['default']))) == 1


@pytest.mark.parametrize('call', [
    lambda a: a.post_protection_groups_volumes(group_names=['nobody'], member_names=['nobody']),
    lambda a: a.patch_protection_groups(names=['nobody'], protection_group=sdk.ProtectionGroup(destroyed=True)),
    lambda a: a.delete_protection_groups(names=['nobody']),
    lambda a: a.post_protection_group_snapshots(source_names=['nobody']),
    lambda a: a.get_protection_groups(names=['nobody']),
])
def test_what_is_nobodys_group_is_refused(a, call):
    refused(call(a), 'nobody', 'does not exist')
