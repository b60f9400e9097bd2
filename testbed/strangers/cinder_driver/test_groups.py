"""Groups of Cinder's own driver, and their replication."""
import pytest
from pypureclient import flasharray as sdk

import types_of_cinder as types
from pair import until
from test_volumes import created, extents, on


def group(driver, kind=types.CONSISTENT, volume_kind=types.PLAIN):
    record = types.group(kind, volume_kind)
    assert driver.create_group(types.CONTEXT, record) == {'status': 'available'}
    return record, f'consisgroup-{record.id}-cinder'


def members(a, name):
    return {found.member.name for found in a.get_protection_groups_volumes(group_names=[name]).items}


def test_the_life_of_a_group(driver, a, volume):
    record, name = group(driver)
    one, other = created(driver, volume(group=record)), created(driver, volume())
    assert members(a, name) == {one.provider_id}
    driver.update_group(types.CONTEXT, record, [other], [one])
    assert members(a, name) == {other.provider_id}
    driver.update_group(types.CONTEXT, record, [one], [])
    assert members(a, name) == {one.provider_id, other.provider_id}
    driver.delete_group(types.CONTEXT, record, [one, other])
    assert list(a.get_protection_groups(names=[name]).items)[0].destroyed
    assert on(a, one.provider_id).destroyed and on(a, other.provider_id).destroyed


def test_groups_that_are_no_consistency_groups_are_left_to_cinder(driver):
    with pytest.raises(NotImplementedError):
        driver.create_group(types.CONTEXT, types.group(types.GENERIC, types.PLAIN))


def test_group_snapshots_and_what_is_made_of_them(driver, a, pair, volume):
    record, name = group(driver)
    sources = [created(driver, volume(group=record)) for _ in range(2)]
    for number, source in enumerate(sources):
        pair.window('array-a', f'write?volume={source.provider_id}', {'extents': {'0': f'payload-{number}'}})
    point = types.group_snapshot(record)
    snapshots = [types.snapshot(source, point) for source in sources]
    driver.create_group_snapshot(types.CONTEXT, point, snapshots)
    found = list(a.get_volume_snapshots(filter=f"name='{name}.cgsnapshot-{point.id}-cinder.*'").items)
    assert {snapshot.source.name for snapshot in found} == {source.provider_id for source in sources}

    copy = types.group(types.CONSISTENT, types.PLAIN)
    volumes = [volume(group=copy) for _ in sources]
    _, updates = driver.create_group_from_src(
        types.CONTEXT, copy, volumes, group_snapshot=point, snapshots=snapshots)
    for target, update in zip(volumes, updates):
        types.apply(target, update)
    assert members(a, f'consisgroup-{copy.id}-cinder') == {target.provider_id for target in volumes}
    assert [extents(pair, target.provider_id) for target in volumes] == [
        extents(pair, source.provider_id) for source in sources]

    driver.delete_group_snapshot(types.CONTEXT, point, snapshots)
    assert list(a.get_protection_group_snapshots(
        names=[f'{name}.cgsnapshot-{point.id}-cinder']).items)[0].destroyed


def test_a_group_is_cloned(driver, a, pair, volume):
    record, _ = group(driver)
    source = created(driver, volume(group=record))
    pair.window('array-a', f'write?volume={source.provider_id}', {'extents': {'0': 'payload'}})
    copy = types.group(types.CONSISTENT, types.PLAIN)
    target = volume(group=copy)
    _, updates = driver.create_group_from_src(
        types.CONTEXT, copy, [target], source_group=record, source_vols=[source])
    types.apply(target, updates[0])
    assert members(a, f'consisgroup-{copy.id}-cinder') == {target.provider_id}
    assert extents(pair, target.provider_id) == {'0': 'payload'}


@pytest.fixture
def quickly(pair):
    """Schedules fire every half second."""
    pair.window('array-a', 'settings', {'schedule_interval': 0.5})
    yield
    pair.window('array-a', 'settings', {'schedule_interval': 0})


def replicated_since(b, name, moment):
    """Waits until a snapshot that was begun after the moment has arrived whole."""
    def arrived():
        return [found for found in b.get_protection_group_snapshots_transfer(
            names=[f'array-a:{name}'], filter='progress="1.0"', sort=['started-']).items if found.started > moment]
    return until(arrived, f'a snapshot of {name} on array-b')


def now(a):
    return list(a.get_arrays().items)[0]._as_of


def test_replication_of_a_group_is_disabled_enabled_failed_over_and_back(driver, a, b, pair, volume, quickly):
    record, name = group(driver, types.CONSISTENT_REPLICATED, types.REPLICATED)
    shown = list(a.get_protection_groups(names=[name]).items)[0].replication_schedule
    assert (shown.enabled, shown.frequency) == (True, 3600 * 1000)
    volumes = [created(driver, volume(kind=types.REPLICATED, group=record)) for _ in range(2)]
    for number, source in enumerate(volumes):
        pair.window('array-a', f'write?volume={source.provider_id}', {'extents': {'5': f'payload-{number}'}})

    update, _ = driver.disable_replication(types.CONTEXT, record, volumes)
    assert update == {'replication_status': 'disabled'}
    assert list(a.get_protection_groups(names=[name]).items)[0].replication_schedule.enabled is False
    update, _ = driver.enable_replication(types.CONTEXT, record, volumes)
    assert update == {'replication_status': 'enabled'}
    written = list(a.post_protection_group_snapshots(
        source_names=[name], protection_group_snapshot=sdk.ProtectionGroupSnapshotPost(suffix='written')).items)[0]
    replicated_since(b, name, written.created)

    update, updates = driver.failover_replication(types.CONTEXT, record, volumes, 'other')
    assert update == {'replication_status': 'failed-over'}
    assert {one['replication_driver_data'] for one in updates} == {'other'}
    for source, one in zip(volumes, updates):
        assert one['id'] == source.id
        types.apply(source, one)
        assert extents(pair, source.provider_id, 'array-b') == extents(pair, source.provider_id)

    update, updates = driver.failover_replication(types.CONTEXT, record, volumes, 'default')
    assert update == {'replication_status': 'enabled'}
    assert {(one['status'], one['replication_driver_data']) for one in updates} == {('error', None)}


def test_a_group_that_nothing_arrived_of_cannot_be_failed_over(driver, a, volume):
    record, name = group(driver, types.CONSISTENT_REPLICATED, types.REPLICATED)
    a.patch_protection_groups(names=[name], protection_group=sdk.ProtectionGroup(
        replication_schedule=sdk.ReplicationSchedule(enabled=False)))
    source = created(driver, volume(kind=types.REPLICATED, group=record))
    update, updates = None, None
    try:
        update, updates = driver.failover_replication(types.CONTEXT, record, [source], 'other')
    except Exception as refused:
        assert 'Unable to find viable pg snapshot' in str(refused)
    else:
        # The schedule's first snapshot, from before the volume: it is left behind.
        assert update == {'replication_status': 'error'} and updates[0]['status'] == 'error'
