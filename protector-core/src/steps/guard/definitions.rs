use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::{LineageId, PortId, ServerId, VolumeId};
use crate::inventory::{Lineages, capture, read};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Captures the VMs' full definitions and writes them to both stores: in a disaster the source answers nothing.
#[derive(Debug)]
pub struct CaptureDefinitions;

/// See [`CaptureDefinitions`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CaptureDefinitionsInput {
    /// The VMs and their servers at the site.
    pub members: BTreeMap<LineageId, ServerId>,
    /// The lineages of their volumes.
    pub volumes: BTreeMap<VolumeId, LineageId>,
    /// The lineages of their ports.
    pub ports: BTreeMap<PortId, LineageId>,
    /// Whether definitions were there before: then revert leaves the new ones, which are as true.
    pub known: bool,
}

impl SiteStep for CaptureDefinitions {
    const NAME: &'static str = "capture_definitions";
    const SYSTEM: &'static str = "guard";
    type Input = CaptureDefinitionsInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let facts = Box::pin(read(site.access, &run.context)).await?;
        let lineages = Lineages { volumes: input.volumes.clone(), ports: input.ports.clone() };
        let servers = input.members.iter().map(|(member, server_id)| {
            let server = facts.server(server_id).ok_or_else(|| {
                StepError::new(
                    Code::NotFound,
                    format!("server {server_id} is not there at {}", site.access.site),
                )
            })?;
            Ok((*member, server))
        });
        let servers = servers.collect::<Result<Vec<_>, StepError>>()?;
        for captured in capture(site.access, &run.context, &facts, run.group, servers, &lineages).await? {
            let member = captured.definition.lineage;
            let mut definition = captured.definition;
            let mut user_data = captured.user_data;
            // What an earlier capture could read and this one may not is kept.
            if !definition.user_data_known
                && let Some(before) = site.records.definition(member).await?
                && before.user_data_known
            {
                definition.user_data_known = true;
                if let Some(sealed) = &before.user_data {
                    user_data = Some(site.records.open_user_data(member, sealed)?.into());
                }
            }
            site.records.write_definition(definition, user_data.as_ref()).await?;
        }
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        _: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        for member in input.members.keys().filter(|_| !input.known) {
            site.records.remove_definition(*member).await?;
        }
        Ok(())
    }
}

/// Removes a VM's definition from both stores.
#[derive(Debug)]
pub struct ForgetDefinition;

/// See [`ForgetDefinition`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetDefinitionInput {
    /// The VM.
    pub member: LineageId,
}

impl SiteStep for ForgetDefinition {
    const NAME: &'static str = "forget_definition";
    const SYSTEM: &'static str = "guard";
    type Input = ForgetDefinitionInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, _: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.records.remove_definition(input.member).await?;
        Ok(Nothing {})
    }
}
