//! An array for tests of what uses drivers: it keeps count of what it is asked, and can do next to nothing.

use super::{
    Answer, ArrayDescription, ArrayVolume, Capabilities, Content, EpochMark, Error, GroupOrigin,
    RecoveryPoint, ReplicationSettings, SourcePoint, StorageDriver, StorageGroup,
};
use crate::id::{ArrayName, ArrayVolumeId, ConsistencyGroupId, VolumeId};
use crate::transport::Context;
use futures::future::BoxFuture;
use std::sync::Mutex;

#[derive(Debug)]
pub(crate) struct FakeArray {
    name: ArrayName,
    facts: Mutex<Facts>,
}

#[derive(Debug, Default)]
struct Facts {
    calls: Vec<&'static str>,
    /// How many more looks do not find a peer's group.
    hidden: usize,
    refuses: bool,
    silent: bool,
}

impl FakeArray {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), facts: Mutex::default() }
    }

    /// So many looks will not find a peer's group.
    pub(crate) fn hide_group(&self, looks: usize) {
        self.facts.lock().unwrap().hidden = looks;
    }

    /// From now on it refuses what it is asked.
    pub(crate) fn refuse(&self) {
        self.facts.lock().unwrap().refuses = true;
    }

    /// From now on it never answers.
    pub(crate) fn fall_silent(&self) {
        self.facts.lock().unwrap().silent = true;
    }

    /// What it was asked.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.facts.lock().unwrap().calls.clone()
    }

    fn unsupported<T: Send + 'static>(&self, verb: &'static str) -> Answer<'_, T> {
        self.facts.lock().unwrap().calls.push(verb);
        let error = Error::Unsupported { array: self.name.clone(), attempted: verb.to_owned() };
        Box::pin(async move { Err(error) })
    }
}

impl StorageDriver for FakeArray {
    fn array(&self) -> &ArrayName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none().with_asynchronous()
    }

    fn close<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, ()> {
        let silent = {
            let mut facts = self.facts.lock().unwrap();
            facts.calls.push("close");
            facts.silent
        };
        Box::pin(async move {
            if silent {
                std::future::pending::<()>().await;
            }
        })
    }

    fn allow_replication<'a>(&'a self, _: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()> {
        Box::pin(async move {
            let mut facts = self.facts.lock().unwrap();
            facts.calls.push("allow_replication");
            let (array, attempted) = (self.name.clone(), "allow it".to_owned());
            if facts.refuses {
                return Err(Error::Refused { array, attempted, reason: "it is broken".to_owned() });
            }
            if facts.hidden > 0 {
                facts.hidden -= 1;
                return Err(Error::NotFound { array, attempted, what: origin.group.clone() });
            }
            Ok(())
        })
    }

    fn describe<'a>(&'a self, _: &'a Context) -> Answer<'a, ArrayDescription> {
        self.unsupported("describe")
    }

    fn resolve<'a>(&'a self, _: &'a Context, _: &'a [VolumeId]) -> Answer<'a, Vec<Option<ArrayVolume>>> {
        self.unsupported("resolve")
    }

    fn storage_group<'a>(
        &'a self,
        _: &'a Context,
        _: &'a ConsistencyGroupId,
    ) -> Answer<'a, Option<StorageGroup>> {
        self.unsupported("storage_group")
    }

    fn storage_group_by_name<'a>(&'a self, _: &'a Context, _: &'a str) -> Answer<'a, Option<StorageGroup>> {
        self.unsupported("storage_group_by_name")
    }

    fn set_replication<'a>(
        &'a self,
        _: &'a Context,
        _: &'a str,
        _: &'a ReplicationSettings,
    ) -> Answer<'a, ()> {
        self.unsupported("set_replication")
    }

    fn replicate_now<'a>(&'a self, _: &'a Context, _: &'a str, _: &'a str) -> Answer<'a, ()> {
        self.unsupported("replicate_now")
    }

    fn source_point<'a>(
        &'a self,
        _: &'a Context,
        _: &'a str,
        _: &'a str,
    ) -> Answer<'a, Option<RecoveryPoint>> {
        self.unsupported("source_point")
    }

    fn source_points<'a>(&'a self, _: &'a Context, _: &'a str) -> Answer<'a, Vec<SourcePoint>> {
        self.unsupported("source_points")
    }

    fn recovery_points<'a>(&'a self, _: &'a Context, _: &'a GroupOrigin) -> Answer<'a, Vec<RecoveryPoint>> {
        self.unsupported("recovery_points")
    }

    fn hold_point<'a>(&'a self, _: &'a Context, _: &'a GroupOrigin, _: &'a str) -> Answer<'a, ()> {
        self.unsupported("hold_point")
    }

    fn release_point<'a>(&'a self, _: &'a Context, _: &'a GroupOrigin, _: &'a str) -> Answer<'a, ()> {
        self.unsupported("release_point")
    }

    fn materialize<'a>(
        &'a self,
        _: &'a Context,
        _: &'a GroupOrigin,
        _: &'a str,
        _: &'a str,
        _: &'a ArrayVolumeId,
    ) -> Answer<'a, ()> {
        self.unsupported("materialize")
    }

    fn content<'a>(&'a self, _: &'a Context, _: &'a ArrayVolumeId) -> Answer<'a, Option<Content>> {
        self.unsupported("content")
    }

    fn take_safety_snapshot<'a>(&'a self, _: &'a Context, _: &'a str, _: &'a str) -> Answer<'a, ()> {
        self.unsupported("take_safety_snapshot")
    }

    fn has_safety_snapshot<'a>(&'a self, _: &'a Context, _: &'a str, _: &'a str) -> Answer<'a, bool> {
        self.unsupported("has_safety_snapshot")
    }

    fn restore<'a>(&'a self, _: &'a Context, _: &'a str, _: &'a str, _: &'a ArrayVolumeId) -> Answer<'a, ()> {
        self.unsupported("restore")
    }

    fn record_epoch<'a>(
        &'a self,
        _: &'a Context,
        _: &'a [ArrayVolumeId],
        _: &'a EpochMark,
    ) -> Answer<'a, ()> {
        self.unsupported("record_epoch")
    }

    fn epoch<'a>(&'a self, _: &'a Context, _: &'a ArrayVolumeId) -> Answer<'a, Option<EpochMark>> {
        self.unsupported("epoch")
    }

    fn discard_point<'a>(&'a self, _: &'a Context, _: &'a str, _: &'a str) -> Answer<'a, ()> {
        self.unsupported("discard_point")
    }

    fn discard_replica<'a>(&'a self, _: &'a Context, _: &'a GroupOrigin, _: &'a str) -> Answer<'a, ()> {
        self.unsupported("discard_replica")
    }

    fn discard_volume<'a>(&'a self, _: &'a Context, _: &'a ArrayVolumeId) -> Answer<'a, ()> {
        self.unsupported("discard_volume")
    }

    fn forget_marks<'a>(&'a self, _: &'a Context, _: &'a [ArrayVolumeId]) -> Answer<'a, ()> {
        self.unsupported("forget_marks")
    }

    fn discard_origin<'a>(&'a self, _: &'a Context, _: &'a GroupOrigin) -> Answer<'a, ()> {
        self.unsupported("discard_origin")
    }
}
