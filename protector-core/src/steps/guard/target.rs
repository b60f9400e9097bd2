use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::ArrayName;
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Sees, before the first change, that the target site answers and its array is connected to the source's.
#[derive(Debug)]
pub struct ValidateTarget;

/// See [`ValidateTarget`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ValidateTargetInput {
    /// The target's array.
    pub array: ArrayName,
    /// The source's, if it has to be connected.
    pub peer: Option<ArrayName>,
}

impl SiteStep for ValidateTarget {
    const NAME: &'static str = "validate_target";
    const SYSTEM: &'static str = "guard";
    type Input = ValidateTargetInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.access.cloud.session().project(&run.context).await?;
        site.access.servers.look(&run.context).await?;
        site.access.volumes.look(&run.context).await?;
        let description = site.array(&input.array)?.describe(&run.context).await?;
        let Some(peer) = &input.peer else { return Ok(Nothing {}) };
        match description.peers.iter().find(|known| known.name == *peer) {
            Some(known) if known.connected => Ok(Nothing {}),
            found => {
                let how = if found.is_some() { "is not connected to" } else { "does not know" };
                let array = &input.array;
                Err(StepError::new(Code::ServiceFailed, format!("array {array} {how} array {peer}")))
            }
        }
    }
}
