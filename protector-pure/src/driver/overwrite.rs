use super::marks::{ContentMark, State};
use super::{PureDriver, names};
use crate::flasharray::{ProtectionGroupSnapshots, VolumeSnapshot, Volumes};
use protector_core::driver::{ArrayVolume, Error, GroupOrigin};
use protector_core::id::ArrayVolumeId;
use protector_core::transport::Context;
use std::time::SystemTime;

/// Whether a point has come to this array.
#[derive(Debug)]
pub(super) enum Arrival {
    /// All of it, then.
    Whole(SystemTime),
    /// It is not there, or destroyed: in the words of a verb that needs it.
    Gone(Error),
}

/// What a volume is overwritten with.
struct Source<'a> {
    /// A snapshot's name, or a volume's.
    name: &'a str,
    bytes: u64,
}

impl<'a> Source<'a> {
    fn of(snapshot: &'a VolumeSnapshot) -> Self {
        Self { name: &snapshot.name, bytes: snapshot.provisioned.unwrap_or_default() }
    }
}

impl PureDriver {
    /// The mark tells of the overwrite before it is begun and calls it whole after it has ended; in between, whatever
    /// happens, the volume holds no point's content as far as anybody can tell, and the overwrite is to be repeated.
    pub(super) async fn materialize_member(
        &self,
        context: &Context,
        origin: &GroupOrigin,
        point: &str,
        member: &str,
        volume: &ArrayVolumeId,
    ) -> Result<(), Error> {
        let whole = format!("{}.{point}", names::replica(origin));
        let attempted = format!("materialize {member} of {whole} in volume {volume}");
        let begun = |size| ContentMark::new(State::Begun, origin, point, Some(size));
        let name = format!("{whole}.{member}");
        match self.arrival(context, &attempted, &whole).await? {
            Arrival::Whole(_) => {
                let members = self.members_like(context, &attempted, &name).await?;
                let source = members.iter().find(|found| found.name.eq_ignore_ascii_case(&name));
                let source = source.map(Source::of).ok_or_else(|| self.not_found(&attempted, &name))?;
                self.overwrite(context, &attempted, volume, &source, begun).await?;
            }
            Arrival::Gone(error) => {
                let held = self.held_point(context, &attempted, origin, point).await?.ok_or(error)?;
                let source = held.member(member).map(|(name, bytes)| Source { name, bytes });
                let source = source.ok_or_else(|| self.not_found(&attempted, &name))?;
                self.overwrite(context, &attempted, volume, &source, begun).await?;
            }
        }
        let mark = ContentMark::new(State::Whole, origin, point, None);
        self.set_content_mark(context, &attempted, volume, &mark).await
    }

    pub(super) async fn restore_member(
        &self,
        context: &Context,
        group: &str,
        name: &str,
        volume: &ArrayVolumeId,
    ) -> Result<(), Error> {
        let attempted = format!("restore volume {volume} from {group}.{name}");
        let now = self.living_volume(context, &attempted, volume).await?;
        let whole = format!("{group}.{name}");
        let members = self.members_like(context, &attempted, &format!("{whole}.*")).await?;
        let member = members.iter().find(|member| is_of(member, &whole, &now));
        let what = || format!("a snapshot of volume {} in {whole}", now.name);
        let member = member.ok_or_else(|| self.not_found(&attempted, what()))?;
        let origin = GroupOrigin { array: self.array.name().clone(), group: group.to_owned() };
        let restored = |size| ContentMark::new(State::Restored, &origin, name, Some(size));
        self.overwrite(context, &attempted, volume, &Source::of(member), restored).await
    }

    /// Whether the point of this whole name has come here; one that is still to come is an error.
    pub(super) async fn arrival(
        &self,
        context: &Context,
        attempted: &str,
        whole: &str,
    ) -> Result<Arrival, Error> {
        let transfer = match ProtectionGroupSnapshots::new(&self.array).transfer(context, whole).await {
            Ok(Some(transfer)) => transfer,
            Ok(None) => {
                return Ok(Arrival::Gone(self.not_found(attempted, format!("a transfer of {whole}"))));
            }
            Err(error) if error.is_gone() => return Ok(Arrival::Gone(self.failed(attempted, error))),
            Err(error) => return Err(self.failed(attempted, error)),
        };
        if transfer.destroyed {
            return Ok(Arrival::Gone(self.refused(attempted, format!("{whole} is destroyed"))));
        }
        transfer.arrived().map(Arrival::Whole).ok_or_else(|| {
            let percent = transfer.progress.unwrap_or_default() * 100.0;
            self.refused(attempted, format!("{whole} is not complete yet ({percent:.0} %)"))
        })
    }

    /// Overwrites a volume under a mark that says so. Its size stays: Cinder knows no other.
    async fn overwrite(
        &self,
        context: &Context,
        attempted: &str,
        id: &ArrayVolumeId,
        source: &Source<'_>,
        mark: impl Fn(u64) -> ContentMark,
    ) -> Result<(), Error> {
        let failed = |error| self.failed(attempted, error);
        let before = self.living_volume(context, attempted, id).await?;
        // An overwrite that was cut short may have left the volume smaller than it was.
        let cut_short = self.content_mark(context, attempted, id).await?.and_then(|mark| mark.size);
        let size = cut_short.map_or(before.size, |size| size.max(before.size));
        let held = source.bytes;
        if held > size {
            let reason = format!(
                "{} holds {held} bytes and volume {} only {size}: extend it first",
                source.name, before.name
            );
            return Err(self.refused(attempted, reason));
        }
        self.set_content_mark(context, attempted, id, &mark(size)).await?;
        let volumes = Volumes::new(&self.array);
        let written = volumes.overwrite(context, &before.name, source.name).await.map_err(failed)?;
        if let Some(other) = written.iter().find(|volume| volume.id != *id) {
            let reason = format!(
                "the array wrote to another volume, {} ({}): the name has changed hands",
                other.name, other.id
            );
            return Err(self.refused(attempted, reason));
        }
        if held < size {
            volumes.extend(context, id, size).await.map_err(failed)?;
        }
        Ok(())
    }
}

/// Whether a member of a group's snapshot is of this volume, whatever it was called then.
fn is_of(member: &VolumeSnapshot, whole: &str, volume: &ArrayVolume) -> bool {
    match &member.source.id {
        Some(id) => id == volume.id.as_str(),
        None => names::after(&member.name, whole)
            .is_some_and(|name| name.eq_ignore_ascii_case(names::without_container(&volume.name))),
    }
}
