use super::{Arranged, Bench, Fault, Half, Verdict, Violation};
use crate::driver::{ArrayVolume, Error, GroupOrigin, RecoveryPoint, ReplicationSettings, StorageDriver};
use crate::id::VolumeId;
use crate::transport::Context;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What the array shows late has to be there after so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A clause on trial: both drivers, and what all clauses need.
pub(super) struct Trial<'a> {
    clause: u8,
    pub(super) bench: &'a dyn Bench,
    pub(super) a: Arc<dyn StorageDriver>,
    pub(super) b: Arc<dyn StorageDriver>,
    pub(super) context: Context,
}

/// A group of A that B allows, and a group of B that holds a twin of each of its volumes.
pub(super) struct Pair {
    /// The group as A knows it.
    pub(super) source: Arranged,
    /// The group's name on A.
    pub(super) group: String,
    /// The group as B knows it.
    pub(super) origin: GroupOrigin,
    /// The volumes on A.
    pub(super) sources: Vec<ArrayVolume>,
    /// The twins on B, as Cinder knows them.
    pub(super) twin: Arranged,
    /// The name of the twins' group on B.
    pub(super) twin_group: String,
    /// The twins on B, in the order of the sources.
    pub(super) twins: Vec<ArrayVolume>,
}

impl Pair {
    /// The only source and its twin.
    pub(super) fn only(&self, trial: &Trial<'_>) -> Result<(&ArrayVolume, &ArrayVolume), Violation> {
        match (self.sources.as_slice(), self.twins.as_slice()) {
            ([source], [twin]) => Ok((source, twin)),
            _ => Err(trial.broken("the bench made more or less than one volume")),
        }
    }
}

impl<'a> Trial<'a> {
    pub(super) fn of(clause: u8, bench: &'a dyn Bench) -> Result<Self, Violation> {
        let open = |half| {
            bench.open(half).map_err(|error| Violation {
                clause,
                found: format!("the driver of {half:?} could not be opened"),
                source: Some(Box::new(error)),
            })
        };
        Ok(Self { clause, bench, a: open(Half::A)?, b: open(Half::B)?, context: bench.context() })
    }

    pub(super) fn broken(&self, found: impl Into<String>) -> Violation {
        Violation { clause: self.clause, found: found.into(), source: None }
    }

    /// Requires something to be so.
    pub(super) fn expect(&self, so: bool, otherwise: impl FnOnce() -> String) -> Verdict {
        if so { Ok(()) } else { Err(self.broken(otherwise())) }
    }

    /// Requires two things to be equal.
    pub(super) fn same<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &str,
        found: &T,
        expected: &T,
    ) -> Verdict {
        self.expect(found == expected, || format!("{what}: found {found:?}, expected {expected:?}"))
    }

    /// Requires a verb to succeed.
    pub(super) fn ok<T>(&self, verb: &str, result: Result<T, Error>) -> Result<T, Violation> {
        result.map_err(|error| Violation {
            clause: self.clause,
            found: format!("{verb} failed"),
            source: Some(Box::new(error)),
        })
    }

    /// Requires a verb to fail because of what it was asked, and not because the array could not be asked.
    pub(super) fn refused<T: std::fmt::Debug>(&self, verb: &str, result: Result<T, Error>) -> Verdict {
        match result {
            Err(Error::Refused { .. } | Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Violation {
                clause: self.clause,
                found: format!("{verb} failed, but was not refused"),
                source: Some(Box::new(error)),
            }),
            Ok(answer) => Err(self.broken(format!("{verb} succeeded with {answer:?} and was to be refused"))),
        }
    }

    /// Requires the bench to do its part.
    pub(super) fn arranged<T>(&self, result: Result<T, Fault>) -> Result<T, Violation> {
        result.map_err(|fault| Violation {
            clause: self.clause,
            found: "the bench failed".to_owned(),
            source: Some(fault),
        })
    }

    pub(super) async fn write(&self, half: Half, volume: &ArrayVolume, content: &str) -> Verdict {
        self.arranged(self.bench.write(half, &volume.id, content).await)
    }

    /// Requires a volume to hold a content.
    pub(super) async fn holds(&self, half: Half, volume: &ArrayVolume, content: &str) -> Verdict {
        let found = self.arranged(self.bench.read(half, &volume.id).await)?;
        self.same(&format!("the content of {}", volume.name), &found, &content.to_owned())
    }

    /// Finds volumes that have to be there.
    pub(super) async fn volumes(
        &self,
        driver: &dyn StorageDriver,
        ids: &[VolumeId],
    ) -> Result<Vec<ArrayVolume>, Violation> {
        let found = self.ok("resolve", driver.resolve(&self.context, ids).await)?;
        let found: Vec<ArrayVolume> = found.into_iter().flatten().collect();
        self.expect(found.len() == ids.len(), || {
            format!("resolve found {} of {} volumes", found.len(), ids.len())
        })?;
        Ok(found)
    }

    /// The name on its array of a group that has to be there.
    pub(super) async fn group_name(
        &self,
        driver: &dyn StorageDriver,
        arranged: &Arranged,
    ) -> Result<String, Violation> {
        let found = self.ok("storage_group", driver.storage_group(&self.context, &arranged.group).await)?;
        found.map(|group| group.name).ok_or_else(|| self.broken("storage_group does not find a group"))
    }

    /// Arranges a group of A, allowed by B, and twins on B.
    pub(super) async fn pair(&self, volumes: usize) -> Result<Pair, Violation> {
        let source = self.arranged(self.bench.create_group(Half::A, volumes).await)?;
        let twin = self.arranged(self.bench.create_group(Half::B, volumes).await)?;
        let group = self.group_name(&*self.a, &source).await?;
        let origin = GroupOrigin { array: self.a.array().clone(), group: group.clone() };
        self.allow(&origin).await?;
        Ok(Pair {
            sources: self.volumes(&*self.a, &source.volumes).await?,
            twins: self.volumes(&*self.b, &twin.volumes).await?,
            twin_group: self.group_name(&*self.b, &twin).await?,
            source,
            group,
            origin,
            twin,
        })
    }

    /// Lets a group of A replicate to B, as soon as B knows it.
    pub(super) async fn allow(&self, origin: &GroupOrigin) -> Verdict {
        let begun = self.context.clock().monotonic();
        loop {
            match self.b.allow_replication(&self.context, origin).await {
                Err(Error::NotFound { .. }) if !self.is_late(begun) => self.bench.wait().await,
                result => return self.ok("allow_replication", result),
            }
        }
    }

    /// Makes a point and waits until it is complete on B.
    pub(super) async fn replicate(&self, pair: &Pair, point: &str) -> Result<RecoveryPoint, Violation> {
        self.ok("replicate_now", self.a.replicate_now(&self.context, &pair.group, point).await)?;
        self.completed(pair, point).await
    }

    /// Waits until a point is complete on B.
    pub(super) async fn completed(&self, pair: &Pair, point: &str) -> Result<RecoveryPoint, Violation> {
        let begun = self.context.clock().monotonic();
        loop {
            let found = self.listed(pair, point).await?;
            match found {
                Some(found) if found.completed.is_some() => return Ok(found),
                _ if self.is_late(begun) => {
                    return Err(self.broken(format!("point {point} does not complete: {found:?}")));
                }
                _ => self.bench.wait().await,
            }
        }
    }

    /// A point as B lists it, which has to be at most once.
    pub(super) async fn listed(&self, pair: &Pair, point: &str) -> Result<Option<RecoveryPoint>, Violation> {
        let points = self.ok("recovery_points", self.b.recovery_points(&self.context, &pair.origin).await)?;
        let mut found = points.into_iter().filter(|found| found.name == point);
        let first = found.next();
        self.expect(found.next().is_none(), || format!("point {point} is listed twice"))?;
        Ok(first)
    }

    /// Lets the schedule of a pair's group make points until so many more are complete on B; all of those, oldest first.
    pub(super) async fn scheduled(&self, pair: &Pair, more: usize) -> Result<Vec<RecoveryPoint>, Violation> {
        let points = async || {
            let points = self.b.recovery_points(&self.context, &pair.origin).await;
            self.ok("recovery_points", points)
        };
        let before: BTreeSet<String> = points().await?.into_iter().map(|point| point.name).collect();
        let is_new = |point: &RecoveryPoint| point.completed.is_some() && !before.contains(&point.name);
        let enough = |points: &[RecoveryPoint]| points.iter().filter(|point| is_new(point)).count() >= more;
        self.scheduling(pair, None, enough).await?;
        Ok(points().await?.into_iter().filter(is_new).collect())
    }

    /// Lets the schedule of a pair's group make points, and retention keep the newest `keep` of them if it is given, until
    /// B's list is as wanted. Afterwards the schedule is off and nothing is under way.
    pub(super) async fn scheduling(
        &self,
        pair: &Pair,
        keep: Option<u64>,
        wanted: impl Fn(&[RecoveryPoint]) -> bool,
    ) -> Verdict {
        let switch = async |enabled| {
            let (interval, retention) = (Duration::from_mins(10), Some(Duration::from_hours(1)));
            let settings = ReplicationSettings { enabled, interval, retention };
            let set = self.a.set_replication(&self.context, &pair.group, &settings).await;
            self.ok("set_replication", set)
        };
        self.arranged(self.bench.schedule_often(keep).await)?;
        let made = async {
            switch(true).await?;
            self.until(pair, wanted).await?;
            switch(false).await?;
            self.until(pair, |points| points.iter().all(|point| point.completed.is_some())).await
        };
        let made = made.await;
        self.arranged(self.bench.schedule_as_set().await)?;
        made
    }

    /// Waits until B's list of points is as wanted.
    async fn until(&self, pair: &Pair, wanted: impl Fn(&[RecoveryPoint]) -> bool) -> Verdict {
        let begun = self.context.clock().monotonic();
        loop {
            let points = self.b.recovery_points(&self.context, &pair.origin).await;
            let points = self.ok("recovery_points", points)?;
            if wanted(&points) {
                return Ok(());
            }
            self.expect(!self.is_late(begun), || format!("the points do not become as wanted: {points:?}"))?;
            self.bench.wait().await;
        }
    }

    /// Materializes the member of a source in its twin.
    pub(super) async fn materialize(
        &self,
        pair: &Pair,
        point: &RecoveryPoint,
        source: &ArrayVolume,
        twin: &ArrayVolume,
    ) -> Verdict {
        let member = self.member(point, source)?;
        let verb = self.b.materialize(&self.context, &pair.origin, &point.name, &member, &twin.id);
        self.ok("materialize", verb.await)
    }

    /// A volume's name in a point.
    pub(super) fn member(&self, point: &RecoveryPoint, source: &ArrayVolume) -> Result<String, Violation> {
        let found = point.members.iter().find(|member| source.name.ends_with(&member.name));
        let found = found.ok_or_else(|| {
            self.broken(format!("point {} has no member of {}: {:?}", point.name, source.name, point.members))
        })?;
        Ok(found.name.clone())
    }

    fn is_late(&self, begun: Duration) -> bool {
        self.context.clock().monotonic().saturating_sub(begun) > PATIENCE
    }
}
