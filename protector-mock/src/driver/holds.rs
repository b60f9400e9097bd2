//! Held points: a copy of each member, as a volume, named and marked as `driver: pure` does.

use super::marks;
use super::overwrite::{Standing, living_members, standing};
use super::points::moment;
use super::verb::{Problem, Verb, replica};
use crate::arrays::points::Point;
use crate::arrays::snapshots::Snapshot;
use crate::arrays::transfers;
use crate::arrays::volumes::{self, Source, Volume};
use crate::arrays::{naming, objects};
use jiff::Timestamp;
use protector_core::driver::{GroupOrigin, PointMember, RecoveryPoint};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const POINT: &str = "held-point";
const MEMBER: &str = "held-member";

/// A point of which all members are kept.
pub(super) struct HeldPoint {
    pub(super) point: RecoveryPoint,
    /// What keeps each, by its name in lower case.
    copies: BTreeMap<String, Volume>,
}

impl HeldPoint {
    /// The volume that keeps a member.
    pub(super) fn into_member(mut self, name: &str) -> Option<Volume> {
        self.copies.remove(&name.to_lowercase())
    }
}

/// Which point a copy is of.
#[derive(Deserialize)]
struct PointMark {
    array: String,
    group: String,
    point: String,
}

/// Which of its members, and what is to be told of the point when it is gone itself. Milliseconds since 1970, UTC.
#[derive(Deserialize)]
struct MemberMark {
    member: String,
    created: i64,
    completed: i64,
    members: usize,
}

impl PointMark {
    fn is_of(&self, origin: &GroupOrigin, point: Option<&str>) -> bool {
        self.array.eq_ignore_ascii_case(origin.array.as_str())
            && self.group.eq_ignore_ascii_case(&origin.group)
            && point.is_none_or(|point| self.point.eq_ignore_ascii_case(point))
    }
}

/// So many digits that stand for texts, whatever their case.
fn digest(texts: &[&str], digits: usize) -> String {
    let text = texts.join("\n").to_ascii_lowercase();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).simple().to_string().chars().take(digits).collect()
}

/// What the names of all copies begin with that are of a peer's group, or of one of its points.
fn prefix(origin: &GroupOrigin, point: Option<&str>) -> String {
    let group = digest(&[origin.array.as_str(), &origin.group], 12);
    let point = point.map(|point| format!("-{}", digest(&[point], 12))).unwrap_or_default();
    format!("protector-hold-{group}{point}")
}

/// The copies of a peer's group, or of one of its points, destroyed ones included.
fn copies(verb: &Verb<'_, '_>, origin: &GroupOrigin, point: Option<&str>) -> Result<Vec<Volume>, Problem> {
    let pattern = format!("{}-*", prefix(origin, point));
    let mut found: Vec<Volume> = objects::all(verb.at, &verb.array)?;
    found.retain(|volume| naming::matches(&pattern, &volume.name));
    Ok(found)
}

/// A mark of a copy; one that cannot be read is none.
fn mark<T: DeserializeOwned>(verb: &Verb<'_, '_>, copy: &Volume, key: &str) -> Result<Option<T>, Problem> {
    match marks::mark(verb, copy, key) {
        Ok(mark) => Ok(mark.and_then(|mark| serde_json::from_value(mark).ok())),
        Err(Problem::Refused(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The held points of a peer's group; of one name, the newest last.
fn held(verb: &Verb<'_, '_>, origin: &GroupOrigin, point: Option<&str>) -> Result<Vec<HeldPoint>, Problem> {
    let mut found: BTreeMap<(String, i64), (usize, HeldPoint)> = BTreeMap::new();
    let copies = copies(verb, origin, point)?;
    for copy in copies.into_iter().filter(|copy| copy.destroyed.is_none()) {
        let of: Option<PointMark> = mark(verb, &copy, POINT)?;
        let member: Option<MemberMark> = mark(verb, &copy, MEMBER)?;
        let (Some(of), Some(member)) = (of.filter(|of| of.is_of(origin, point)), member) else { continue };
        let key = (of.point.to_lowercase(), member.created);
        let (_, held) = found.entry(key).or_insert_with(|| (member.members, empty(of, &member)));
        let name = member.member;
        held.point.members.push(PointMember { name: name.clone(), size: copy.provisioned });
        held.copies.insert(name.to_lowercase(), copy);
    }
    let whole = found.into_values().filter(|(members, held)| held.copies.len() == *members);
    Ok(whole.map(|(_, held)| held).collect())
}

/// A held point before its members are told.
fn empty(of: PointMark, member: &MemberMark) -> HeldPoint {
    let time = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let point = RecoveryPoint {
        name: of.point,
        created: moment(time(member.created)),
        completed: Some(moment(time(member.completed))),
        progress: 1.0,
        bytes_transferred: None,
        bytes: None,
        held: true,
        members: Vec::new(),
    };
    HeldPoint { point, copies: BTreeMap::new() }
}

/// The held points of a peer's group.
pub(super) fn of_origin(verb: &Verb<'_, '_>, origin: &GroupOrigin) -> Result<Vec<HeldPoint>, Problem> {
    held(verb, origin, None)
}

/// A held point of a peer's group.
pub(super) fn of_point(
    verb: &Verb<'_, '_>,
    origin: &GroupOrigin,
    point: &str,
) -> Result<Option<HeldPoint>, Problem> {
    Ok(held(verb, origin, Some(point))?.pop())
}

pub(super) fn hold(verb: &mut Verb<'_, '_>, origin: &GroupOrigin, name: &str) -> Result<(), Problem> {
    let whole = format!("{}.{name}", replica(origin));
    let point = match standing(verb, &whole)? {
        Standing::Whole(point) => point,
        Standing::Gone(problem) => return of_point(verb, origin, name)?.map(drop).ok_or(problem),
    };
    let members = living_members(verb, &point)?;
    if members.is_empty() {
        return Err(Problem::Refused(format!("{whole} has no members")));
    }
    let arrival = transfers::arrival(verb.at, &point)?;
    let completed = arrival.and_then(|arrival| arrival.completed).unwrap_or(point.created);
    let of = json!({"array": origin.array.as_str(), "group": origin.group, "point": name});
    let number = members.len();
    for member in members {
        let own = member.name.get(whole.len() + 1..).unwrap_or_default().to_owned();
        let about = json!({"member": own, "created": point.created.as_millisecond(),
            "completed": completed.as_millisecond(), "members": number});
        keep(verb, origin, &point, member, &own, [(MEMBER, about), (POINT, of.clone())])?;
    }
    Ok(())
}

/// Keeps one member. A copy that was released holds what it held.
fn keep(
    verb: &mut Verb<'_, '_>,
    origin: &GroupOrigin,
    point: &Point,
    member: Snapshot,
    own: &str,
    about: [(&str, Value); 2],
) -> Result<(), Problem> {
    let created = point.created.as_millisecond().to_string();
    let name = format!("{}-{}", prefix(origin, Some(&point.suffix)), digest(&[&created, own], 16));
    let present: Option<Volume> = objects::find(verb.at, &verb.array, &name)?;
    let copy = match present {
        Some(copy) if copy.destroyed.is_none() => copy,
        Some(_) => volumes::recover(verb.at, &verb.array, &name)?,
        None => volumes::copy_source(verb.at, &verb.array, &Source::Snapshot(member), &name)?,
    };
    for (key, mark) in about {
        marks::set(verb, &copy, key, mark)?;
    }
    Ok(())
}

pub(super) fn release(verb: &mut Verb<'_, '_>, origin: &GroupOrigin, point: &str) -> Result<(), Problem> {
    destroy(verb, origin, Some(point))
}

pub(super) fn release_all(verb: &mut Verb<'_, '_>, origin: &GroupOrigin) -> Result<(), Problem> {
    destroy(verb, origin, None)
}

fn destroy(verb: &mut Verb<'_, '_>, origin: &GroupOrigin, point: Option<&str>) -> Result<(), Problem> {
    for copy in copies(verb, origin, point)?.into_iter().filter(|copy| copy.destroyed.is_none()) {
        let of: Option<PointMark> = mark(verb, &copy, POINT)?;
        if of.is_none_or(|of| of.is_of(origin, point)) {
            volumes::destroy(verb.at, &verb.array, &copy.name)?;
        }
    }
    Ok(())
}
