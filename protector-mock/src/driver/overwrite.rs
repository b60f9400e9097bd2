use super::verb::{Problem, Verb, replica};
use super::{holds, marks};
use crate::arrays::points::{self, Point};
use crate::arrays::snapshots::Snapshot;
use crate::arrays::volumes::{self, Source, Volume};
use crate::arrays::{connections, objects};
use protector_core::driver::GroupOrigin;
use protector_core::id::ArrayVolumeId;

/// Whether a group's snapshot can be copied from.
pub(super) enum Standing {
    Whole(Point),
    /// It is not there, or destroyed: in the words of a verb that needs it.
    Gone(Problem),
}

/// How a group's snapshot stands; one that is still to arrive is refused.
pub(super) fn standing(verb: &Verb<'_, '_>, whole: &str) -> Result<Standing, Problem> {
    let found: Option<Point> = objects::find(verb.at, &verb.array, whole)?;
    let Some(point) = found else { return Ok(Standing::Gone(Problem::NotFound(whole.to_owned()))) };
    if point.destroyed.is_some() {
        return Ok(Standing::Gone(Problem::Refused(format!("{whole} is destroyed"))));
    }
    if !point.is_complete() {
        return Err(Problem::Refused(format!("{whole} is not complete yet")));
    }
    Ok(Standing::Whole(point))
}

pub(super) fn living_members(verb: &Verb<'_, '_>, point: &Point) -> Result<Vec<Snapshot>, Problem> {
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
    let wanted = format!("{whole}.{member}");
    let source = match standing(verb, &whole)? {
        Standing::Whole(point) => {
            let found = living_members(verb, &point)?;
            found.into_iter().find(|found| found.name.eq_ignore_ascii_case(&wanted)).map(Source::Snapshot)
        }
        Standing::Gone(problem) => {
            let held = holds::of_point(verb, origin, name)?.ok_or(problem)?;
            held.into_member(member).map(Source::Volume)
        }
    };
    let volume = overwrite(verb, volume, &source.ok_or(Problem::NotFound(wanted))?)?;
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
    let point = match standing(verb, &whole)? {
        Standing::Whole(point) => point,
        Standing::Gone(problem) => return Err(problem),
    };
    let found = living_members(verb, &point)?;
    let found = found.into_iter().find(|member| member.source.id.as_deref() == Some(now.id.as_str()));
    let member =
        found.ok_or_else(|| Problem::NotFound(format!("a snapshot of volume {} in {whole}", now.name)))?;
    let volume = overwrite(verb, volume, &Source::Snapshot(member))?;
    let origin = GroupOrigin { array: verb.array.as_str().into(), group: group.to_owned() };
    marks::set_content(verb, &volume, false, &origin, name)
}

/// Overwrites a volume. Its size stays: Cinder knows no other.
fn overwrite(verb: &mut Verb<'_, '_>, id: &ArrayVolumeId, source: &Source) -> Result<Volume, Problem> {
    let before = verb.living_volume(id)?;
    let size =
        marks::size_before(verb, &before)?.map_or(before.provisioned, |size| size.max(before.provisioned));
    let (held, name) = match source {
        Source::Snapshot(snapshot) => (snapshot.provisioned, &snapshot.name),
        Source::Volume(volume) => (volume.provisioned, &volume.name),
    };
    if held > size {
        let reason =
            format!("{name} holds {held} bytes and volume {} only {size}: extend it first", before.name);
        return Err(Problem::Refused(reason));
    }
    let volume = volumes::overwrite(verb.at, &verb.array, source, &before.name)?;
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
