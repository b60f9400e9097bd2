"""Volumes and snapshots of Cinder's own driver."""
from unittest import mock

import pytest
from cinder import exception
from cinder import objects

import types_of_cinder as types
from conftest import start

GIB = 1 << 30
CONNECTOR = {'initiator': 'iqn.2024-01.example:compute-1', 'host': 'compute-1', 'multipath': True,
             'system uuid': '0f8fad5b-d9cb-469f-a165-70867728950e'}


def created(driver, record):
    return types.apply(record, driver.create_volume(record))


def on(array, name):
    answer = array.get_volumes(names=[name])
    return list(answer.items)[0] if answer.status_code == 200 else None


def test_set_up_makes_the_group_that_replicates_and_does_no_harm_twice(driver, a, b):
    for _ in range(2):
        group = list(a.get_protection_groups(names=['cinder-asynchronous']).items)[0]
        assert group.replication_schedule.enabled is True
        assert group.replication_schedule.frequency == 3600 * 1000
        kept = group.target_retention
        assert (kept.all_for_sec, kept.per_day, kept.days) == (14400, 3, 7)
        target = list(a.get_protection_groups_targets(group_names=['cinder-asynchronous']).items)[0]
        assert (target.member.name, target.allowed) == ('array-b', True)
        assert list(b.get_protection_groups(names=['array-a:cinder-asynchronous']).items)[0].is_local is False
        start('asynchronous')


def test_a_backend_tells_what_it_can(driver):
    stats = driver.get_volume_stats(refresh=True)
    assert stats['storage_protocol'] == 'iSCSI'
    assert stats['replication_enabled'] is True and stats['replication_targets'] == ['other']
    assert stats['consistent_group_replication_enabled'] or 'async' in stats['replication_type']
    assert stats['total_capacity_gb'] > stats['free_capacity_gb'] > 0


def test_the_life_of_a_volume(driver, a, volume):
    record = created(driver, volume())
    assert record.provider_id == f'volume-{record.id}-cinder'
    assert record.metadata == {'array_volume_name': record.provider_id, 'array_name': 'array-a'}
    assert on(a, record.provider_id).provisioned == GIB
    driver.extend_volume(record, 3)
    assert on(a, record.provider_id).provisioned == 3 * GIB
    with pytest.raises(exception.VolumeDriverException, match='already exists'):
        driver.create_volume(record)
    driver.delete_volume(record)
    assert on(a, record.provider_id).destroyed
    assert a.delete_volumes(names=[record.provider_id]).status_code == 200
    driver.delete_volume(record)


def test_a_replicated_volume_is_in_the_backends_group(driver, a, volume):
    record = created(driver, volume(kind=types.REPLICATED))
    assert record.replication_status == 'enabled'
    groups = [found.group.name for found in a.get_volumes_protection_groups(member_names=[record.provider_id]).items]
    assert groups == ['cinder-asynchronous']
    driver.delete_volume(record)


def test_limits_come_from_the_type(driver, a, volume):
    record = created(driver, volume(kind=types.LIMITED))
    limits = on(a, record.provider_id).qos
    assert (limits.iops_limit, limits.bandwidth_limit) == (1000, 10 << 20)


def test_a_volume_group_comes_and_goes_with_its_volumes(driver, a, volume):
    record = created(driver, volume(kind=types.IN_GROUP))
    assert record.provider_id.startswith('tenants/volume-')
    assert list(a.get_volume_groups(names=['tenants']).items)[0].qos.iops_limit == 5000
    second = created(driver, volume(kind=types.IN_GROUP))
    driver.delete_volume(record)
    assert not list(a.get_volume_groups(names=['tenants']).items)[0].destroyed
    driver.delete_volume(second)
    assert list(a.get_volume_groups(names=['tenants']).items)[0].destroyed
    for gone in (record, second):
        assert a.delete_volumes(names=[gone.provider_id]).status_code == 200
    third = created(driver, volume(kind=types.IN_GROUP))
    assert on(a, third.provider_id).volume_group.name == 'tenants'


def test_snapshots_and_what_is_made_of_them(driver, a, pair, volume):
    record = created(driver, volume())
    pair.window('array-a', f'write?volume={record.provider_id}', {'extents': {'0': 'then'}})
    snapshot = types.snapshot(record)
    types.apply(snapshot, driver.create_snapshot(snapshot))
    assert snapshot.metadata['array_snapshot_name'] == f'{record.provider_id}.snapshot-{snapshot.id}'
    pair.window('array-a', f'write?volume={record.provider_id}', {'extents': {'0': 'now'}})

    larger = volume(size=2)
    types.apply(larger, driver.create_volume_from_snapshot(larger, snapshot))
    assert on(a, larger.provider_id).provisioned == 2 * GIB
    assert extents(pair, larger.provider_id) == {'0': 'then'}

    driver.revert_to_snapshot(types.CONTEXT, record, snapshot)
    assert extents(pair, record.provider_id) == {'0': 'then'}
    driver.delete_snapshot(snapshot)
    driver.delete_snapshot(snapshot)
    name = snapshot.metadata['array_snapshot_name']
    assert list(a.get_volume_snapshots(names=[name]).items)[0].destroyed


def extents(pair, name, array='array-a'):
    return pair.window(array, f'content?volume={name}')['extents']


def test_clones(driver, a, pair, volume):
    record = created(driver, volume())
    pair.window('array-a', f'write?volume={record.provider_id}', {'extents': {'3': 'payload'}})
    clone = volume(size=2)
    types.apply(clone, driver.create_cloned_volume(clone, record))
    assert on(a, clone.provider_id).provisioned == 2 * GIB
    assert extents(pair, clone.provider_id) == extents(pair, record.provider_id)


def test_a_volume_is_attached_and_detached(driver, a, volume):
    record = created(driver, volume())
    with mock.patch.object(objects.Volume, 'get_by_id', lambda context, id: record):
        for _ in range(2):
            answer = driver.initialize_connection(record, CONNECTOR)
            data = answer['data']
            assert answer['driver_volume_type'] == 'iscsi'
            assert len(data['target_portals']) == len(data['target_iqns']) == len(data['target_luns']) == 4
            assert data['wwn'] == '3624a9370' + on(a, record.provider_id).serial.lower()
        assert on(a, record.provider_id).connection_count == 1
        host = list(a.get_hosts(filter=f"iqns='{CONNECTOR['initiator']}'").items)[0].name
        assert host == 'compute-1-0f8fad5bd9cb469fa16570867728950e-cinder'
        driver.terminate_connection(record, CONNECTOR)
    assert on(a, record.provider_id).connection_count == 0
    assert a.get_hosts(names=[host]).status_code == 400


def test_a_volume_is_deleted_with_its_connections(driver, a, volume):
    record = created(driver, volume())
    with mock.patch.object(objects.Volume, 'get_by_id', lambda context, id: record):
        driver.initialize_connection(record, CONNECTOR)
    driver.delete_volume(record)
    assert on(a, record.provider_id).destroyed


def test_a_volume_is_given_up_and_taken_back(driver, a, volume):
    record = created(driver, volume(size=2))
    driver.unmanage(record)
    given_up = f'{record.provider_id}-unmanaged'
    assert on(a, record.provider_id) is None and on(a, given_up)

    manageable = driver.get_manageable_volumes([], None, 1000, 0, ['size'], ['asc'])
    assert [found['safe_to_manage'] for found in manageable if found['reference']['name'] == given_up] == [True]

    again = volume()
    reference = {'source-name': given_up}
    assert driver.manage_existing_get_size(again, reference) == 2
    types.apply(again, driver.manage_existing(again, reference))
    assert again.provider_id == f'volume-{again.id}-cinder'
    assert on(a, given_up) is None and on(a, again.provider_id).provisioned == 2 * GIB
    with pytest.raises(exception.ManageExistingInvalidReference):
        driver.manage_existing(volume(), {'source-name': 'nobody'})


def test_a_connected_volume_is_not_taken(driver, a, volume):
    from pypureclient import flasharray as sdk
    a.post_volumes(names=['connected'], volume=sdk.VolumePost(provisioned=GIB))
    a.post_hosts(names=['somebody'], host=sdk.HostPost(iqns=['iqn.2024-01.example:somebody']))
    a.post_connections(host_names=['somebody'], volume_names=['connected'])
    with pytest.raises(exception.ManageExistingInvalidReference, match='connected to hosts'):
        driver.manage_existing(volume(), {'source-name': 'connected'})


def test_a_snapshot_is_given_up_and_taken_back(driver, a, volume):
    record = created(driver, volume())
    snapshot = types.snapshot(record)
    driver.create_snapshot(snapshot)
    driver.unmanage_snapshot(snapshot)
    # The longest name that the driver gives: its end makes room for the suffix.
    given_up = f'{record.provider_id}.snapshot-{snapshot.id}'[:-len('-unmanaged')] + '-unmanaged'
    assert a.get_volume_snapshots(names=[given_up]).status_code == 200
    again = types.snapshot(record)
    assert driver.manage_existing_snapshot_get_size(again, {'source-name': given_up}) == 1
    types.apply(again, driver.manage_existing_snapshot(again, {'source-name': given_up}))
    assert a.get_volume_snapshots(names=[f'{record.provider_id}.snapshot-{again.id}']).status_code == 200
    manageable = driver.get_manageable_snapshots([], None, 1000, 0, ['size'], ['asc'])
    assert any(found['reference']['name'].endswith(again.id) for found in manageable)
