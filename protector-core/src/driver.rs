//! The contract between protector and arrays.
//!
//! One [`StorageDriver`] speaks for one array. Its language is replication: a *storage group* is the array's side of a
//! Cinder consistency group, a *recovery point* is a snapshot of all its volumes at one moment, complete on the array
//! that will use it, and to *materialize* a point is to make a site's own volume hold its content.
//!
//! Every verb that crosses arrays is two halves, each sent to one array and callable while the other is dead. No verb
//! waits: the caller names the thing, the verb starts it, a reading verb reports.
//!
//! # The clauses
//!
//! Each clause has a test of the same number in the conformance suite (feature `test-support`); a driver that passes it keeps the contract.
//!
//! 1. `describe` tells the array's own name and which peers it replicates to; it changes nothing.
//! 2. `resolve` finds the array volume of each Cinder volume, in the order asked, and `None` for those it does not hold.
//! 3. A volume's [`ArrayVolumeId`] and serial stay the same when its content is overwritten.
//! 4. `storage_group` finds the group of a Cinder consistency group with its members, targets and schedule; `None` if there is none.
//! 5. `set_replication` makes schedule, interval and retention so; `storage_group` then reads them back; twice is as good as once.
//! 6. `allow_replication` lets a peer's group replicate to this array; twice is as good as once.
//! 7. `replicate_now` makes a point of the given name and starts its transfer; with a name that exists it changes nothing and succeeds.
//! 8. `recovery_points` lists the points of a peer's group, complete or not; an incomplete one has `completed: None`.
//! 9. A point's members are all from one moment: what was written after `replicate_now` returned is in none of them.
//! 10. `materialize` from an incomplete point is refused and changes nothing.
//! 11. `materialize` makes the volume's content the point's; its id, serial and Cinder name stay; twice is as good as once.
//! 12. `content` tells which point was materialized last into a volume by `materialize`, even after the process has died in between.
//! 13. `take_safety_snapshot` keeps the content of all members; with a name that exists it changes nothing and succeeds.
//! 14. `restore` brings the members' content back to a safety snapshot's; twice is as good as once.
//! 15. `record_epoch` and `epoch` keep the mark with the volumes through overwrites; a lower epoch than the recorded one is refused.
//! 16. `discard_point` and `discard_replica` make a point unusable, recoverably; what is gone already is no error. They eradicate nothing.
//! 17. `discard_volume` makes a volume that no host uses go away, recoverably; what is gone already is no error.
//! 18. A verb that is not among `capabilities` is [`Error::Unsupported`] and sends nothing.
//! 19. What belongs to others is not changed by any verb.
//! 20. `forget_marks` removes epoch and content from volumes; what has none, or is gone, is no error.
//! 21. `discard_origin` discards what is left here of a peer's group, its points included, held or not, recoverably; what is gone already is no error.
//! 22. `close` ends what is kept open with the array, within [`CLOSING_TIME`] though the array is dead; twice is as good as once, and the next verb begins anew.
//! 23. `hold_point` keeps the content of a complete point usable by `materialize`, and the point listed, though the array's own retention removes it; twice is as good as once; a point that is incomplete or not there is refused and changes nothing. `release_point` ends it, recoverably; what is not held is no error.
//! 24. `source_points` lists all snapshots of a group of this array, oldest first: points, scheduled ones, safety snapshots, destroyed ones until they are eradicated.
//! 25. `storage_group_by_name` reads a group of this array by its name, and tells what `storage_group` tells; `None` if there is none.

mod error;
#[cfg(test)]
pub(crate) mod testing;
mod types;

#[cfg(any(test, feature = "test-support"))]
pub mod conformance;

pub use error::Error;
pub use types::{
    ArrayDescription, ArrayVolume, Capabilities, Content, EpochMark, GroupOrigin, Peer, PointMember,
    RecoveryPoint, ReplicationSettings, ReplicationTarget, SourcePoint, StorageGroup,
};

use crate::id::{ArrayName, ArrayVolumeId, ConsistencyGroupId, VolumeId};
use crate::secret::SecretString;
use crate::transport::{
    Context, Destination, HttpTransports, TlsSettings, Transport, TransportBuildError, TransportFactory,
};
use futures::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a driver may take to close.
pub const CLOSING_TIME: Duration = Duration::from_secs(5);

/// What a verb returns.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// One array. See the module's clauses.
pub trait StorageDriver: Send + Sync + fmt::Debug {
    /// The array's name, as its peers and the configuration know it.
    fn array(&self) -> &ArrayName;

    /// What this driver can do.
    fn capabilities(&self) -> Capabilities;

    /// Ends what is kept open with the array, a session for one (clause 22). There is nothing that a caller could do about a
    /// failure: a driver notes it in the log, and what it could not end ends when the array finds it idle.
    ///
    /// # Effects
    /// The next verb begins anew.
    fn close<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, ()>;

    /// Reads the array's own description (clause 1).
    fn describe<'a>(&'a self, context: &'a Context) -> Answer<'a, ArrayDescription>;

    /// Finds the array's volumes of Cinder volumes (clause 2).
    fn resolve<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [VolumeId],
    ) -> Answer<'a, Vec<Option<ArrayVolume>>>;

    /// Finds the storage group of a Cinder consistency group (clause 4).
    fn storage_group<'a>(
        &'a self,
        context: &'a Context,
        group: &'a ConsistencyGroupId,
    ) -> Answer<'a, Option<StorageGroup>>;

    /// Finds a storage group of this array by its name, where nobody can say which consistency group it is (clause 25).
    fn storage_group_by_name<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
    ) -> Answer<'a, Option<StorageGroup>>;

    /// Sets a group's schedule, interval and retention, on the source half (clause 5).
    fn set_replication<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        settings: &'a ReplicationSettings,
    ) -> Answer<'a, ()>;

    /// Allows a peer's group to replicate here, on the target half (clause 6).
    fn allow_replication<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()>;

    /// Makes a point and starts its transfer to all targets, on the source half (clauses 7 and 9).
    ///
    /// # Effects
    /// A snapshot of the group on this array and, once transferred, on its targets; undone by `discard_point` and
    /// `discard_replica`.
    fn replicate_now<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()>;

    /// Finds a point on the source half; `None` if it was never made or is discarded.
    fn source_point<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        point: &'a str,
    ) -> Answer<'a, Option<RecoveryPoint>>;

    /// Lists all snapshots of a group of this array, destroyed ones included, oldest first (clause 24).
    ///
    /// # Errors
    /// [`Error::NotFound`] if the group is not there.
    fn source_points<'a>(&'a self, context: &'a Context, group: &'a str) -> Answer<'a, Vec<SourcePoint>>;

    /// Lists the points that have come from a peer's group, on the target half, oldest first (clause 8). A point that the
    /// array has removed while it was held is among them, with the moment, end and members that it had (clause 23).
    fn recovery_points<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
    ) -> Answer<'a, Vec<RecoveryPoint>>;

    /// Keeps the content of a complete point that came from a peer's group, on the target half, whatever becomes of the point
    /// itself (clause 23). It costs no time that grows with the data, and space as the array then drops the point.
    ///
    /// # Errors
    /// [`Error::Refused`] or [`Error::NotFound`] if the point is not complete, or neither there nor held.
    ///
    /// # Effects
    /// What the array keeps it with; undone by `release_point` and by `discard_origin`. `discard_replica` does not undo it.
    fn hold_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()>;

    /// Ends the hold of a point, on the target half, recoverably (clause 23). If the point itself is gone, it is now of no use.
    fn release_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()>;

    /// Overwrites a volume of this array with a member of a point, on the target half (clauses 3, 10, 11, 12); if the point is
    /// held and itself gone, with what was kept of it (clause 23).
    ///
    /// # Effects
    /// The volume's content is lost but for safety snapshots: take one first; undone by `restore`.
    fn materialize<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
        member: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()>;

    /// Tells what was materialized last into a volume; `None` if nothing ever was (clause 12).
    fn content<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<Content>>;

    /// Keeps the content of all members of a group of this array (clause 13).
    fn take_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, ()>;

    /// Whether a safety snapshot is there.
    fn has_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, bool>;

    /// Overwrites a volume with what a safety snapshot of its group kept of it (clause 14).
    fn restore<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()>;

    /// Records the epoch with the volumes that are now primary (clause 15).
    fn record_epoch<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [ArrayVolumeId],
        mark: &'a EpochMark,
    ) -> Answer<'a, ()>;

    /// Reads the epoch recorded with a volume; `None` if none ever was (clause 15).
    fn epoch<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<EpochMark>>;

    /// Discards a point or safety snapshot of a group of this array, recoverably (clause 16).
    fn discard_point<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()>;

    /// Discards a point that came from a peer's group, recoverably (clause 16).
    fn discard_replica<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()>;

    /// Discards a volume that Cinder no longer manages, recoverably (clause 17).
    fn discard_volume<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, ()>;

    /// Removes the marks of volumes that are protector's affair no longer (clause 20).
    ///
    /// # Effects
    /// Not undone.
    fn forget_marks<'a>(&'a self, context: &'a Context, volumes: &'a [ArrayVolumeId]) -> Answer<'a, ()>;

    /// Discards what is left here of a peer's group, held points included, recoverably (clause 21).
    fn discard_origin<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()>;
}

/// Makes the drivers of one kind; handed to the builder of `Protector`.
pub trait DriverFactory: Send + Sync + fmt::Debug {
    /// The name that `protector.yaml` uses: `driver: pure`.
    fn name(&self) -> &str;

    /// Makes the driver of one array. Sends nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used.
    fn open(&self, array: &ArrayName, settings: ArraySettings) -> Result<Arc<dyn StorageDriver>, Error>;
}

/// How an array is reached: what the configuration says, with secrets and certificates read.
#[derive(Debug, Clone)]
pub struct ArraySettings {
    /// Where its management interface is.
    pub url: url::Url,
    /// Its API token.
    pub api_token: SecretString,
    /// How its certificate is judged.
    pub tls: TlsSettings,
    /// What makes the way to it, unless the driver has one of its own.
    pub transports: Arc<dyn TransportFactory>,
}

impl ArraySettings {
    /// An array over the network, with a certificate of an authority that the system trusts.
    pub fn new(url: url::Url, api_token: SecretString) -> Self {
        Self { url, api_token, tls: TlsSettings::default(), transports: Arc::new(HttpTransports) }
    }

    /// The way to the array.
    ///
    /// # Errors
    /// The TLS settings cannot be used.
    pub fn transport(&self, array: &ArrayName) -> Result<Arc<dyn Transport>, TransportBuildError> {
        self.transports.open(&Destination::Array(array.clone()), &self.tls)
    }
}
