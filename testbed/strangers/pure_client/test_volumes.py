"""Volumes, their snapshots, tags and groups: each from its making to its eradication."""
import pytest
from pypureclient import flasharray as sdk

from answers import done, items, names, one, refused

GIB = 1 << 30


def volume(a, name, size=GIB):
    return one(a.post_volumes(names=[name], volume=sdk.VolumePost(provisioned=size)))


def destroy(a, name):
    return one(a.patch_volumes(names=[name], volume=sdk.VolumePatch(destroyed=True)))


def test_the_life_of_a_volume(a):
    made = volume(a, 'life')
    assert (made.name, made.provisioned, made.destroyed, made.connection_count) == ('life', GIB, False, 0)
    assert len(made.serial) == 24 and made.created > 0
    assert one(a.get_volumes(names=['LIFE'])).id == made.id
    refused(a.post_volumes(names=['Life'], volume=sdk.VolumePost(provisioned=GIB)), 'Life', 'already exists')

    grown = one(a.patch_volumes(names=['life'], volume=sdk.VolumePatch(provisioned=2 * GIB)))
    assert grown.provisioned == 2 * GIB
    assert a.patch_volumes(names=['life'], volume=sdk.VolumePatch(provisioned=GIB)).status_code == 400
    shrunk = one(a.patch_volumes(names=['life'], truncate=True, volume=sdk.VolumePatch(provisioned=GIB)))
    assert shrunk.provisioned == GIB

    renamed = one(a.patch_volumes(ids=[made.id], volume=sdk.VolumePatch(name='lives')))
    assert (renamed.name, renamed.id, renamed.serial) == ('lives', made.id, made.serial)
    refused(a.get_volumes(names=['life']), 'life', 'does not exist')

    gone = destroy(a, 'lives')
    assert gone.destroyed and 0 < gone.time_remaining <= 24 * 3600 * 1000
    refused(a.patch_volumes(names=['lives'], volume=sdk.VolumePatch(name='x')), 'lives', 'has been destroyed')
    back = one(a.patch_volumes(names=['lives'], volume=sdk.VolumePatch(destroyed=False)))
    assert not back.destroyed

    assert a.delete_volumes(names=['lives']).status_code == 400
    destroy(a, 'lives')
    done(a.delete_volumes(names=['lives']))
    refused(a.get_volumes(names=['lives']), 'lives', 'does not exist')


def test_a_destroyed_volume_keeps_its_name_and_is_an_error_where_living_ones_are_asked_for(a):
    volume(a, 'kept')
    destroy(a, 'kept')
    assert names(a.get_volumes(names=['kept'])) == ['kept']
    assert names(a.get_volumes(names=['kept'], destroyed=True)) == ['kept']
    refused(a.get_volumes(names=['kept'], destroyed=False), 'kept', 'does not exist')
    again = a.post_volumes(names=['kept'], volume=sdk.VolumePost(provisioned=GIB))
    assert again.status_code == 400
    done(a.delete_volumes(names=['kept']))


@pytest.mark.parametrize(('name', 'size'), [
    ('x' * 64, GIB), ('with space', GIB), ('-dash', GIB), ('tiny', 512), ('odd', GIB + 1)])
def test_impossible_volumes_are_refused(a, name, size):
    answer = a.post_volumes(names=[name], volume=sdk.VolumePost(provisioned=size))
    assert (answer.status_code, answer.errors[0].context) == (400, name)


def test_one_request_makes_and_lists_several(a):
    made = items(a.post_volumes(names=['several-1', 'several-2'], volume=sdk.VolumePost(provisioned=GIB)))
    assert [one.name for one in made] == ['several-1', 'several-2']
    refused(a.get_volumes(names=['several-1', 'nobody']), 'nobody', 'does not exist')
    answer = a.post_volumes(names=['several-3', 'several-1'], volume=sdk.VolumePost(provisioned=GIB))
    refused(answer, 'several-1', 'already exists')
    refused(a.get_volumes(names=['several-3']), 'several-3', 'does not exist')


def test_names_and_ids_together_are_refused(a):
    assert a.get_volumes(names=['x'], ids=['y']).status_code == 400


def test_a_batch_makes_volumes_of_several_sizes_with_tags_and_groups(a):
    done(a.post_protection_groups(names=['batch-group']))
    volume(a, 'batch-source', 3 * GIB)
    made = items(a.post_volumes_batch(volume=[
        sdk.VolumeBatchPost(name='batch-1', provisioned=GIB,
                            tags=[sdk.Tag(namespace='n', key='k', value='v')]),
        sdk.VolumeBatchPost(name='batch-2', source=sdk.Reference(name='batch-source'),
                            add_to_protection_groups=[sdk.Reference(name='batch-group')]),
    ]))
    assert [(one.name, one.provisioned) for one in made] == [('batch-1', GIB), ('batch-2', 3 * GIB)]
    assert [tag.value for tag in items(a.get_volumes_tags(resource_names=['batch-1'], namespaces=['n']))] == ['v']
    members = items(a.get_protection_groups_volumes(group_names=['batch-group']))
    assert [member.member.name for member in members] == ['batch-2']
    answer = a.post_volumes_batch(volume=[
        sdk.VolumeBatchPost(name='batch-3', provisioned=GIB), sdk.VolumeBatchPost(name='batch-1', provisioned=GIB)])
    refused(answer, 'batch-1', 'already exists')
    assert a.get_volumes(names=['batch-3']).status_code == 400


def test_copies_share_content_and_name_their_source(a, pair):
    volume(a, 'original')
    pair.window('array-a', 'write?volume=original', {'extents': {'0': 'first'}})
    copy = one(a.post_volumes(names=['copy'], volume=sdk.VolumePost(source=sdk.Reference(name='original'))))
    assert (copy.source.name, copy.provisioned) == ('original', GIB)
    assert content(pair, 'copy') == content(pair, 'original')
    pair.window('array-a', 'write?volume=original', {'extents': {'0': 'second'}})
    assert content(pair, 'copy') != content(pair, 'original')
    refused(a.post_volumes(names=['copy'], volume=sdk.VolumePost(source=sdk.Reference(name='original'))),
            'copy', 'already exists')
    one(a.post_volumes(names=['copy'], overwrite=True,
                       volume=sdk.VolumePost(source=sdk.Reference(name='original'))))
    assert content(pair, 'copy') == content(pair, 'original')
    refused(a.post_volumes(names=['other'], volume=sdk.VolumePost(source=sdk.Reference(name='nobody'))),
            'nobody', 'does not exist')


def content(pair, name):
    return pair.window('array-a', f'content?volume={name}')['extents']


def test_a_volume_is_limited_and_freed(a):
    volume(a, 'limited')
    limits = one(a.patch_volumes(names=['limited'], volume=sdk.VolumePatch(
        qos=sdk.Qos(iops_limit=1000, bandwidth_limit=10 << 20)))).qos
    assert (limits.iops_limit, limits.bandwidth_limit) == (1000, 10 << 20)


def test_tags(a):
    volume(a, 'tagged')
    tags = [sdk.Tag(namespace='n', key='one', value='1', copyable=True), sdk.Tag(namespace='n', key='two', value='2')]
    assert len(items(a.put_volumes_tags_batch(resource_names=['tagged'], tag=tags))) == 2
    found = items(a.get_volumes_tags(resource_names=['tagged'], namespaces=['n']))
    assert {(tag.key, tag.value, tag.resource.name) for tag in found} == {
        ('one', '1', 'tagged'), ('two', '2', 'tagged')}
    items(a.put_volumes_tags_batch(resource_names=['tagged'], tag=[sdk.Tag(namespace='n', key='one', value='3')]))
    done(a.delete_volumes_tags(resource_names=['tagged'], namespaces=['n'], keys=['two']))
    found = items(a.get_volumes_tags(resource_names=['tagged'], namespaces=['n']))
    assert [(tag.key, tag.value) for tag in found] == [('one', '3')]
    refused(a.get_volumes_tags(resource_names=['nobody']), 'nobody', 'does not exist')


def test_the_life_of_a_snapshot(a, pair):
    volume(a, 'shot')
    pair.window('array-a', 'write?volume=shot', {'extents': {'0': 'then'}})
    made = one(a.post_volume_snapshots(source_names=['shot'], volume_snapshot=sdk.VolumeSnapshotPost(suffix='then')))
    assert (made.name, made.suffix, made.source.name) == ('shot.then', 'then', 'shot')
    unnamed = one(a.post_volume_snapshots(source_names=['shot'], volume_snapshot=sdk.VolumeSnapshotPost()))
    assert unnamed.suffix
    again = a.post_volume_snapshots(source_names=['shot'], volume_snapshot=sdk.VolumeSnapshotPost(suffix='then'))
    assert again.status_code == 400 and 'already exists' in again.errors[0].message
    assert set(names(a.get_volume_snapshots(source_names=['shot']))) == {'shot.then', unnamed.name}
    assert names(a.get_volume_snapshots(filter="name='shot.*' and suffix='then'")) == ['shot.then']

    before = content(pair, 'shot')
    pair.window('array-a', 'write?volume=shot', {'extents': {'0': 'now'}})
    one(a.post_volumes(names=['shot'], overwrite=True, volume=sdk.VolumePost(source=sdk.Reference(name='shot.then'))))
    assert content(pair, 'shot') == before

    for new in ('shot.renamed', 'short'):
        renamed = one(a.patch_volume_snapshots(names=[made.name], volume_snapshot=sdk.VolumeSnapshotPatch(name=new)))
        assert renamed.name == 'shot.' + new.split('.')[-1]
        made = renamed
    assert one(a.patch_volume_snapshots(
        names=['shot.short'], volume_snapshot=sdk.VolumeSnapshotPatch(destroyed=True))).destroyed
    assert not one(a.patch_volume_snapshots(
        names=['shot.short'], volume_snapshot=sdk.VolumeSnapshotPatch(destroyed=False))).destroyed
    one(a.patch_volume_snapshots(names=['shot.short'], volume_snapshot=sdk.VolumeSnapshotPatch(destroyed=True)))
    done(a.delete_volume_snapshots(names=['shot.short']))
    refused(a.get_volume_snapshots(names=['shot.short']), 'shot.short', 'does not exist')
    assert items(a.get_volume_snapshots_transfer()) == []


def test_the_life_of_a_volume_group(a):
    made = one(a.post_volume_groups(names=['vg'], volume_group=sdk.VolumeGroupPost(
        qos=sdk.Qos(iops_limit=2000, bandwidth_limit=20 << 20))))
    assert (made.name, made.volume_count, made.qos.iops_limit) == ('vg', 0, 2000)
    inside = volume(a, 'vg/inside')
    assert inside.volume_group.name == 'vg'
    volume(a, 'outside')
    assert one(a.patch_volumes(names=['outside'], volume=sdk.VolumePatch(
        volume_group=sdk.Reference(name='vg')))).name == 'vg/outside'
    members = items(a.get_volume_groups_volumes(group_names=['vg']))
    assert {member.member.name for member in members} == {'vg/inside', 'vg/outside'}
    assert one(a.get_volume_groups(names=['vg'])).volume_count == 2
    assert one(a.get_volume_groups_space(names=['vg'])).space.total_provisioned == 2 * GIB
    assert one(a.patch_volumes(names=['vg/outside'], volume=sdk.VolumePatch(
        volume_group=sdk.Reference(name='')))).name == 'outside'
    assert one(a.patch_volume_groups(names=['vg'], volume_group=sdk.VolumeGroupPatch(name='vg2'))).name == 'vg2'
    refused(a.post_volumes(names=['nobody/x'], volume=sdk.VolumePost(provisioned=GIB)), 'nobody', 'does not exist')
    refused(a.post_volume_groups(names=['vg2'], volume_group=sdk.VolumeGroupPost()), 'vg2', 'already exists')
    assert a.patch_volume_groups(names=['vg2'], volume_group=sdk.VolumeGroupPatch(destroyed=True)).status_code == 400
    gone = one(a.patch_volume_groups(
        names=['vg2'], destroy_contents=True, volume_group=sdk.VolumeGroupPatch(destroyed=True)))
    assert gone.destroyed
    again = a.post_volume_groups(names=['vg2'], volume_group=sdk.VolumeGroupPost())
    assert again.status_code == 400 and 'already exists' not in again.errors[0].message
    done(a.delete_volume_groups(names=['vg2'], eradicate_contents=True))
    refused(a.get_volume_groups(names=['vg2']), 'vg2', 'does not exist')
