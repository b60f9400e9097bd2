"""Pods: namespaces, alone and stretched over both arrays."""
from pypureclient import flasharray as sdk

from answers import done, items, names, one, refused
from pair import until

GIB = 1 << 30


def pod(a, name):
    return one(a.post_pods(names=[name], pod=sdk.PodPost()))


def volume(a, name):
    return one(a.post_volumes(names=[name], volume=sdk.VolumePost(provisioned=GIB)))


def online(client, name):
    """Whether the pod is online on all its arrays, as this one sees it."""
    return {array.status for array in one(client.get_pods(names=[name])).arrays} == {'online'}


def test_the_life_of_a_pod(a):
    made = pod(a, 'life')
    assert (made.name, made.array_count, made.promotion_status) == ('life', 1, 'promoted')
    assert [array.name for array in made.arrays] == ['array-a']
    refused(a.post_pods(names=['life'], pod=sdk.PodPost()), 'life', 'already exists')
    inside = volume(a, 'life::disk')
    assert inside.pod.name == 'life'
    one(a.post_protection_groups(names=['life::group']))
    assert names(a.get_volumes(filter="pod.name='life'")) == ['life::disk']
    refused(a.post_volumes(names=['nobody::disk'], volume=sdk.VolumePost(provisioned=GIB)), 'nobody', 'does not exist')

    volume(a, 'mover')
    moved = one(a.patch_volumes(names=['mover'], volume=sdk.VolumePatch(pod=sdk.Reference(name='life'))))
    assert moved.name == 'life::mover'
    assert one(a.patch_volumes(names=['life::mover'], volume=sdk.VolumePatch(
        pod=sdk.Reference(name='')))).name == 'mover'
    assert one(a.get_pods_space(names=['life'])).name == 'life'
    assert one(a.get_container_default_protections(names=['life'])).default_protections == []

    assert a.patch_pods(names=['life'], pod=sdk.PodPatch(destroyed=True)).status_code == 400
    assert one(a.patch_pods(names=['life'], destroy_contents=True, pod=sdk.PodPatch(destroyed=True))).destroyed
    again = a.post_pods(names=['life'], pod=sdk.PodPost())
    assert again.status_code == 400 and 'already exists' not in again.errors[0].message
    done(a.delete_pods(names=['life'], eradicate_contents=True))
    refused(a.get_pods(names=['life']), 'life', 'does not exist')


def test_a_pod_is_stretched_and_drawn_back(a, b):
    pod(a, 'stretched')
    volume(a, 'stretched::disk')
    items(a.post_pods_arrays(group_names=['stretched'], member_names=['array-b']))
    until(lambda: online(b, 'stretched'), 'the pod on array-b')
    assert one(b.get_pods(names=['stretched'])).array_count == 2
    assert one(b.get_volumes(names=['stretched::disk'])).serial == one(
        a.get_volumes(names=['stretched::disk'])).serial
    answer = a.post_pods_arrays(group_names=['stretched'], member_names=['array-b'])
    assert answer.status_code == 400 and 'already exists' in answer.errors[0].message
    members = items(a.get_pods_members(pod_names=['stretched']))
    assert {member.member.name for member in members} == {'array-a', 'array-b'}

    volume(b, 'stretched::made-there')
    assert names(a.get_volumes(names=['stretched::made-there'])) == ['stretched::made-there']
    volume(a, 'stays-out')
    answer = a.patch_volumes(names=['stays-out'], volume=sdk.VolumePatch(pod=sdk.Reference(name='stretched')))
    assert answer.status_code == 400

    done(a.delete_pods_members(pod_names=['stretched'], member_names=['array-b']))
    until(lambda: one(a.get_pods(names=['stretched'])).array_count == 1, 'the pod on array-a alone')
    assert b.get_pods(names=['stretched'], destroyed=False).status_code == 400
    items(a.post_pods_members(pod_names=['stretched'], member_names=['array-b']))
    until(lambda: online(a, 'stretched'), 'the pod on array-b again')
