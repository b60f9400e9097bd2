use super::marks;
use super::verb::{Problem, Verb, replica};
use crate::arrays::points::{self, Point};
use crate::arrays::snapshots::Snapshot;
use crate::arrays::volumes::{self, Source, Volume};
use crate::arrays::{connections, objects};
use protector_core::driver::GroupOrigin;
use protector_core::id::ArrayVolumeId;

/// A group's snapshot that can be restored from.
fn point(verb: &Verb<'_, '_>, whole: &str) -> Result<Point, Problem> {
    let found: Option<Point> = objects::find(verb.at, &verb.array, whole)?;
    let point = found.ok_or_else(|| Problem::NotFound(whole.to_owned()))?;
    if point.destroyed.is_some() {
        return Err(Problem::Refused(format!("{whole} is destroyed")));
    }
    if !point.is_complete() {
        return Err(Problem::Refused(format!("{whole} is not complete yet")));
    }
    Ok(point)
}

fn living_members(verb: &Verb<'_, '_>, point: &Point) -> Result<Vec<Snapshot>, Problem> {
    let members = points::members(verb.at, point)?;
    Ok(members.into_iter().filter(|member| member.destroyed.is_none()).collect())
}

pub(super) fn materialize(
    verb: &mut Verb<'_, '_>,
    origin: &GroupOrigin,
    name: &str,
    member: &str,
    volume: &ArrayVolumeId,
) -> Result<(), Problem> {
    let whole = format!("{}.{name}", replica(origin));
    let point = point(verb, &whole)?;
    let source = format!("{whole}.{member}");
    let found = living_members(verb, &point)?;
    let found = found.into_iter().find(|found| found.name.eq_ignore_ascii_case(&source));
    let member = found.ok_or(Problem::NotFound(source))?;
    let volume = overwrite(verb, volume, member)?;
    marks::set_content(verb, &volume, true, origin, name)
}

pub(super) fn restore(
    verb: &mut Verb<'_, '_>,
    group: &str,
    name: &str,
    volume: &ArrayVolumeId,
) -> Result<(), Problem> {
    let now = verb.living_volume(volume)?;
    let whole = format!("{group}.{name}");
    let point = point(verb, &whole)?;
    let found = living_members(verb, &point)?;
    let found = found.into_iter().find(|member| member.source.id.as_deref() == Some(now.id.as_str()));
    let member =
        found.ok_or_else(|| Problem::NotFound(format!("a snapshot of volume {} in {whole}", now.name)))?;
    let volume = overwrite(verb, volume, member)?;
    let origin = GroupOrigin { array: verb.array.as_str().into(), group: group.to_owned() };
    marks::set_content(verb, &volume, false, &origin, name)
}

/// Overwrites a volume. Its size stays: Cinder knows no other.
fn overwrite(verb: &mut Verb<'_, '_>, id: &ArrayVolumeId, source: Snapshot) -> Result<Volume, Problem> {
    let before = verb.living_volume(id)?;
    let size =
        marks::size_before(verb, &before)?.map_or(before.provisioned, |size| size.max(before.provisioned));
    let held = source.provisioned;
    if held > size {
        let reason = format!(
            "{} holds {held} bytes and volume {} only {size}: extend it first",
            source.name, before.name
        );
        return Err(Problem::Refused(reason));
    }
    let volume = volumes::overwrite(verb.at, &verb.array, &Source::Snapshot(source), &before.name)?;
    if held < size {
        return Ok(volumes::resize(verb.at, &verb.array, &before.name, size, false)?);
    }
    Ok(volume)
}

/// Destroys a volume that no host uses; one that is gone already is no error.
pub(super) fn discard(verb: &mut Verb<'_, '_>, id: &ArrayVolumeId) -> Result<(), Problem> {
    let Some(volume) = verb.volume(id)?.filter(|volume| volume.destroyed.is_none()) else { return Ok(()) };
    if connections::of_volume(verb.at, &verb.array, &volume.id)?.next().is_some() {
        return Err(Problem::Refused(format!("volume {} is connected to a host", volume.name)));
    }
    volumes::destroy(verb.at, &verb.array, &volume.name)?;
    Ok(())
}
