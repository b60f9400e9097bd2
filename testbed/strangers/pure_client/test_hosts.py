"""Hosts, host groups, and what is connected to them."""
from pypureclient import flasharray as sdk

from answers import done, items, names, one, refused

GIB = 1 << 30


def iqn(number):
    return f'iqn.2024-01.example:host-{number}'


def host(a, name, number):
    return one(a.post_hosts(names=[name], host=sdk.HostPost(iqns=[iqn(number)])))


def test_the_life_of_a_host(a):
    made = host(a, 'life', 1)
    assert (made.name, list(made.iqns), made.is_local, made.connection_count) == ('life', [iqn(1)], True, 0)
    refused(a.post_hosts(names=['life'], host=sdk.HostPost()), 'life', 'already exists')
    answer = a.post_hosts(names=['other'], host=sdk.HostPost(iqns=[iqn(1)]))
    assert answer.status_code == 400 and 'already in use' in answer.errors[0].message
    assert names(a.get_hosts(filter=f"iqns='{iqn(1)}' and is_local")) == ['life']
    assert names(a.get_hosts(filter=f"iqns='{iqn(1)}' and not is_local")) == []
    changed = one(a.patch_hosts(names=['life'], host=sdk.HostPatch(add_iqns=[iqn(2)], personality='esxi')))
    assert (set(changed.iqns), changed.personality) == ({iqn(1), iqn(2)}, 'esxi')
    assert list(one(a.patch_hosts(names=['life'], host=sdk.HostPatch(remove_iqns=[iqn(1)]))).iqns) == [iqn(2)]
    assert one(a.patch_hosts(names=['life'], host=sdk.HostPatch(
        chap=sdk.Chap(host_user='user', host_password='long-enough-secret')))).chap.host_user == 'user'
    assert one(a.patch_hosts(names=['life'], host=sdk.HostPatch(name='lives'))).name == 'lives'
    refused(a.patch_hosts(names=['life'], host=sdk.HostPatch(personality='esxi')), 'life', 'Host does not exist')
    done(a.delete_hosts(names=['lives']))
    refused(a.get_hosts(names=['lives']), 'lives', 'does not exist')


def test_volumes_are_connected_and_disconnected(a):
    host(a, 'server', 10)
    one(a.post_volumes(names=['disk'], volume=sdk.VolumePost(provisioned=GIB)))
    made = one(a.post_connections(host_names=['server'], volume_names=['disk']))
    assert (made.host.name, made.volume.name) == ('server', 'disk') and made.lun > 0
    answer = a.post_connections(host_names=['server'], volume_names=['disk'])
    assert answer.status_code == 400 and 'already exists' in answer.errors[0].message
    assert [found.lun for found in items(a.get_connections(volume_names=['disk']))] == [made.lun]
    assert one(a.get_volumes(names=['disk'])).connection_count == 1
    answer = a.patch_volumes(names=['disk'], volume=sdk.VolumePatch(destroyed=True))
    assert answer.status_code == 400 and 'cannot be deleted due to existing connections' in answer.errors[0].message
    assert a.delete_hosts(names=['server']).status_code == 400
    done(a.delete_connections(host_names=['server'], volume_names=['disk']))
    again = a.delete_connections(host_names=['server'], volume_names=['disk'])
    assert again.status_code == 400 and 'does not exist' in again.errors[0].message
    assert one(a.patch_volumes(names=['disk'], volume=sdk.VolumePatch(destroyed=True))).destroyed
    done(a.delete_hosts(names=['server']))


def test_the_life_of_a_host_group(a):
    host(a, 'member-1', 21)
    host(a, 'member-2', 22)
    assert one(a.post_host_groups(names=['cluster'])).name == 'cluster'
    refused(a.post_host_groups(names=['cluster']), 'cluster', 'already exists')
    items(a.post_host_groups_hosts(group_names=['cluster'], member_names=['member-1', 'member-2']))
    members = items(a.get_host_groups_hosts(group_names=['cluster']))
    assert {member.member.name for member in members} == {'member-1', 'member-2'}
    assert one(a.get_hosts(names=['member-1'])).host_group.name == 'cluster'
    assert one(a.get_host_groups(names=['cluster'])).host_count == 2

    one(a.post_volumes(names=['shared'], volume=sdk.VolumePost(provisioned=GIB)))
    items(a.post_connections(host_group_names=['cluster'], volume_names=['shared']))
    assert {found.host.name for found in items(a.get_connections(volume_names=['shared']))} == {
        'member-1', 'member-2'}
    done(a.delete_connections(host_group_names=['cluster'], volume_names=['shared']))

    done(a.delete_host_groups_hosts(group_names=['cluster'], member_names=['member-2']))
    members = items(a.get_hosts_host_groups(group_names=['cluster']))
    assert [member.member.name for member in members] == ['member-1']
    assert one(a.patch_host_groups(names=['cluster'], host_group=sdk.HostGroupPatch(name='farm'))).name == 'farm'
    done(a.delete_host_groups_hosts(group_names=['farm'], member_names=['member-1']))
    done(a.delete_host_groups(names=['farm']))
    refused(a.get_host_groups(names=['farm']), 'farm', 'does not exist')


def test_hosts_and_host_groups_are_members_of_protection_groups(a):
    host(a, 'protected', 31)
    done(a.post_host_groups(names=['protected-cluster']))
    done(a.post_protection_groups(names=['of-hosts', 'of-clusters']))
    items(a.post_protection_groups_hosts(group_names=['of-hosts'], member_names=['protected']))
    items(a.post_protection_groups_host_groups(group_names=['of-clusters'], member_names=['protected-cluster']))
    assert [found.group.name for found in items(a.get_hosts_protection_groups(member_names=['protected']))] == [
        'of-hosts']
    assert [found.member.name for found in items(
        a.get_protection_groups_host_groups(group_names=['of-clusters']))] == ['protected-cluster']
    # One kind of member a group.
    assert a.post_protection_groups_host_groups(
        group_names=['of-hosts'], member_names=['protected-cluster']).status_code == 400
    done(a.delete_protection_groups_hosts(group_names=['of-hosts'], member_names=['protected']))
    done(a.delete_protection_groups_host_groups(group_names=['of-clusters'], member_names=['protected-cluster']))
    assert items(a.get_protection_groups_hosts(group_names=['of-hosts'])) == []
