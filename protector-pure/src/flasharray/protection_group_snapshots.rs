use super::error::malformed;
use super::page::list;
use super::query::Query;
use super::reference::{null_as_default, optional_time};
use super::request::Request;
use super::{Error, FlashArray};
use futures::{Stream, StreamExt, TryStreamExt};
use http::Method;
use protector_core::transport::{Context, Semantics};
use serde::Deserialize;
use serde_json::json;
use std::time::SystemTime;

/// A snapshot of all volumes of a group at one moment, as `GET /protection-group-snapshots` gives it. It is called
/// `GROUP.SUFFIX`, and `ARRAY:GROUP.SUFFIX` on the arrays it is replicated to.
// OpenAPI FA2.36, schema ProtectionGroupSnapshot; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct GroupSnapshot {
    /// Its whole name.
    pub name: String,
    /// When it was taken, on the source.
    #[serde(default, deserialize_with = "optional_time")]
    pub created: Option<SystemTime>,
    /// Whether it is destroyed and not eradicated yet.
    #[serde(default, deserialize_with = "null_as_default")]
    pub destroyed: bool,
    /// What it takes up.
    #[serde(default, deserialize_with = "null_as_default")]
    pub space: Space,
}

/// What an object takes up.
// OpenAPI FA2.36, schema Space; FA2.4 has the same field
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Space {
    /// Bytes that snapshots alone take up.
    pub snapshots: Option<u64>,
}

/// How far a group's snapshot has come to this array, as `GET /protection-group-snapshots/transfer` gives it.
// OpenAPI FA2.36, schema ProtectionGroupSnapshotTransfer; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct Transfer {
    /// The snapshot's whole name.
    pub name: String,
    /// When it began.
    #[serde(default, deserialize_with = "optional_time")]
    pub started: Option<SystemTime>,
    /// When it ended.
    #[serde(default, deserialize_with = "optional_time")]
    pub completed: Option<SystemTime>,
    /// 0 to 1.
    pub progress: Option<f64>,
    /// Bytes.
    pub data_transferred: Option<u64>,
    /// Whether the snapshot is destroyed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub destroyed: bool,
}

impl Transfer {
    /// When all of it was here: an end without full progress is not believed.
    pub fn arrived(&self) -> Option<SystemTime> {
        self.completed.filter(|_| self.progress.is_some_and(|progress| progress >= 1.0))
    }
}

/// The snapshots of an array's protection groups.
#[derive(Debug, Clone)]
pub struct ProtectionGroupSnapshots {
    array: FlashArray,
}

impl ProtectionGroupSnapshots {
    /// The snapshots of the groups of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Reads the snapshot of this whole name, be it destroyed.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, name: &str) -> Result<GroupSnapshot, Error> {
        let purpose = format!("read group snapshot {name}");
        let request = Request::get("protection-group-snapshots", &purpose).with_query(named(name));
        let snapshots = list(&self.array, context, vec![request]);
        snapshots.boxed().try_next().await?.ok_or_else(|| malformed(&purpose, "the answer holds no snapshot"))
    }

    /// Lists the snapshots of a group that are not destroyed. A group without any may be answered by `NotFound`.
    pub fn of_group<'a>(
        &'a self,
        context: &'a Context,
        group: &str,
    ) -> impl Stream<Item = Result<GroupSnapshot, Error>> + Send + 'a {
        list(&self.array, context, vec![of_group(group, named(group).flag("destroyed", false))])
    }

    /// Lists the snapshots of a group, destroyed ones included. A group without any may be answered by `NotFound`.
    pub fn all_of_group<'a>(
        &'a self,
        context: &'a Context,
        group: &str,
    ) -> impl Stream<Item = Result<GroupSnapshot, Error>> + Send + 'a {
        list(&self.array, context, vec![of_group(group, named(group))])
    }

    /// Reads how far the snapshot of this whole name has come to this array; `None` if nothing was sent here.
    ///
    /// # Errors
    /// `NotFound` if the array does not know the snapshot; otherwise the call failed.
    pub async fn transfer(&self, context: &Context, name: &str) -> Result<Option<Transfer>, Error> {
        let purpose = format!("read the transfer of group snapshot {name}");
        let request = Request::get("protection-group-snapshots/transfer", purpose).with_query(named(name));
        list(&self.array, context, vec![request]).boxed().try_next().await
    }

    /// Lists how far the snapshots of a group have come to this array, destroyed ones left out. A group without any may
    /// be answered by `NotFound`.
    pub fn transfers_of_group<'a>(
        &'a self,
        context: &'a Context,
        group: &str,
    ) -> impl Stream<Item = Result<Transfer, Error>> + Send + 'a {
        let purpose = format!("list transfers of snapshots of group {group}");
        let request = Request::get("protection-group-snapshots/transfer", purpose)
            .with_query(named(group).flag("destroyed", false));
        list(&self.array, context, vec![request])
    }

    /// Makes a snapshot of a group, to be kept until it is destroyed, and sends it to all targets that allow it if
    /// `replicate` is set. Repeating it is answered by `Exists`.
    ///
    /// # Errors
    /// `Exists` if the group has a snapshot of this suffix; otherwise the call failed. After `AnswerLost` look for it.
    ///
    /// # Effects
    /// Undone by [`Self::destroy`].
    pub async fn create(
        &self,
        context: &Context,
        group: &str,
        suffix: &str,
        replicate: bool,
    ) -> Result<(), Error> {
        let purpose = format!("make group snapshot {group}.{suffix}");
        let query = Query::default().list("source_names", &[group]).flag("apply_retention", false);
        // Never for_replication: the array eradicates such a snapshot after an hour.
        let query = if replicate { query.flag("replicate_now", true) } else { query };
        let request = Request::new(Method::POST, Semantics::Keyed, "protection-group-snapshots", purpose)
            .with_query(query)
            .with_body(json!({"suffix": suffix}));
        self.array.send(context, &request).await.map(drop)
    }

    /// Destroys the snapshot of this whole name, recoverably until the array eradicates it.
    ///
    /// # Errors
    /// `NotFound` or `Destroyed` if it is gone; otherwise the call failed.
    ///
    /// # Effects
    /// Undone on the array, by recovering it.
    pub async fn destroy(&self, context: &Context, name: &str) -> Result<(), Error> {
        let purpose = format!("destroy group snapshot {name}");
        let request =
            Request::new(Method::PATCH, Semantics::Idempotent, "protection-group-snapshots", purpose)
                .with_query(named(name))
                .with_body(json!({"destroyed": true}));
        self.array.send(context, &request).await.map(drop)
    }
}

fn of_group(group: &str, query: Query) -> Request {
    Request::get("protection-group-snapshots", format!("list snapshots of group {group}")).with_query(query)
}

/// In this parameter a group's name stands for all of its snapshots; Cinder's driver relies on that, too.
fn named(name: &str) -> Query {
    Query::default().list("names", &[name])
}

#[cfg(test)]
mod tests;
