//! Holding points. An array has no pin for a snapshot that its retention removes, so that a copy is kept of each member: a
//! volume, which shares all its blocks with the snapshot. Its name says which point it is of, as a digest, and two tags say it
//! in words. A point is held when there is a living copy of each member with both.

use super::marks::{self, NAMESPACE};
use super::overwrite::Arrival;
use super::{PureDriver, names};
use crate::flasharray::{
    Meaning, ProtectionGroupSnapshots, Volume, VolumeSnapshot, VolumeTag, VolumeTags, Volumes,
};
use futures::TryStreamExt;
use futures::future::join_all;
use protector_core::driver::{Error, GroupOrigin, PointMember};
use protector_core::error::{Class, Coded, chain};
use protector_core::id::ArrayVolumeId;
use protector_core::transport::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The keys of the two tags. One would be longer than arrays keep.
const POINT: &str = "held-point";
const MEMBER: &str = "held-member";

/// Which point a copy is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PointMark {
    array: String,
    group: String,
    point: String,
}

/// Which of its members, and what is to be told of the point when it is gone itself. Milliseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MemberMark {
    member: String,
    created: u64,
    completed: u64,
    /// How many members the point has.
    members: usize,
}

/// What is kept of a member, or was until it was released.
#[derive(Debug)]
struct MemberCopy {
    volume: Volume,
    point: Option<PointMark>,
    member: Option<MemberMark>,
}

/// What is to be kept of a member.
struct WantedCopy {
    name: String,
    /// The snapshot's name.
    source: String,
    mark: MemberMark,
}

/// A point of which all members are kept.
#[derive(Debug)]
pub(super) struct HeldPoint {
    pub(super) name: String,
    pub(super) created: SystemTime,
    pub(super) completed: SystemTime,
    members: Vec<HeldMember>,
}

#[derive(Debug)]
struct HeldMember {
    member: PointMember,
    volume: String,
}

impl PointMark {
    fn new(origin: &GroupOrigin, point: &str) -> Self {
        Self { array: origin.array.as_str().to_owned(), group: origin.group.clone(), point: point.to_owned() }
    }

    /// Arrays tell no case apart.
    fn is_of(&self, origin: &GroupOrigin, point: Option<&str>) -> bool {
        self.array.eq_ignore_ascii_case(origin.array.as_str())
            && self.group.eq_ignore_ascii_case(&origin.group)
            && point.is_none_or(|point| self.point.eq_ignore_ascii_case(point))
    }
}

impl HeldPoint {
    pub(super) fn members(&self) -> Vec<PointMember> {
        self.members.iter().map(|held| held.member.clone()).collect()
    }

    /// The volume that keeps a member, and how many bytes it has.
    pub(super) fn member(&self, name: &str) -> Option<(&str, u64)> {
        let held = self.members.iter().find(|held| held.member.name.eq_ignore_ascii_case(name))?;
        Some((&held.volume, held.member.size))
    }
}

impl PureDriver {
    pub(super) async fn hold_members(
        &self,
        context: &Context,
        origin: &GroupOrigin,
        point: &str,
    ) -> Result<(), Error> {
        let whole = format!("{}.{point}", names::replica(origin));
        let attempted = format!("hold {whole}");
        let completed = match self.arrival(context, &attempted, &whole).await? {
            Arrival::Whole(completed) => completed,
            Arrival::Gone(error) => {
                let held = self.held_point(context, &attempted, origin, point).await?;
                return held.map(drop).ok_or(error);
            }
        };
        let kept = self.keep_members(context, &attempted, origin, point, completed).await;
        if let Err(Error::NotFound { .. } | Error::Refused { .. }) = &kept {
            // The point has gone meanwhile, or the array keeps no more volumes: some of the members are of no use.
            if let Err(error) = self.destroy_copies(context, &attempted, origin, Some(point)).await {
                tracing::warn!(array = %self.array.name(), "some of {whole} stays: {}", chain(&error));
            }
        }
        kept
    }

    async fn keep_members(
        &self,
        context: &Context,
        attempted: &str,
        origin: &GroupOrigin,
        point: &str,
        completed: SystemTime,
    ) -> Result<(), Error> {
        let whole = format!("{}.{point}", names::replica(origin));
        let snapshot = ProtectionGroupSnapshots::new(&self.array)
            .get(context, &whole)
            .await
            .map_err(|error| self.failed(attempted, error))?;
        let members = self.members_like(context, attempted, &format!("{whole}.*")).await?;
        if members.is_empty() {
            return Err(self.refused(attempted, format!("{whole} has no members")));
        }
        let copies = self.copies(context, attempted, &names::held_point(origin, point)).await?;
        let created = milliseconds(snapshot.created.unwrap_or(UNIX_EPOCH));
        let wanted = |member: &VolumeSnapshot| {
            let own = names::after(&member.name, &whole).unwrap_or_default();
            let mark = MemberMark {
                member: own.to_owned(),
                created,
                completed: milliseconds(completed),
                members: members.len(),
            };
            let name = names::held_member(origin, point, created, own);
            WantedCopy { name, source: member.name.clone(), mark }
        };
        let wanted: Vec<WantedCopy> = members.iter().map(wanted).collect();
        // Each to its end, so that none is under way when those of a point that is gone are destroyed.
        let kept =
            join_all(wanted.iter().map(|one| self.keep_member(context, attempted, one, &copies))).await;
        let kept: Vec<ArrayVolumeId> = kept.into_iter().collect::<Result<_, _>>()?;
        let mark = PointMark::new(origin, point);
        let is_marked = |id: &ArrayVolumeId| {
            copies.iter().any(|copy| copy.volume.id == *id && copy.point.as_ref() == Some(&mark))
        };
        let unmarked: Vec<ArrayVolumeId> = kept.into_iter().filter(|id| !is_marked(id)).collect();
        if unmarked.is_empty() {
            return Ok(());
        }
        self.set_mark(context, attempted, &unmarked, POINT, &mark).await
    }

    /// Nothing writes to a copy, and its name is that of one member of one point: whatever has it holds the right content.
    async fn keep_member(
        &self,
        context: &Context,
        attempted: &str,
        wanted: &WantedCopy,
        copies: &[MemberCopy],
    ) -> Result<ArrayVolumeId, Error> {
        let present = copies.iter().find(|copy| copy.volume.name.eq_ignore_ascii_case(&wanted.name));
        let id = match present {
            None => self.copy(context, attempted, &wanted.name, &wanted.source).await?,
            Some(copy) => {
                if copy.volume.destroyed {
                    let recovered = Volumes::new(&self.array).recover(context, &copy.volume.id).await;
                    recovered.map_err(|error| self.failed(attempted, error))?;
                }
                copy.volume.id.clone()
            }
        };
        if present.is_none_or(|copy| copy.member.as_ref() != Some(&wanted.mark)) {
            self.set_mark(context, attempted, std::slice::from_ref(&id), MEMBER, &wanted.mark).await?;
        }
        Ok(id)
    }

    /// Makes a copy. Its name is its marker: after a failure that leaves open whether it was made it is looked for, and only if
    /// it is not there it is made again, once.
    async fn copy(
        &self,
        context: &Context,
        attempted: &str,
        name: &str,
        source: &str,
    ) -> Result<ArrayVolumeId, Error> {
        let volumes = Volumes::new(&self.array);
        let mut repeated = false;
        loop {
            let error = match volumes.copy(context, name, source).await {
                Ok(made) => {
                    let made = made.into_iter().find(|volume| volume.name.eq_ignore_ascii_case(name));
                    let silent = || self.refused(attempted, format!("the array does not tell of {name}"));
                    return made.map(|volume| volume.id).ok_or_else(silent);
                }
                Err(error) => error,
            };
            let unknown = error.class() == Class::Unknown;
            if !unknown && error.meaning() != Some(Meaning::Exists) {
                return Err(self.failed(attempted, error));
            }
            let found = volumes.named_like(context, name).try_collect::<Vec<_>>().await;
            match found.map(|found| found.into_iter().find(|volume| !volume.destroyed)) {
                Ok(Some(volume)) => return Ok(volume.id),
                Ok(None) if unknown && !repeated => repeated = true,
                // The look-up's own failure says less than that of the creation.
                _ => return Err(self.failed(attempted, error)),
            }
        }
    }

    /// Destroys what is kept of a point, or of all points of a group.
    pub(super) async fn destroy_copies(
        &self,
        context: &Context,
        attempted: &str,
        origin: &GroupOrigin,
        point: Option<&str>,
    ) -> Result<(), Error> {
        let prefix = match point {
            Some(point) => names::held_point(origin, point),
            None => names::held_origin(origin),
        };
        for copy in self.copies(context, attempted, &prefix).await? {
            let anothers = copy.point.as_ref().is_some_and(|mark| !mark.is_of(origin, point));
            if copy.volume.destroyed || anothers {
                continue;
            }
            match Volumes::new(&self.array).destroy(context, &copy.volume.id).await {
                Err(error) if !error.is_gone() => return Err(self.failed(attempted, error)),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) async fn release_members(
        &self,
        context: &Context,
        origin: &GroupOrigin,
        point: &str,
    ) -> Result<(), Error> {
        let attempted = format!("release {}.{point}", names::replica(origin));
        self.destroy_copies(context, &attempted, origin, Some(point)).await
    }

    /// The points of a peer's group that are held.
    pub(super) async fn held_points(
        &self,
        context: &Context,
        attempted: &str,
        origin: &GroupOrigin,
    ) -> Result<Vec<HeldPoint>, Error> {
        Ok(whole(origin, self.copies(context, attempted, &names::held_origin(origin)).await?))
    }

    /// A point that is held; the newest, if its name was given twice.
    pub(super) async fn held_point(
        &self,
        context: &Context,
        attempted: &str,
        origin: &GroupOrigin,
        point: &str,
    ) -> Result<Option<HeldPoint>, Error> {
        let copies = self.copies(context, attempted, &names::held_point(origin, point)).await?;
        let held = whole(origin, copies).into_iter().filter(|held| held.name.eq_ignore_ascii_case(point));
        Ok(held.max_by_key(|held| held.created))
    }

    /// The copies whose names begin so, destroyed ones included. A tag that cannot be read is none.
    async fn copies(
        &self,
        context: &Context,
        attempted: &str,
        prefix: &str,
    ) -> Result<Vec<MemberCopy>, Error> {
        let failed = |error| self.failed(attempted, error);
        let (volumes, tags) = (Volumes::new(&self.array), VolumeTags::new(&self.array));
        let found: Vec<Volume> =
            volumes.named_like(context, &format!("{prefix}-*")).try_collect().await.map_err(failed)?;
        let living: Vec<ArrayVolumeId> =
            found.iter().filter(|volume| !volume.destroyed).map(|volume| volume.id.clone()).collect();
        let tags: Vec<VolumeTag> =
            tags.list(context, NAMESPACE, &living).try_collect().await.map_err(failed)?;
        let tags: BTreeMap<(&str, &str), &VolumeTag> = tags
            .iter()
            .filter(|tag| tag.namespace.as_deref() == Some(NAMESPACE))
            .filter_map(|tag| Some(((tag.resource.id.as_deref()?, tag.key.as_str()), tag)))
            .collect();
        let copy = |volume: Volume| {
            let tag = |key| tags.get(&(volume.id.as_str(), key));
            let (point, member) = (
                tag(POINT).and_then(|tag| marks::read(tag).ok()),
                tag(MEMBER).and_then(|tag| marks::read(tag).ok()),
            );
            MemberCopy { volume, point, member }
        };
        Ok(found.into_iter().map(copy).collect())
    }
}

/// The points of which all members are kept.
fn whole(origin: &GroupOrigin, copies: Vec<MemberCopy>) -> Vec<HeldPoint> {
    let mut points: BTreeMap<(String, u64), (usize, HeldPoint)> = BTreeMap::new();
    for copy in copies.into_iter().filter(|copy| !copy.volume.destroyed) {
        let (Some(point), Some(mark)) = (copy.point, copy.member) else { continue };
        if !point.is_of(origin, None) {
            continue;
        }
        let key = (point.point.to_ascii_lowercase(), mark.created);
        let (_, held) = points.entry(key).or_insert_with(|| {
            let (created, completed) = (moment(mark.created), moment(mark.completed));
            (mark.members, HeldPoint { name: point.point, created, completed, members: Vec::new() })
        });
        let member = PointMember { name: mark.member, size: copy.volume.provisioned.unwrap_or_default() };
        held.members.push(HeldMember { member, volume: copy.volume.name });
    }
    let whole = points.into_values().filter(|(members, held)| held.members.len() == *members);
    whole.map(|(_, held)| held).collect()
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn moment(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(UNIX_EPOCH)
}
