"""Cinder's records of types, volumes, snapshots and groups, as its database would give them."""
import uuid

from cinder import context
from cinder import objects

CONTEXT = context.RequestContext('user', 'project', is_admin=True)

PLAIN, REPLICATED, IN_POD, LIMITED, IN_GROUP, CONSISTENT, CONSISTENT_REPLICATED, GENERIC = (
    str(uuid.UUID(int=number)) for number in range(1, 9))


def volume_type(id, **extra_specs):
    return objects.VolumeType(
        CONTEXT, id=id, name=id, description=None, is_public=True, qos_specs_id=None, qos_specs=None,
        extra_specs={name.replace('__', ':'): value for name, value in extra_specs.items()})


VOLUME_TYPES = {kind.id: kind for kind in (
    volume_type(PLAIN),
    volume_type(REPLICATED, replication_enabled='<is> True', replication_type='<in> async'),
    volume_type(IN_POD, replication_enabled='<is> True', replication_type='<in> sync'),
    volume_type(LIMITED, maxIOPS='1000', maxBWS='10'),
    volume_type(IN_GROUP, flasharray__vg_name='tenants', flasharray__vg_maxIOPS='5000'),
)}

GROUP_TYPES = {
    CONSISTENT: {'consistent_group_snapshot_enabled': '<is> True'},
    CONSISTENT_REPLICATED: {
        'consistent_group_snapshot_enabled': '<is> True', 'consistent_group_replication_enabled': '<is> True'},
    GENERIC: {},
}


def volume(id, size, kind, group):
    return objects.Volume(
        CONTEXT, id=id, _name_id=None, size=size, volume_type_id=kind, volume_type=VOLUME_TYPES[kind],
        provider_id=None, group_id=group.id if group else None, group=group, consistencygroup_id=None,
        metadata={}, project_id='project', user_id='user', bootable=False, host='host@backend#pool',
        replication_status=None, replication_driver_data=None, status='available', display_name=id,
        volume_attachment=objects.VolumeAttachmentList(objects=[]))


def snapshot(of, group_snapshot=None):
    return objects.Snapshot(
        CONTEXT, id=str(uuid.uuid4()), volume_id=of.id, volume=of, volume_size=of.size, metadata={},
        project_id='project', group_snapshot_id=group_snapshot.id if group_snapshot else None,
        group_snapshot=group_snapshot, cgsnapshot_id=None, cgsnapshot=None)


def group(kind, volume_kind):
    return objects.Group(
        CONTEXT, id=str(uuid.uuid4()), name='group', group_type_id=kind, volume_type_ids=[volume_kind],
        volume_types=objects.VolumeTypeList(objects=[VOLUME_TYPES[volume_kind]]), status='available',
        replication_status='disabled')


def group_snapshot(of):
    return objects.GroupSnapshot(
        CONTEXT, id=str(uuid.uuid4()), group_id=of.id, group=of, group_type_id=of.group_type_id, name='snapshot')


def apply(record, update):
    """What the volume manager does with what the driver returned."""
    for name, value in (update or {}).items():
        if name != 'id':
            setattr(record, name, value)
    return record
