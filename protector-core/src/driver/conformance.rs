//! The conformance suite: one function for each clause of the contract.
//!
//! It knows no array. Whoever writes a driver gives it a [`Bench`]: two arrays that replicate to each other, and the means to
//! arrange things on them that no driver does: make Cinder's volumes and groups, write and read as a guest would, hold a
//! transfer back. [`run_all`] then tells every clause that is broken.

mod close;
mod content;
mod discard;
mod epoch;
mod holds;
mod limits;
mod lookup;
mod points;
mod replication;
mod safety;
mod trial;

pub use close::clause_22_what_is_open_is_ended;
pub use content::{
    clause_03_identity_survives_overwrites, clause_10_incomplete_points_are_refused,
    clause_11_materialize_makes_the_content_the_points, clause_12_content_is_told_truly,
};
pub use discard::{
    clause_16_discarded_points_are_unusable_and_kept, clause_17_discarded_volumes_go_and_are_kept,
    clause_21_what_is_left_of_a_peers_group_goes_and_is_kept,
};
pub use epoch::{clause_15_epochs_stay_and_never_fall, clause_20_forgotten_marks_are_gone};
pub use holds::clause_23_held_points_outlast_retention;
pub use limits::{clause_18_what_is_not_offered_is_unsupported, clause_19_strangers_are_left_alone};
pub use lookup::{
    clause_01_describe_names_the_array_and_its_peers, clause_02_resolve_finds_volumes_in_order,
    clause_04_storage_group_tells_members_and_targets, clause_25_a_group_is_read_by_its_name,
};
pub use points::{
    clause_07_a_point_is_made_once, clause_08_points_are_listed_complete_or_not,
    clause_09_members_are_of_one_moment, clause_24_all_snapshots_of_a_group_are_listed,
};
pub use replication::{clause_05_settings_are_made_so, clause_06_replication_is_allowed_once_and_for_all};
pub use safety::{clause_13_safety_snapshots_keep_content, clause_14_restore_brings_content_back};

use super::{Error, StorageDriver};
use crate::id::{ArrayVolumeId, ConsistencyGroupId, VolumeId};
use crate::transport::Context;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// One of the two arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The first; groups of it replicate to the second.
    A,
    /// The second; groups of it replicate to the first.
    B,
}

impl Half {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// A group that a bench has made: as Cinder would name it and its volumes, with the other array as its target, which does
/// not allow it yet, and its schedule off.
#[derive(Debug, Clone)]
pub struct Arranged {
    /// The group.
    pub group: ConsistencyGroupId,
    /// Its volumes, in order.
    pub volumes: Vec<VolumeId>,
}

/// An object on an array: its kind and its name, as the bench likes to say them.
pub type Object = (String, String);

/// What a bench could not do.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What a bench returns.
pub type Arrangement<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Two arrays that replicate to each other, and what the suite has to arrange on them.
pub trait Bench: Send + Sync {
    /// Opens a driver anew, as a new process would.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self, half: Half) -> Result<Arc<dyn StorageDriver>, Error>;

    /// What goes with each verb.
    fn context(&self) -> Context {
        Context::default()
    }

    /// Makes a group of so many volumes.
    fn create_group(&self, half: Half, volumes: usize) -> Arrangement<'_, Arranged>;

    /// Deletes a group as Cinder does: its volumes stay, and so does what its target has of it.
    fn delete_group<'a>(&'a self, half: Half, group: &'a Arranged) -> Arrangement<'a, ()>;

    /// Makes a volume that is in no group.
    fn create_volume(&self, half: Half) -> Arrangement<'_, VolumeId>;

    /// Makes objects of others whose names resemble those of a group: longer ones, prefixed ones.
    fn create_lookalikes<'a>(&'a self, half: Half, of: &'a Arranged) -> Arrangement<'a, ()>;

    /// Connects a volume to a host.
    fn connect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()>;

    /// Disconnects a volume from all hosts.
    fn disconnect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()>;

    /// Makes a text the content of a volume.
    fn write<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId, content: &'a str) -> Arrangement<'a, ()>;

    /// Reads the content of a volume; empty, if none was written.
    fn read<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, String>;

    /// Lets transfers that begin from now on take so long that they can be held.
    fn slow_transfers(&self) -> Arrangement<'_, ()>;

    /// Stops the transfers that have begun. Until they are released their source need not answer.
    fn hold_transfers(&self) -> Arrangement<'_, ()>;

    /// Lets the transfers that are held go on; those that begin later are quick again.
    fn release_transfers(&self) -> Arrangement<'_, ()>;

    /// Lets schedules that are on make a point every moment, and retention keep so many of each group's points that a schedule
    /// made, the newest; `None` keeps all. Points that were asked for are not retention's affair.
    fn schedule_often(&self, keep: Option<u64>) -> Arrangement<'_, ()>;

    /// Lets schedules and retention be again as they are set.
    fn schedule_as_set(&self) -> Arrangement<'_, ()>;

    /// Everything on an array, discarded objects included, each with all that matters of it and nothing that changes by
    /// itself. What is eradicated is not there any more.
    fn everything(&self, half: Half) -> Arrangement<'_, BTreeMap<Object, String>>;

    /// How many sessions with an array are open, those of others included: whatever a driver keeps open there.
    fn sessions(&self, half: Half) -> Arrangement<'_, usize>;

    /// Lets an array die: nothing that it is asked is answered or refused until it is revived.
    fn kill(&self, half: Half) -> Arrangement<'_, ()>;

    /// Revives an array as it was.
    fn revive(&self, half: Half) -> Arrangement<'_, ()>;

    /// Lets a moment pass, real or virtual.
    fn wait(&self) -> BoxFuture<'_, ()> {
        let context = self.context();
        Box::pin(async move { context.clock().sleep(Duration::from_millis(20)).await })
    }
}

/// A clause is broken.
#[derive(Debug, thiserror::Error)]
#[error("clause {clause}: {found}")]
pub struct Violation {
    /// Which.
    pub clause: u8,
    /// What was found.
    pub found: String,
    /// The failure that shows it, if one does.
    #[source]
    pub source: Option<Fault>,
}

/// Whether a clause is kept.
pub type Verdict = Result<(), Violation>;

/// The numbers of all clauses.
pub const CLAUSES: RangeInclusive<u8> = 1..=25;

/// Tries one clause, which whoever writes a driver does while it is being written.
///
/// # Errors
/// It is broken.
pub async fn run(bench: &dyn Bench, clause: u8) -> Verdict {
    match clause {
        1 => clause_01_describe_names_the_array_and_its_peers(bench).await,
        2 => clause_02_resolve_finds_volumes_in_order(bench).await,
        3 => clause_03_identity_survives_overwrites(bench).await,
        4 => clause_04_storage_group_tells_members_and_targets(bench).await,
        5 => clause_05_settings_are_made_so(bench).await,
        6 => clause_06_replication_is_allowed_once_and_for_all(bench).await,
        7 => clause_07_a_point_is_made_once(bench).await,
        8 => clause_08_points_are_listed_complete_or_not(bench).await,
        9 => clause_09_members_are_of_one_moment(bench).await,
        10 => clause_10_incomplete_points_are_refused(bench).await,
        11 => clause_11_materialize_makes_the_content_the_points(bench).await,
        12 => clause_12_content_is_told_truly(bench).await,
        13 => clause_13_safety_snapshots_keep_content(bench).await,
        14 => clause_14_restore_brings_content_back(bench).await,
        15 => clause_15_epochs_stay_and_never_fall(bench).await,
        16 => clause_16_discarded_points_are_unusable_and_kept(bench).await,
        17 => clause_17_discarded_volumes_go_and_are_kept(bench).await,
        18 => clause_18_what_is_not_offered_is_unsupported(bench).await,
        19 => clause_19_strangers_are_left_alone(bench).await,
        20 => clause_20_forgotten_marks_are_gone(bench).await,
        21 => clause_21_what_is_left_of_a_peers_group_goes_and_is_kept(bench).await,
        22 => clause_22_what_is_open_is_ended(bench).await,
        23 => clause_23_held_points_outlast_retention(bench).await,
        24 => clause_24_all_snapshots_of_a_group_are_listed(bench).await,
        25 => clause_25_a_group_is_read_by_its_name(bench).await,
        _ => Err(Violation { clause, found: "there is no such clause".to_owned(), source: None }),
    }
}

/// Tries all clauses, one after the other, and returns what is broken: nothing, if the driver keeps the contract.
pub async fn run_all(bench: &dyn Bench) -> Vec<Violation> {
    let mut violations = Vec::new();
    for clause in CLAUSES {
        violations.extend(Box::pin(run(bench, clause)).await.err());
    }
    violations
}
