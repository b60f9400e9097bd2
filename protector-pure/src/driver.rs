//! The [`StorageDriver`] of a FlashArray.
//!
//! How the contract's words are said to an array:
//!
//! | word | FlashArray |
//! |---|---|
//! | a Cinder volume's | `volume-<id>-cinder`, also `POD::…` or `VGROUP/…`; once found it goes by its id |
//! | storage group | protection group `consisgroup-<id>-cinder`; group `G` of array `A` is `A:G` on its targets |
//! | recovery point `P` | protection group snapshot `G.P`, on the target `A:G.P`; member `V` of it is `A:G.P.V` |
//! | complete | the transfer of `A:G.P` has full progress and an end |
//! | safety snapshot `N` | protection group snapshot `G.N` that is not replicated |
//! | content, epoch | tags `content` and `epoch` of a volume in the namespace `protector` |
//! | held point | a volume `protector-hold-…` of each member, made from its snapshot, with tags that say which it is |
//! | discard | destroy, which an array undoes for as long as its eradication delay lasts |
//!
//! The names are those that Cinder's own driver gives (`cinder/volume/drivers/pure.py`, 2024.1 to 2026.2).

mod factory;
mod failure;
mod group_snapshots;
mod holds;
mod lookup;
mod marks;
mod names;
mod overwrite;
mod points;
mod replication;

pub use factory::{PureFactory, factory};

use crate::flasharray::{self, FlashArray};
use futures::future::BoxFuture;
use protector_core::driver::{
    Answer, ArrayDescription, ArrayVolume, CLOSING_TIME, Capabilities, Content, EpochMark, Error,
    GroupOrigin, RecoveryPoint, ReplicationSettings, SourcePoint, StorageDriver, StorageGroup,
};
use protector_core::error::chain;
use protector_core::id::{ArrayName, ArrayVolumeId, ConsistencyGroupId, VolumeId};
use protector_core::transport::Context;

/// One FlashArray. Keeps a session with it, which [`StorageDriver::close`] ends; one that is not ended lasts until the array
/// finds it idle (half an hour, as arrays are delivered).
#[derive(Debug, Clone)]
pub struct PureDriver {
    array: FlashArray,
}

impl PureDriver {
    /// The driver of `array`.
    pub fn new(array: FlashArray) -> Self {
        Self { array }
    }

    /// Gives a failure of the client its place in the contract.
    fn failed(&self, attempted: &str, error: flasharray::Error) -> Error {
        failure::of(self.array.name(), attempted, error)
    }

    /// The contract, or the array as it stands, does not allow it.
    fn refused(&self, attempted: &str, reason: impl Into<String>) -> Error {
        Error::Refused {
            array: self.array.name().clone(),
            attempted: attempted.to_owned(),
            reason: reason.into(),
        }
    }

    fn not_found(&self, attempted: &str, what: impl Into<String>) -> Error {
        Error::NotFound {
            array: self.array.name().clone(),
            attempted: attempted.to_owned(),
            what: what.into(),
        }
    }
}

impl StorageDriver for PureDriver {
    fn array(&self) -> &ArrayName {
        self.array.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none().with_asynchronous().with_overwrite().with_marks().with_holds()
    }

    fn close<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.array.close(&context.within(CLOSING_TIME)).await {
                tracing::warn!(array = %self.array.name(), "the session stays open: {}", chain(&error));
            }
        })
    }

    fn describe<'a>(&'a self, context: &'a Context) -> Answer<'a, ArrayDescription> {
        Box::pin(self.describe_array(context))
    }

    fn resolve<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [VolumeId],
    ) -> Answer<'a, Vec<Option<ArrayVolume>>> {
        Box::pin(self.resolve_volumes(context, volumes))
    }

    fn storage_group<'a>(
        &'a self,
        context: &'a Context,
        group: &'a ConsistencyGroupId,
    ) -> Answer<'a, Option<StorageGroup>> {
        Box::pin(async move { self.find_storage_group(context, &names::group(group)).await })
    }

    fn storage_group_by_name<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
    ) -> Answer<'a, Option<StorageGroup>> {
        Box::pin(self.find_storage_group(context, group))
    }

    fn set_replication<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        settings: &'a ReplicationSettings,
    ) -> Answer<'a, ()> {
        Box::pin(self.set_group_replication(context, group, settings))
    }

    fn allow_replication<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()> {
        Box::pin(self.allow_peers_group(context, origin))
    }

    fn replicate_now<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()> {
        Box::pin(self.make_replicated_point(context, group, point))
    }

    fn source_point<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        point: &'a str,
    ) -> Answer<'a, Option<RecoveryPoint>> {
        Box::pin(self.find_source_point(context, group, point))
    }

    fn source_points<'a>(&'a self, context: &'a Context, group: &'a str) -> Answer<'a, Vec<SourcePoint>> {
        Box::pin(self.list_source_points(context, group))
    }

    fn recovery_points<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
    ) -> Answer<'a, Vec<RecoveryPoint>> {
        Box::pin(self.list_recovery_points(context, origin))
    }

    fn hold_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        Box::pin(self.hold_members(context, origin, point))
    }

    fn release_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        Box::pin(self.release_members(context, origin, point))
    }

    fn materialize<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
        member: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()> {
        Box::pin(self.materialize_member(context, origin, point, member, volume))
    }

    fn content<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<Content>> {
        Box::pin(self.read_content(context, volume))
    }

    fn take_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, ()> {
        Box::pin(self.make_safety_snapshot(context, group, name))
    }

    fn has_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(self.find_safety_snapshot(context, group, name))
    }

    fn restore<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()> {
        Box::pin(self.restore_member(context, group, name, volume))
    }

    fn record_epoch<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [ArrayVolumeId],
        mark: &'a EpochMark,
    ) -> Answer<'a, ()> {
        Box::pin(self.write_epoch(context, volumes, mark))
    }

    fn epoch<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<EpochMark>> {
        Box::pin(self.read_epoch(context, volume))
    }

    fn discard_point<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()> {
        Box::pin(self.destroy_group_snapshot(context, group, point))
    }

    fn discard_replica<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        Box::pin(async move { self.destroy_group_snapshot(context, &names::replica(origin), point).await })
    }

    fn forget_marks<'a>(&'a self, context: &'a Context, volumes: &'a [ArrayVolumeId]) -> Answer<'a, ()> {
        Box::pin(self.remove_marks(context, volumes))
    }

    fn discard_origin<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()> {
        Box::pin(self.destroy_origin(context, origin))
    }

    fn discard_volume<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, ()> {
        Box::pin(self.destroy_volume(context, volume))
    }
}

#[cfg(test)]
mod tests;
