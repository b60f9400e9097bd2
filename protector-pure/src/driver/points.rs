use super::holds::HeldPoint;
use super::{PureDriver, names};
use crate::flasharray::{
    Error as ClientError, GroupSnapshot, Meaning, ProtectionGroupSnapshots, ProtectionGroups, Transfer,
    VolumeSnapshot, VolumeSnapshots,
};
use futures::{Stream, TryStreamExt};
use protector_core::driver::{Error, GroupOrigin, PointMember, RecoveryPoint, SourcePoint};
use protector_core::transport::Context;
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

impl PureDriver {
    pub(super) async fn find_source_point(
        &self,
        context: &Context,
        group: &str,
        point: &str,
    ) -> Result<Option<RecoveryPoint>, Error> {
        let attempted = format!("look for point {point} of {group}");
        let whole = format!("{group}.{point}");
        let found = match ProtectionGroupSnapshots::new(&self.array).get(context, &whole).await {
            Ok(snapshot) if snapshot.destroyed => return Ok(None),
            Err(error) if error.is_gone() => return Ok(None),
            other => other.map_err(|error| self.failed(&attempted, error))?,
        };
        let created = found.created.unwrap_or(UNIX_EPOCH);
        let members = self.members_like(context, &attempted, &format!("{whole}.*")).await?;
        Ok(Some(RecoveryPoint {
            name: point.to_owned(),
            created,
            completed: Some(created),
            progress: 1.0,
            bytes_transferred: None,
            bytes: found.space.snapshots,
            held: false,
            members: members.iter().filter_map(|member| point_member(member, &whole)).collect(),
        }))
    }

    pub(super) async fn list_source_points(
        &self,
        context: &Context,
        group: &str,
    ) -> Result<Vec<SourcePoint>, Error> {
        let attempted = format!("list the snapshots of {group}");
        let snapshots = found(ProtectionGroupSnapshots::new(&self.array).all_of_group(context, group)).await;
        let snapshots = snapshots.map_err(|error| self.failed(&attempted, error))?;
        if snapshots.is_empty() {
            self.require_group(context, &attempted, group).await?;
        }
        let mut points: Vec<SourcePoint> = snapshots
            .iter()
            .filter_map(|snapshot| {
                Some(SourcePoint {
                    name: names::after(&snapshot.name, group)?.to_owned(),
                    created: snapshot.created.unwrap_or(UNIX_EPOCH),
                    bytes: snapshot.space.snapshots,
                    destroyed: snapshot.destroyed,
                })
            })
            .collect();
        points.sort_by_key(|point| point.created);
        Ok(points)
    }

    /// A group without snapshots and a group that is not there may be answered alike.
    async fn require_group(&self, context: &Context, attempted: &str, group: &str) -> Result<(), Error> {
        let group = ProtectionGroups::new(&self.array).get(context, group).await;
        group.map(drop).map_err(|error| self.failed(attempted, error))
    }

    pub(super) async fn list_recovery_points(
        &self,
        context: &Context,
        origin: &GroupOrigin,
    ) -> Result<Vec<RecoveryPoint>, Error> {
        let group = names::replica(origin);
        let attempted = format!("list the recovery points of {group}");
        let api = ProtectionGroupSnapshots::new(&self.array);
        let both = async {
            let both = tokio::try_join!(
                found(api.of_group(context, &group)),
                found(api.transfers_of_group(context, &group)),
            );
            both.map_err(|error| self.failed(&attempted, error))
        };
        let ((snapshots, transfers), held) =
            tokio::try_join!(both, self.held_points(context, &attempted, origin))?;
        if snapshots.is_empty() && transfers.is_empty() && held.is_empty() {
            self.require_group(context, &attempted, &group).await?;
            return Ok(Vec::new());
        }
        let mut points = arriving(&group, &snapshots, &transfers);
        if points.values().any(|point| point.completed.is_some()) {
            for member in self.members_like(context, &attempted, &format!("{group}.*")).await? {
                let Some((point, _)) =
                    names::after(&member.name, &group).and_then(|rest| rest.split_once('.'))
                else {
                    continue;
                };
                let Some(point) = points.get_mut(point).filter(|point| point.completed.is_some()) else {
                    continue;
                };
                point.members.extend(point_member(&member, &format!("{group}.{}", point.name)));
            }
        }
        for held in held {
            add_held(&mut points, &held);
        }
        let mut points: Vec<RecoveryPoint> = points.into_values().collect();
        points.sort_by_key(|point| point.created);
        Ok(points)
    }

    pub(super) async fn members_like(
        &self,
        context: &Context,
        attempted: &str,
        pattern: &str,
    ) -> Result<Vec<VolumeSnapshot>, Error> {
        let snapshots = VolumeSnapshots::new(&self.array);
        let list =
            snapshots.named_like(context, pattern).try_filter(|one| std::future::ready(!one.destroyed));
        found(list).await.map_err(|error| self.failed(attempted, error))
    }
}

/// What is listed; nothing, if the array says that there is none.
async fn found<T>(list: impl Stream<Item = Result<T, ClientError>>) -> Result<Vec<T>, ClientError> {
    match list.try_collect().await {
        Err(error) if error.meaning() == Some(Meaning::NotFound) => Ok(Vec::new()),
        other => other,
    }
}

/// The points of a group by name, without members. A transfer may be told before its snapshot is, and after it.
fn arriving(
    group: &str,
    snapshots: &[GroupSnapshot],
    transfers: &[Transfer],
) -> BTreeMap<String, RecoveryPoint> {
    let point = |name: &str, created| RecoveryPoint {
        name: name.to_owned(),
        created,
        completed: None,
        progress: 0.0,
        bytes_transferred: None,
        bytes: None,
        held: false,
        members: Vec::new(),
    };
    let mut points = BTreeMap::new();
    for snapshot in snapshots.iter().filter(|snapshot| !snapshot.destroyed) {
        if let Some(name) = names::after(&snapshot.name, group) {
            let created = snapshot.created.unwrap_or(UNIX_EPOCH);
            let bytes = snapshot.space.snapshots;
            points.insert(name.to_owned(), RecoveryPoint { bytes, ..point(name, created) });
        }
    }
    for transfer in transfers.iter().filter(|transfer| !transfer.destroyed) {
        if let Some(name) = names::after(&transfer.name, group) {
            let began = transfer.started.unwrap_or(UNIX_EPOCH);
            let point = points.entry(name.to_owned()).or_insert_with(|| point(name, began));
            point.completed = transfer.arrived();
            point.progress = transfer.progress.unwrap_or(0.0).clamp(0.0, 1.0);
            point.bytes_transferred = transfer.data_transferred;
        }
    }
    points
}

/// Tells of a point that it is held; one that is gone itself is told by what is kept of it. If another has its name, that
/// one is not held.
fn add_held(points: &mut BTreeMap<String, RecoveryPoint>, held: &HeldPoint) {
    let (name, created) = (&held.name, held.created);
    if let Some(point) = points.values_mut().find(|point| point.name.eq_ignore_ascii_case(name)) {
        point.held |= point.created == created;
        return;
    }
    let point = RecoveryPoint {
        name: name.clone(),
        created,
        completed: Some(held.completed),
        progress: 1.0,
        bytes_transferred: None,
        bytes: None,
        held: true,
        members: held.members(),
    };
    points.insert(name.clone(), point);
}

/// A member by what follows the point's name: its volume's name when the point was made.
fn point_member(snapshot: &VolumeSnapshot, point: &str) -> Option<PointMember> {
    let name = names::after(&snapshot.name, point)?.to_owned();
    Some(PointMember { name, size: snapshot.provisioned.unwrap_or_default() })
}
