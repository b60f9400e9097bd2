use super::{PureDriver, names};
use crate::flasharray::{Meaning, ProtectionGroupSnapshots, ProtectionGroups};
use protector_core::driver::{Error, GroupOrigin};
use protector_core::error::{Class, Coded};
use protector_core::transport::Context;

impl PureDriver {
    pub(super) async fn make_replicated_point(
        &self,
        context: &Context,
        group: &str,
        point: &str,
    ) -> Result<(), Error> {
        let attempted = format!("replicate {group} as point {point}");
        if self.is_made(context, &attempted, group, point).await? {
            return Ok(());
        }
        self.require_allowed_target(context, &attempted, group).await?;
        self.make(context, &attempted, group, point, true).await
    }

    pub(super) async fn make_safety_snapshot(
        &self,
        context: &Context,
        group: &str,
        name: &str,
    ) -> Result<(), Error> {
        let attempted = format!("take safety snapshot {name} of {group}");
        if self.is_made(context, &attempted, group, name).await? {
            return Ok(());
        }
        self.make(context, &attempted, group, name, false).await
    }

    pub(super) async fn find_safety_snapshot(
        &self,
        context: &Context,
        group: &str,
        name: &str,
    ) -> Result<bool, Error> {
        let attempted = format!("look for safety snapshot {name} of {group}");
        match ProtectionGroupSnapshots::new(&self.array).get(context, &format!("{group}.{name}")).await {
            Ok(snapshot) => Ok(!snapshot.destroyed),
            Err(error) if error.is_gone() => Ok(false),
            Err(error) => Err(self.failed(&attempted, error)),
        }
    }

    /// What is kept of the group's points goes first: what a host uses keeps the rest.
    pub(super) async fn destroy_origin(&self, context: &Context, origin: &GroupOrigin) -> Result<(), Error> {
        let group = names::replica(origin);
        let attempted = format!("discard {group}");
        self.destroy_copies(context, &attempted, origin, None).await?;
        match ProtectionGroups::new(&self.array).destroy(context, &group).await {
            Err(error) if !error.is_gone() => Err(self.failed(&attempted, error)),
            _ => Ok(()),
        }
    }

    pub(super) async fn destroy_group_snapshot(
        &self,
        context: &Context,
        group: &str,
        point: &str,
    ) -> Result<(), Error> {
        let attempted = format!("discard {group}.{point}");
        match ProtectionGroupSnapshots::new(&self.array).destroy(context, &format!("{group}.{point}")).await {
            Err(error) if !error.is_gone() => Err(self.failed(&attempted, error)),
            _ => Ok(()),
        }
    }

    /// Whether the snapshot is there. One that is destroyed keeps its name, so that no other can have it.
    async fn is_made(
        &self,
        context: &Context,
        attempted: &str,
        group: &str,
        suffix: &str,
    ) -> Result<bool, Error> {
        if let Some(fault) = names::fault_of_suffix(suffix) {
            return Err(self.refused(attempted, format!("the name {suffix:?} {fault}")));
        }
        match ProtectionGroupSnapshots::new(&self.array).get(context, &format!("{group}.{suffix}")).await {
            Ok(snapshot) if snapshot.destroyed => {
                let reason =
                    format!("a destroyed snapshot holds the name {}: take another one", snapshot.name);
                Err(self.refused(attempted, reason))
            }
            Ok(_) => Ok(true),
            Err(error) if error.meaning() == Some(Meaning::NotFound) => Ok(false),
            Err(error) => Err(self.failed(attempted, error)),
        }
    }

    /// Makes the snapshot. Its name is its marker: after a failure that leaves open whether it was made it is looked for,
    /// and only if it is not there it is made again, once; the array never makes two of a name.
    async fn make(
        &self,
        context: &Context,
        attempted: &str,
        group: &str,
        suffix: &str,
        replicate: bool,
    ) -> Result<(), Error> {
        let snapshots = ProtectionGroupSnapshots::new(&self.array);
        let mut repeated = false;
        loop {
            let Err(error) = snapshots.create(context, group, suffix, replicate).await else { return Ok(()) };
            let unknown = error.class() == Class::Unknown;
            if !unknown && error.meaning() != Some(Meaning::Exists) {
                return Err(self.failed(attempted, error));
            }
            match self.is_made(context, attempted, group, suffix).await {
                Ok(true) => return Ok(()),
                Ok(false) if unknown && !repeated => repeated = true,
                // The look-up's own failure says less than that of the creation.
                _ => return Err(self.failed(attempted, error)),
            }
        }
    }
}
