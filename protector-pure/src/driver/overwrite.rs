use super::marks::{ContentMark, State};
use super::{PureDriver, names};
use crate::flasharray::{ProtectionGroupSnapshots, VolumeSnapshot, Volumes};
use protector_core::driver::{ArrayVolume, Error, GroupOrigin};
use protector_core::id::ArrayVolumeId;
use protector_core::transport::Context;

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
        self.require_arrived(context, &attempted, &whole).await?;
        let source = format!("{whole}.{member}");
        let members = self.members_like(context, &attempted, &source).await?;
        let member = members.iter().find(|found| found.name.eq_ignore_ascii_case(&source));
        let member = member.ok_or_else(|| self.not_found(&attempted, &source))?;
        let begun = |size| ContentMark::new(State::Begun, origin, point, Some(size));
        self.overwrite(context, &attempted, volume, member, begun).await?;
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
        self.overwrite(context, &attempted, volume, member, restored).await
    }

    async fn require_arrived(&self, context: &Context, attempted: &str, whole: &str) -> Result<(), Error> {
        let transfer = ProtectionGroupSnapshots::new(&self.array)
            .transfer(context, whole)
            .await
            .map_err(|error| self.failed(attempted, error))?
            .ok_or_else(|| self.not_found(attempted, format!("a transfer of {whole}")))?;
        if transfer.destroyed {
            return Err(self.refused(attempted, format!("{whole} is destroyed")));
        }
        if transfer.arrived().is_none() {
            let percent = transfer.progress.unwrap_or_default() * 100.0;
            return Err(self.refused(attempted, format!("{whole} is not complete yet ({percent:.0} %)")));
        }
        Ok(())
    }

    /// Overwrites a volume under a mark that says so. Its size stays: Cinder knows no other.
    async fn overwrite(
        &self,
        context: &Context,
        attempted: &str,
        id: &ArrayVolumeId,
        source: &VolumeSnapshot,
        mark: impl Fn(u64) -> ContentMark,
    ) -> Result<(), Error> {
        let failed = |error| self.failed(attempted, error);
        let before = self.living_volume(context, attempted, id).await?;
        // An overwrite that was cut short may have left the volume smaller than it was.
        let cut_short = self.content_mark(context, attempted, id).await?.and_then(|mark| mark.size);
        let size = cut_short.map_or(before.size, |size| size.max(before.size));
        let held = source.provisioned.unwrap_or_default();
        if held > size {
            let reason = format!(
                "{} holds {held} bytes and volume {} only {size}: extend it first",
                source.name, before.name
            );
            return Err(self.refused(attempted, reason));
        }
        self.set_content_mark(context, attempted, id, &mark(size)).await?;
        let volumes = Volumes::new(&self.array);
        let written = volumes.overwrite(context, &before.name, &source.name).await.map_err(failed)?;
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
