"""failover_host of Cinder's own driver: the whole backend goes to the other array."""
import pytest
from cinder import exception

import types_of_cinder as types
from conftest import start
from pair import until
from pypureclient import flasharray as sdk
from test_groups import quickly, replicated_since
from test_volumes import created, extents, on


def cloned(driver, source, record):
    """A new volume of a backend that has failed over: there, this driver's create_volume breaks on an attribute that it
    gives to the first array only."""
    return types.apply(record, driver.create_cloned_volume(record, source))


def test_a_backend_is_failed_over_and_back(a, b, pair, volume, quickly):
    driver = start('asynchronous')
    replicated = created(driver, volume(kind=types.REPLICATED))
    pair.window('array-a', f'write?volume={replicated.provider_id}', {'extents': {'0': 'payload'}})
    written = list(a.post_protection_group_snapshots(
        source_names=['cinder-asynchronous'],
        protection_group_snapshot=sdk.ProtectionGroupSnapshotPost(suffix='written')).items)[0]
    replicated_since(b, 'cinder-asynchronous', written.created)
    left_behind = created(driver, volume())

    serving, updates, groups = driver.failover_host(types.CONTEXT, [replicated, left_behind], 'other', [])
    assert (serving, groups) == ('other', [])
    by_volume = {update['volume_id']: update['updates'] for update in updates}
    assert by_volume == {
        replicated.id: {'replication_status': 'failed-over'}, left_behind.id: {'status': 'error'}}
    assert extents(pair, replicated.provider_id, 'array-b') == {'0': 'payload'}

    new = cloned(driver, replicated, volume())
    assert on(b, new.provider_id) and on(a, new.provider_id) is None
    with pytest.raises(exception.InvalidReplicationTarget):
        driver.failover_host(types.CONTEXT, [], 'other', [])

    serving, updates, _ = driver.failover_host(types.CONTEXT, [replicated], 'default', [])
    assert serving == 'default'
    assert [update['updates'] for update in updates] == [{'status': 'error'}]
    back = created(driver, volume())
    assert on(a, back.provider_id)


def test_a_restarted_driver_goes_on_where_it_serves(b, volume):
    b.post_volumes(names=['served'], volume=sdk.VolumePost(provisioned=1 << 30))
    driver = start('asynchronous', active_backend_id='other')
    record = volume()
    types.apply(record, driver.manage_existing(record, {'source-name': 'served'}))
    assert record.metadata['array_name'] == 'array-b' and on(b, record.provider_id)


def test_an_unknown_target_is_refused():
    with pytest.raises(exception.InvalidReplicationTarget):
        start('asynchronous').failover_host(types.CONTEXT, [], 'nobody', [])


def test_without_replication_there_is_nowhere_to_go(volume):
    driver = start('alone')
    assert driver.get_volume_stats(refresh=True)['replication_enabled'] is False
    with pytest.raises(exception.VolumeDriverException):
        driver.failover_host(types.CONTEXT, [], None, [])


def test_a_stretched_backend_serves_from_both_arrays(a, b, volume):
    driver = start('synchronous')
    until(lambda: {array.status for array in list(a.get_pods(names=['cinder-pod']).items)[0].arrays} == {'online'},
          'the pod on both arrays')
    record = created(driver, volume(kind=types.IN_POD))
    assert record.provider_id == f'cinder-pod::volume-{record.id}-cinder'
    assert record.replication_status == 'enabled'
    assert on(a, record.provider_id).serial == on(b, record.provider_id).serial
    with pytest.raises(exception.ManageExistingInvalidReference):
        driver.manage_existing(volume(), {'source-name': record.provider_id})
    start('synchronous')

    serving, updates, _ = driver.failover_host(types.CONTEXT, [record], None, [])
    assert serving == 'other'
    assert [update['updates'] for update in updates] == [{'replication_status': 'failed-over'}]
    second = cloned(driver, record, volume(kind=types.IN_POD))
    assert on(a, second.provider_id)
    driver.delete_volume(second)
    assert on(a, second.provider_id).destroyed
    serving, updates, _ = driver.failover_host(types.CONTEXT, [record], 'default', [])
    assert (serving, updates) == ('default', [])
