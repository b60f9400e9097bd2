//! The [`StorageDriver`] of a simulated array: `driver: mock` in `protector.yaml`.
//!
//! It changes the world itself, where `driver: pure` sends requests to the simulated array's API. Both say the contract's words
//! to an array in the same way (`volume-<id>-cinder`, `consisgroup-<id>-cinder`, `A:G.P`), and keep the same marks in the same
//! tags, so that one goes on where the other stopped.

mod access;
mod factory;
mod holds;
mod lookup;
mod marks;
mod overwrite;
mod points;
mod replication;
mod verb;

pub use factory::{MockFactory, factory};

use access::Access;
use futures::future::BoxFuture;
use protector_core::driver::{
    Answer, ArrayDescription, ArrayVolume, Capabilities, Content, EpochMark, Error, GroupOrigin,
    RecoveryPoint, ReplicationSettings, SourcePoint, StorageDriver, StorageGroup,
};
use protector_core::id::{ArrayName, ArrayVolumeId, ConsistencyGroupId, VolumeId};
use protector_core::transport::Context;
use std::sync::Arc;
use verb::{Problem, Verb};

/// One simulated array.
#[derive(Debug, Clone)]
pub struct MockDriver {
    name: ArrayName,
    access: Arc<Access>,
}

impl MockDriver {
    /// Does what a verb is about, in one moment of the world.
    async fn act<T>(
        &self,
        context: &Context,
        attempted: String,
        action: impl FnOnce(&mut Verb<'_, '_>) -> Result<T, Problem> + Send,
    ) -> Result<T, Error> {
        verb::act(&self.name, &self.access, context, &attempted, action).await
    }
}

impl StorageDriver for MockDriver {
    fn array(&self) -> &ArrayName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none().with_asynchronous().with_overwrite().with_marks().with_holds()
    }

    fn describe<'a>(&'a self, context: &'a Context) -> Answer<'a, ArrayDescription> {
        Box::pin(self.act(context, "describe itself".to_owned(), lookup::describe))
    }

    fn resolve<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [VolumeId],
    ) -> Answer<'a, Vec<Option<ArrayVolume>>> {
        let attempted = "resolve Cinder volumes".to_owned();
        Box::pin(self.act(context, attempted, |verb| lookup::resolve(verb, volumes)))
    }

    fn storage_group<'a>(
        &'a self,
        context: &'a Context,
        group: &'a ConsistencyGroupId,
    ) -> Answer<'a, Option<StorageGroup>> {
        let attempted = format!("look for the storage group of {group}");
        let name = format!("consisgroup-{group}-cinder");
        Box::pin(self.act(context, attempted, move |verb| lookup::storage_group(verb, &name)))
    }

    fn storage_group_by_name<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
    ) -> Answer<'a, Option<StorageGroup>> {
        let attempted = format!("look for storage group {group}");
        Box::pin(self.act(context, attempted, |verb| lookup::storage_group(verb, group)))
    }

    fn set_replication<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        settings: &'a ReplicationSettings,
    ) -> Answer<'a, ()> {
        let attempted = format!("set the replication of {group}");
        Box::pin(self.act(context, attempted, |verb| replication::set(verb, group, settings)))
    }

    fn allow_replication<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()> {
        let attempted = format!("allow {} to replicate", verb::replica(origin));
        Box::pin(self.act(context, attempted, |verb| replication::allow(verb, origin)))
    }

    fn replicate_now<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()> {
        let attempted = format!("replicate {group} as point {point}");
        Box::pin(self.act(context, attempted, |verb| points::replicate(verb, group, point)))
    }

    fn source_point<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        point: &'a str,
    ) -> Answer<'a, Option<RecoveryPoint>> {
        let attempted = format!("look for point {point} of {group}");
        Box::pin(self.act(context, attempted, |verb| points::at_source(verb, group, point)))
    }

    fn source_points<'a>(&'a self, context: &'a Context, group: &'a str) -> Answer<'a, Vec<SourcePoint>> {
        let attempted = format!("list the snapshots of {group}");
        Box::pin(self.act(context, attempted, |verb| points::of_source(verb, group)))
    }

    fn recovery_points<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
    ) -> Answer<'a, Vec<RecoveryPoint>> {
        let attempted = format!("list the recovery points of {}", verb::replica(origin));
        Box::pin(self.act(context, attempted, |verb| points::at_target(verb, origin)))
    }

    fn hold_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        let attempted = format!("hold {}.{point}", verb::replica(origin));
        Box::pin(self.act(context, attempted, |verb| holds::hold(verb, origin, point)))
    }

    fn release_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        let attempted = format!("release {}.{point}", verb::replica(origin));
        Box::pin(self.act(context, attempted, |verb| holds::release(verb, origin, point)))
    }

    fn materialize<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
        member: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()> {
        let whole = verb::replica(origin);
        let attempted = format!("materialize {member} of {whole}.{point} in volume {volume}");
        Box::pin(
            self.act(context, attempted, move |verb| {
                overwrite::materialize(verb, origin, point, member, volume)
            }),
        )
    }

    fn content<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<Content>> {
        let attempted = format!("read what volume {volume} holds");
        Box::pin(self.act(context, attempted, |verb| marks::content(verb, volume)))
    }

    fn take_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, ()> {
        let attempted = format!("take safety snapshot {name} of {group}");
        Box::pin(self.act(context, attempted, |verb| points::keep(verb, group, name)))
    }

    fn has_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, bool> {
        let attempted = format!("look for safety snapshot {name} of {group}");
        Box::pin(self.act(context, attempted, |verb| points::is_kept(verb, group, name)))
    }

    fn restore<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()> {
        let attempted = format!("restore volume {volume} from {group}.{name}");
        Box::pin(self.act(context, attempted, |verb| overwrite::restore(verb, group, name, volume)))
    }

    fn record_epoch<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [ArrayVolumeId],
        mark: &'a EpochMark,
    ) -> Answer<'a, ()> {
        let attempted = format!("record epoch {} of {}", mark.epoch, mark.group);
        Box::pin(self.act(context, attempted, |verb| marks::record_epoch(verb, volumes, mark)))
    }

    fn epoch<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<EpochMark>> {
        let attempted = format!("read the epoch of volume {volume}");
        Box::pin(self.act(context, attempted, |verb| marks::epoch(verb, volume)))
    }

    fn discard_point<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()> {
        let attempted = format!("discard {group}.{point}");
        Box::pin(self.act(context, attempted, |verb| points::discard(verb, group, point)))
    }

    fn discard_replica<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        let group = verb::replica(origin);
        let attempted = format!("discard {group}.{point}");
        Box::pin(self.act(context, attempted, move |verb| points::discard(verb, &group, point)))
    }

    fn discard_volume<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, ()> {
        let attempted = format!("discard volume {volume}");
        Box::pin(self.act(context, attempted, |verb| overwrite::discard(verb, volume)))
    }

    fn forget_marks<'a>(&'a self, context: &'a Context, volumes: &'a [ArrayVolumeId]) -> Answer<'a, ()> {
        let attempted = "remove the marks of volumes".to_owned();
        Box::pin(self.act(context, attempted, |verb| marks::forget(verb, volumes)))
    }

    fn discard_origin<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()> {
        let attempted = format!("discard {}", verb::replica(origin));
        Box::pin(self.act(context, attempted, |verb| points::discard_origin(verb, origin)))
    }

    /// Nothing is kept open: each verb is a moment of the world.
    fn close<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}
