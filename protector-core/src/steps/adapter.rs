use super::{Machine, Records, World};
use crate::driver::StorageDriver;
use crate::engine::{Observation, StepError, StepKind, StepRun};
use crate::error::Code;
use crate::id::ArrayName;
use crate::inventory::SiteAccess;
use crate::transport::Caller;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// What is seen of a step's effect.
#[derive(Debug)]
pub enum Seen<T> {
    /// It is there.
    Done(T),
    /// It is not there.
    NotDone,
    /// Something else is there that only a person can judge.
    Conflict(String),
}

/// What a step gets: the clients of its own site, the records, and the machine at which the operation runs.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The site's clients.
    pub access: &'a SiteAccess,
    /// Groups and definitions in both stores.
    pub records: &'a Records,
    /// From where guests are reached, and where commands are run.
    pub machine: &'a dyn Machine,
    /// How webhooks are told.
    pub webhooks: &'a Caller,
}

impl<'a> Site<'a> {
    /// The driver of one of the site's arrays.
    ///
    /// # Errors
    /// The configuration has no such array at the site.
    pub fn array(&self, name: &ArrayName) -> Result<&'a Arc<dyn StorageDriver>, StepError> {
        self.access.array(name).ok_or_else(|| {
            let site = &self.access.site;
            StepError::new(
                Code::ConfigurationInvalid,
                format!("protector.yaml has no array {name} at site {site}"),
            )
        })
    }
}

impl World {
    /// What a step at a site gets.
    pub(crate) fn at<'a>(&'a self, access: &'a SiteAccess) -> Site<'a> {
        Site { access, records: &self.records, machine: &*self.machine, webhooks: &self.webhooks }
    }
}

/// A step kind with typed input and output.
pub trait SiteStep: Send + Sync + fmt::Debug + 'static {
    /// The kind's name, as plans have it.
    const NAME: &'static str;
    /// The service that is busy with it.
    const SYSTEM: &'static str;
    /// What it is given.
    type Input: Serialize + DeserializeOwned + Send + Sync;
    /// What later steps may refer to.
    type Output: Serialize + DeserializeOwned + Send + Sync;

    /// Looks whether the effect is there.
    fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Seen<Self::Output>, StepError>> + Send;

    /// Makes the change.
    fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Output, StepError>> + Send;

    /// Checks, by the system that matters, that the effect is there. Nothing to check where `apply` waited for it.
    fn verify(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        output: &Self::Output,
    ) -> impl Future<Output = Result<(), StepError>> + Send {
        let _ = (site, run, input, output);
        async { Ok(()) }
    }

    /// Undoes the change, however much of it is there. Nothing to undo where nothing is changed.
    fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> impl Future<Output = Result<(), StepError>> + Send {
        let _ = (site, run, input, output);
        async { Ok(()) }
    }
}

/// Makes a [`SiteStep`] a [`StepKind`].
#[derive(Debug)]
pub(super) struct AtSite<S> {
    step: S,
    world: Arc<World>,
}

impl<S> AtSite<S> {
    pub(super) fn new(step: S, world: Arc<World>) -> Self {
        Self { step, world }
    }

    fn site(&self, run: &StepRun) -> Result<Site<'_>, StepError> {
        let name = run.site.as_ref();
        let access = name.and_then(|name| self.world.sites.get(name)).ok_or_else(|| {
            let name = name.map_or("none", crate::id::SiteName::as_str);
            StepError::new(
                Code::ConfigurationInvalid,
                format!("step {} is at site {name}, which protector.yaml lacks", run.step),
            )
        })?;
        Ok(self.world.at(access))
    }
}

fn read<T: DeserializeOwned>(step: &StepRun, what: &str, value: &Value) -> Result<T, StepError> {
    T::deserialize(value).map_err(|error| {
        StepError::new(
            Code::NeedsNewerRelease,
            format!("the {what} of step {} cannot be read: {error}", step.step),
        )
    })
}

fn write<T: Serialize>(step: &StepRun, value: &T) -> Result<Value, StepError> {
    serde_json::to_value(value)
        .map_err(|error| StepError::new(Code::Internal, format!("the output of step {}: {error}", step.step)))
}

impl<S: SiteStep> StepKind for AtSite<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn system(&self) -> &'static str {
        S::SYSTEM
    }

    fn observe<'a>(
        &'a self,
        run: &'a StepRun,
        input: &'a Value,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async move {
            let seen = self.step.observe(self.site(run)?, run, &read(run, "input", input)?).await?;
            Ok(match seen {
                Seen::Done(output) => Observation::Done(write(run, &output)?),
                Seen::NotDone => Observation::NotDone,
                Seen::Conflict(evidence) => Observation::Conflict(evidence),
            })
        })
    }

    fn apply<'a>(&'a self, run: &'a StepRun, input: &'a Value) -> BoxFuture<'a, Result<Value, StepError>> {
        Box::pin(async move {
            let output = self.step.apply(self.site(run)?, run, &read(run, "input", input)?).await?;
            write(run, &output)
        })
    }

    fn verify<'a>(
        &'a self,
        run: &'a StepRun,
        input: &'a Value,
        output: &'a Value,
    ) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async move {
            let (input, output) = (read(run, "input", input)?, read(run, "output", output)?);
            self.step.verify(self.site(run)?, run, &input, &output).await
        })
    }

    fn revert<'a>(
        &'a self,
        run: &'a StepRun,
        input: &'a Value,
        output: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async move {
            let input = read(run, "input", input)?;
            let output = output.map(|output| read(run, "output", output)).transpose()?;
            self.step.revert(self.site(run)?, run, &input, output.as_ref()).await
        })
    }
}
