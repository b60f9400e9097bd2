use super::late::{self, Late};
use super::recording::Recording;
use super::victim::Victim;
use crate::faults::{Profile, ProfileError, Rules};
use crate::http::{Endpoint, Request, Response};
use crate::world::{Pace, World, WorldError};
use jiff::Timestamp;
use protector_core::time::Clock;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where an endpoint does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// On a thread where it may block.
    OnThreads,
    /// Where it is asked: the same run is the same each time.
    Inline,
}

/// What lies around all endpoints of a world: rules, the record of requests, the process under test.
#[derive(Debug)]
pub struct Surroundings {
    pub(crate) world: Arc<World>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: Rules,
    pub(crate) recording: Recording,
    pub(crate) victim: Victim,
    late: Late,
    work: Work,
    pace: Mutex<Pace>,
    targets: Mutex<BTreeMap<String, Target>>,
}

#[derive(Debug)]
struct Target {
    origin: String,
    endpoint: Arc<dyn Endpoint>,
}

impl Surroundings {
    /// Those of a world; `record` is a file for the record of requests.
    ///
    /// # Errors
    /// The world cannot be read, or the file not be written.
    pub fn new(
        world: Arc<World>,
        clock: Arc<dyn Clock>,
        work: Work,
        record: Option<&Path>,
    ) -> Result<Self, SurroundingsError> {
        Ok(Self {
            rules: Rules::load(Arc::clone(&world))?,
            recording: Recording::new(record)?,
            victim: Victim::default(),
            late: Late::load(&world)?,
            pace: Mutex::new(world.pace()?),
            targets: Mutex::default(),
            world,
            clock,
            work,
        })
    }

    /// Adds the rules and sets the settings of a profile.
    ///
    /// # Errors
    /// A rule cannot be understood, or the world not be changed.
    pub fn apply(&self, profile: &Profile, path: &Path) -> Result<(), ProfileError> {
        let malformed = |what| ProfileError::Malformed { path: path.to_owned(), what };
        self.rules.add(&profile.rules)?.map_err(|bad| malformed(bad.to_string()))?;
        self.world.transact(|transaction| {
            profile.settings.iter().try_for_each(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                transaction.set_fact(name, &text)
            })
        })?;
        Ok(())
    }

    /// Removes all rules. What they keep back is let go.
    ///
    /// # Errors
    /// The world cannot be changed.
    pub fn heal(&self) -> Result<(), WorldError> {
        self.rules.remove(None).map(drop)
    }

    /// All rules, with how often each has `fired`.
    pub fn rules(&self) -> Vec<serde_json::Value> {
        self.rules.views()
    }

    /// The requests that have passed, oldest first, as the record of requests has them.
    pub fn requests(&self) -> Vec<serde_json::Value> {
        self.recording.since(0, None).iter().filter_map(|entry| serde_json::to_value(entry).ok()).collect()
    }

    /// What time it is for rules: the world's pace does not change how often clients ask.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets the world's time pass in another way.
    pub(crate) fn set_pace(&self, pace: Pace) -> Result<(), WorldError> {
        let mut current = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        self.world.set_pace(pace)?;
        *current = pace;
        Ok(())
    }

    /// Waits for so much of the world's time. Where that stands still, nobody waits.
    pub(super) async fn wait(&self, duration: Duration) {
        let pace = *self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = match pace {
            Pace::Factor(factor) if factor > 0.0 => duration.div_f64(factor),
            _ => Duration::ZERO,
        };
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    pub(super) fn know(&self, target: &str, origin: &str, endpoint: &Arc<dyn Endpoint>) {
        let known = Target { origin: origin.to_owned(), endpoint: Arc::clone(endpoint) };
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).insert(target.to_owned(), known);
    }

    /// All targets of rules, and where they are found.
    pub(crate) fn targets(&self) -> BTreeMap<String, String> {
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.iter().map(|(name, target)| (name.clone(), target.origin.clone())).collect()
    }

    /// What an endpoint answers; nothing if it broke.
    pub(super) async fn answered(
        self: &Arc<Self>,
        endpoint: &Arc<dyn Endpoint>,
        request: &Arc<Request>,
    ) -> Option<Response> {
        if self.work == Work::Inline {
            self.deliver_due();
            return Some(endpoint.answer(request));
        }
        let (surroundings, endpoint, request) = (Arc::clone(self), Arc::clone(endpoint), Arc::clone(request));
        let answered = tokio::task::spawn_blocking(move || {
            surroundings.deliver_due();
            endpoint.answer(&request)
        });
        match answered.await {
            Ok(response) => Some(response),
            Err(error) => {
                tracing::error!(%error, "no answer was made");
                None
            }
        }
    }

    /// Keeps a request that is to have its effect later.
    pub(super) fn deliver_later(&self, target: &str, request: &Request, delay: crate::faults::Distribution) {
        let delay = self.rules.draw(delay);
        if let Err(error) = self.late.keep(&self.world, target, request, delay) {
            tracing::error!(error = %protector_core::error::chain(&error), "a request was lost that was to come late");
        }
    }

    /// Lets late requests have their effect that are due.
    pub(crate) fn deliver_due(&self) {
        for late::Due { target, request } in self.late.due(&self.world) {
            let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
            let endpoint = targets.get(&target).map(|known| Arc::clone(&known.endpoint));
            drop(targets);
            if let Some(endpoint) = endpoint {
                endpoint.answer(&request);
            }
        }
    }
}

/// What lies around endpoints could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SurroundingsError {
    /// The world cannot be read.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The record cannot be written.
    #[error("failed to open the record of requests")]
    Record(#[from] std::io::Error),
}
