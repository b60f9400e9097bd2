"""The array itself, and what it is connected to."""
import pytest
from pypureclient import flasharray as sdk

from answers import done, items, names, one, refused

DAY = 24 * 3600 * 1000


def test_an_array_says_who_it_is(a, b):
    one_array, other = one(a.get_arrays()), one(b.get_arrays())
    assert (one_array.name, other.name) == ('array-a', 'array-b')
    assert one_array.id != other.id
    assert one_array.os == 'Purity//FA'
    assert tuple(int(part) for part in one_array.version.split('.')) >= (6, 1, 0)
    assert one_array.capacity > one_array.space.total_used
    assert one_array.idle_timeout % 60_000 == 0


def test_the_delay_of_eradication_is_changed_in_days(a):
    config = sdk.EradicationConfig(enabled_delay=3 * DAY)
    assert one(a.patch_arrays(array=sdk.Arrays(eradication_config=config))).eradication_config.enabled_delay == 3 * DAY
    refused(a.patch_arrays(array=sdk.Arrays(eradication_config=sdk.EradicationConfig(enabled_delay=DAY + 1))),
            str(DAY + 1), '1 to 30 days')
    back = sdk.EradicationConfig(enabled_delay=DAY, disabled_delay=DAY)
    assert one(a.patch_arrays(array=sdk.Arrays(eradication_config=back))).eradication_config.enabled_delay == DAY


def test_figures_of_space_and_performance_are_told(a):
    assert one(a.get_arrays_space()).capacity == one(a.get_arrays()).capacity
    assert one(a.get_arrays_performance()).usec_per_read_op >= 0
    assert [[array.name for array in by.link] for by in items(a.get_arrays_performance_by_link())] == [
        ['array-a', 'array-b']]


def test_arrays_are_connected_with_each_other(a, b):
    for client, other in ((a, 'array-b'), (b, 'array-a')):
        found = items(client.get_array_connections())
        assert {connection.name for connection in found} == {other}
        assert {connection.status for connection in found} == {'connected'}
        assert 'async-replication' in {connection.type for connection in found}
        assert {path.name for path in items(client.get_array_connections_path())} == {other}
    refused(a.get_array_connections(names=['nobody']), 'nobody', 'does not exist')


def test_a_connection_is_ended_and_made_with_the_other_arrays_key(a, b):
    kinds = sorted(connection.type for connection in items(a.get_array_connections()))
    done(a.delete_array_connections(names=['array-b']))
    assert items(a.get_array_connections()) == []
    key = one(b.get_array_connections_connection_key()).connection_key
    for kind in kinds:
        made = one(a.post_array_connections(array_connection=sdk.ArrayConnectionPost(
            management_address='127.0.0.1', connection_key=key, type=kind, replication_transport='ip')))
        assert (made.name, made.type) == ('array-b', kind)
    again = sdk.ArrayConnectionPost(
        management_address='127.0.0.1', connection_key=key, type=kinds[0], replication_transport='ip')
    refused(a.post_array_connections(array_connection=again), 'array-b', 'already exists')
    wrong = sdk.ArrayConnectionPost(
        management_address='127.0.0.1', connection_key='wrong', type=kinds[0], replication_transport='ip')
    refused(a.post_array_connections(array_connection=wrong), 'array-connections', 'Invalid connection key')
    assert sorted(connection.type for connection in items(a.get_array_connections())) == kinds


def test_a_connection_is_throttled(a):
    throttle = sdk.Throttle(default_limit=10 * 1024 * 1024)
    changed = items(a.patch_array_connections(
        names=['array-b'], array_connection=sdk.ArrayConnection(throttle=throttle)))
    assert {connection.throttle.default_limit for connection in changed} == {10 * 1024 * 1024}


@pytest.mark.parametrize('listing', ['get_controllers', 'get_hardware', 'get_ports', 'get_network_interfaces'])
def test_parts_are_listed_and_found_by_name(a, listing):
    every = names(getattr(a, listing)())
    assert every
    assert names(getattr(a, listing)(names=every[:1])) == every[:1]
    assert names(getattr(a, listing)(filter=f"name='{every[-1]}'")) == every[-1:]
    assert getattr(a, listing)(names=['nobody']).status_code == 400


def test_the_way_to_the_ports_is_the_one_that_drivers_go(a):
    ready = names(a.get_controllers(filter="status='ready'"))
    assert ready
    for controller in ready:
        ports = items(a.get_ports(filter=f"name='{controller}.*'"))
        assert all(port.iqn and port.portal for port in ports) and ports
    assert items(a.get_network_interfaces(filter="eth.subtype='lacp_bond' or eth.subtype='vif'")) == []


def test_there_are_no_targets_of_offload(a):
    assert items(a.get_offloads()) == []
