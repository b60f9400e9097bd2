"""openstacksdk on a simulated site: each resource is created, found, listed, and is gone after its deletion."""

import openstack
import pytest
from openstack import exceptions

import cloud
from pair import until


@pytest.fixture(scope='module')
def administrator(pair, tmp_path_factory):
    cloud.write(tmp_path_factory.mktemp('sdk'), pair.told['clouds'], 'site-b')
    with openstack.connect(cloud=cloud.ADMINISTRATOR) as connection:
        yield connection


@pytest.fixture(scope='module')
def tenant(administrator):
    identity = administrator.identity
    project = identity.create_project(name=cloud.NAME)
    user = identity.create_user(name=cloud.NAME, password=cloud.PASSWORD, default_project_id=project.id)
    identity.assign_project_role_to_user(project, user, identity.find_role('member'))
    with openstack.connect(cloud=cloud.TENANT) as connection:
        yield connection


@pytest.fixture(scope='module')
def network(tenant):
    made = tenant.network.create_network(name='sdk-network')
    tenant.network.create_subnet(name='sdk-subnet', network_id=made.id, ip_version=4, cidr='10.88.0.0/24')
    return made


@pytest.fixture(scope='module')
def outside(administrator):
    made = administrator.network.create_network(name='sdk-outside', is_router_external=True)
    administrator.network.create_subnet(network_id=made.id, ip_version=4, cidr='10.89.0.0/24')
    return made


@pytest.fixture(scope='module')
def image(tenant):
    made = tenant.image.create_image(name='sdk-base', disk_format='raw', container_format='bare', data=b'image' * 99)
    return tenant.image.wait_for_status(made, 'active', interval=0.1, wait=60)


@pytest.fixture(scope='module')
def flavor(administrator):
    return administrator.compute.create_flavor(name='sdk-base', ram=256, vcpus=1, disk=1)


@pytest.fixture(scope='module')
def volume(tenant):
    return available(tenant.block_storage, 'volume', tenant.block_storage.create_volume(name='sdk-base', size=1))


def available(service, kind, made):
    return service.wait_for_status(made, 'available', failures=['error'], interval=0.1, wait=60)


def round_trip(service, kind, wanted, ready=None, plural=None, change=None, named=True):
    """Creates, gets, finds by name and id, lists, changes, deletes; and then it is nowhere."""
    made = getattr(service, f'create_{kind}')(**wanted)
    if ready:
        made = ready(service, kind, made)
    found = getattr(service, f'get_{kind}')(made.id)
    assert found.id == made.id
    for field, value in wanted.items():
        if field != 'password' and field in found.to_dict() and not isinstance(value, (dict, list, bytes)):
            assert found[field] == value, field
    find, listed = getattr(service, f'find_{kind}'), getattr(service, plural or f'{kind}s')
    assert find(made.id).id == made.id
    if named:
        assert find(wanted['name'], ignore_missing=False).id == made.id
    assert made.id in [other.id for other in listed()]
    if change:
        getattr(service, f'update_{kind}')(made.id, **change)
        now = getattr(service, f'get_{kind}')(made.id)
        assert {field: now[field] for field in change} == change
    getattr(service, f'delete_{kind}')(made.id, ignore_missing=False)

    def gone():
        return find(made.id) is None and made.id not in [other.id for other in listed()]
    until(gone, f'{kind} {made.id} is gone')
    with pytest.raises(exceptions.NotFoundException):
        getattr(service, f'get_{kind}')(made.id)
    with pytest.raises(exceptions.NotFoundException):
        getattr(service, f'delete_{kind}')(made.id, ignore_missing=False)


@pytest.mark.parametrize(('kind', 'wanted', 'change'), [
    ('project', {'name': 'sdk', 'description': 'One'}, {'description': 'Another'}),
    ('user', {'name': 'sdk', 'password': 'sdk-secret', 'email': 'sdk@example.org'}, {'email': 'other@example.org'}),
    ('role', {'name': 'sdk'}, {'name': 'sdk-renamed'}),
])
def test_identity(administrator, kind, wanted, change):
    round_trip(administrator.identity, kind, wanted, change=change)


def test_domain_is_disabled_before_it_is_deleted(administrator):
    identity = administrator.identity
    made = identity.create_domain(name='sdk', description='A domain')
    assert identity.find_domain('sdk').id == made.id
    with pytest.raises(exceptions.ForbiddenException):
        identity.delete_domain(made)
    identity.update_domain(made, is_enabled=False)
    identity.delete_domain(made)
    assert identity.find_domain('sdk') is None


def test_application_credential(tenant):
    identity, user = tenant.identity, tenant.current_user_id
    made = identity.create_application_credential(user, name='sdk')
    assert made.secret
    assert identity.find_application_credential(user, 'sdk').id == made.id
    assert [other.id for other in identity.application_credentials(user)] == [made.id]
    identity.delete_application_credential(user, made)
    assert identity.find_application_credential(user, 'sdk') is None


def test_image_keeps_its_data(tenant):
    content = b'bytes of an image' * 999
    made = tenant.image.create_image(name='sdk', disk_format='raw', container_format='bare', data=content, wait=True,
                                     tags=['sdk'], os_distro='debian')
    found = tenant.image.find_image('sdk')
    assert (found.id, found.status, found.size, found.tags) == (made.id, 'active', len(content), ['sdk'])
    assert made.id in [other.id for other in tenant.image.images()]
    assert tenant.image.download_image(made).content == content
    tenant.image.update_image(made.id, name='sdk-renamed')
    assert tenant.image.get_image(made.id).name == 'sdk-renamed'
    tenant.image.delete_image(made.id, ignore_missing=False)
    assert tenant.image.find_image(made.id) is None


@pytest.mark.parametrize(('kind', 'wanted', 'change'), [
    ('network', {'name': 'sdk', 'description': 'One'}, {'description': 'Another'}),
    ('router', {'name': 'sdk'}, {'description': 'Another'}),
    ('security_group', {'name': 'sdk', 'description': 'One'}, {'name': 'sdk-renamed'}),
])
def test_network(tenant, kind, wanted, change):
    round_trip(tenant.network, kind, wanted, change=change)


def test_subnet(tenant):
    made = tenant.network.create_network(name='sdk-of-subnet')
    round_trip(tenant.network, 'subnet', {'name': 'sdk', 'network_id': made.id, 'ip_version': 4,
                                          'cidr': '10.90.0.0/24'}, change={'dns_nameservers': ['10.90.0.3']})
    tenant.network.delete_network(made)


def test_port(tenant, network):
    round_trip(tenant.network, 'port', {'name': 'sdk', 'network_id': network.id}, change={'description': 'Another'})


def test_security_group_rule(tenant):
    group = tenant.network.create_security_group(name='sdk-rules')
    round_trip(tenant.network, 'security_group_rule', {
        'security_group_id': group.id, 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 80,
        'port_range_max': 80}, named=False)
    tenant.network.delete_security_group(group)


def test_floating_ip(tenant, outside):
    service = tenant.network
    made = service.create_ip(floating_network_id=outside.id)
    assert service.get_ip(made.id).floating_ip_address == made.floating_ip_address
    assert service.find_ip(made.floating_ip_address).id == made.id
    assert made.id in [other.id for other in service.ips()]
    service.delete_ip(made.id, ignore_missing=False)
    assert service.find_ip(made.id) is None


def test_volume(tenant):
    round_trip(tenant.block_storage, 'volume', {'name': 'sdk', 'size': 1, 'description': 'One'}, available,
               change={'description': 'Another'})


def test_snapshot(tenant, volume):
    round_trip(tenant.block_storage, 'snapshot', {'name': 'sdk', 'volume_id': volume.id}, available,
               change={'description': 'Another'})


def test_volume_type(administrator):
    round_trip(administrator.block_storage, 'type', {'name': 'sdk', 'description': 'One'},
               change={'description': 'Another'})


def test_group_of_volumes(administrator, tenant):
    """Of volumes that are all in one snapshot of the group."""
    kind = administrator.block_storage.create_group_type(name='sdk')
    administrator.block_storage.create_group_type_group_specs(
        kind, {'consistent_group_snapshot_enabled': '<is> True'})
    assert administrator.block_storage.find_group_type('sdk').id == kind.id
    service, volume_type = tenant.block_storage, administrator.block_storage.create_type(name='sdk-grouped')
    group = service.create_group(name='sdk', group_type=kind.id, volume_types=[volume_type.id])
    available(service, 'group', group)
    member = available(service, 'volume', service.create_volume(name='sdk-member', size=1, group_id=group.id,
                                                                volume_type=volume_type.id))
    assert service.find_group('sdk').id == group.id
    assert [other.id for other in service.groups()] == [group.id]
    moment = service.create_group_snapshot(name='sdk-moment', group_id=group.id)
    available(service, 'group_snapshot', moment)
    assert [other.id for other in service.group_snapshots()] == [moment.id]
    service.delete_group_snapshot(moment)
    until(lambda: not list(service.group_snapshots()), 'the group snapshot is gone')
    with pytest.raises(exceptions.BadRequestException, match='belong to a group'):
        service.delete_volume(member)
    service.delete_group(group, delete_volumes=True)
    until(lambda: not list(service.groups()), 'the group is gone')
    assert service.find_volume(member.id) is None
    administrator.block_storage.delete_type(volume_type)
    administrator.block_storage.delete_group_type(kind)
    assert administrator.block_storage.find_group_type('sdk') is None


def test_flavor(administrator):
    round_trip(administrator.compute, 'flavor', {'name': 'sdk', 'ram': 512, 'vcpus': 1, 'disk': 2})


def test_keypair(tenant):
    made = tenant.compute.create_keypair(name='sdk', public_key=(
        'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFN0cmFuZ2Vyc1N0cmFuZ2Vyc1N0cmFuZ2Vyc1N0cmFu sdk'))
    assert tenant.compute.find_keypair('sdk').fingerprint == made.fingerprint
    assert [other.name for other in tenant.compute.keypairs()] == ['sdk']
    tenant.compute.delete_keypair('sdk', ignore_missing=False)
    assert tenant.compute.find_keypair('sdk') is None


def test_server_group(tenant):
    round_trip(tenant.compute, 'server_group', {'name': 'sdk', 'policy': 'anti-affinity'})


def test_aggregate(administrator):
    service = administrator.compute
    made = service.create_aggregate(name='sdk', availability_zone='sdk-zone')
    assert service.find_aggregate('sdk').id == made.id
    assert made.id in [other.id for other in service.aggregates()]
    service.delete_aggregate(made)
    assert service.find_aggregate('sdk') is None


def test_server_with_a_volume_and_a_second_port(tenant, network, image, flavor, volume):
    service = tenant.compute
    made = service.create_server(name='sdk', image_id=image.id, flavor_id=flavor.id, networks=[{'uuid': network.id}])
    made = service.wait_for_server(made, interval=0.1, wait=60)
    assert service.find_server('sdk').id == made.id
    assert made.id in [other.id for other in service.servers()]

    service.create_volume_attachment(made, volume_id=volume.id)
    tenant.block_storage.wait_for_status(volume, 'in-use', interval=0.1, wait=60)
    assert [other.volume_id for other in service.volume_attachments(made)] == [volume.id]
    service.delete_volume_attachment(made, volume.id)
    available(tenant.block_storage, 'volume', volume)

    second = service.create_server_interface(made, net_id=network.id)
    until(lambda: second.port_id in [other.port_id for other in service.server_interfaces(made)],
          'the second port is attached')
    service.delete_server_interface(second.port_id, server=made)
    until(lambda: tenant.network.find_port(second.port_id) is None, 'the second port is gone')

    service.stop_server(made)
    service.wait_for_server(made, status='SHUTOFF', interval=0.1, wait=60)
    service.start_server(made)
    service.wait_for_server(made, interval=0.1, wait=60)
    service.delete_server(made.id, ignore_missing=False)
    service.wait_for_delete(made, interval=0.1, wait=60)
    assert service.find_server('sdk') is None
