use super::known;
use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::id::ServerId;
use crate::inventory::without_markers;
use crate::openstack::compute::{Server, ServerUpdate};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Gives a server what its VM has become where it runs.
#[derive(Debug)]
pub struct UpdateServer;

/// See [`UpdateServer`]. What is not given stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateServerInput {
    /// The server.
    pub server_id: ServerId,
    /// Its name, description, host name and access addresses.
    pub update: ServerUpdate,
    /// Its metadata, without protector's markers, which stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The reason with which it is locked, and is locked again: Nova changes no metadata of a server that is locked, unless an
    /// administrator asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_with: Option<String>,
}

impl UpdateServerInput {
    fn is_updated(&self, server: &Server) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        let (update, text) = (&self.update, |text: &Option<String>| text.clone().unwrap_or_default());
        same(&update.name, &server.name)
            && same(&update.description, &text(&server.description))
            && same(&update.hostname, &text(&server.hostname))
            && same(&update.access_ipv4, &server.access_ipv4)
            && same(&update.access_ipv6, &server.access_ipv6)
    }

    fn has_metadata(&self, server: &Server) -> bool {
        self.metadata.as_ref().is_none_or(|wanted| *wanted == without_markers(&server.metadata))
    }

    fn has_tags(&self, server: &Server) -> bool {
        let sorted = |tags: &[String]| tags.iter().cloned().collect::<BTreeSet<String>>();
        self.tags.as_ref().is_none_or(|wanted| sorted(wanted) == sorted(&server.tags))
    }

    fn is_locked(&self, server: &Server) -> bool {
        self.locked_with.is_none() || server.locked
    }
}

async fn lock_again(site: Site<'_>, run: &StepRun, input: &UpdateServerInput) -> Result<(), StepError> {
    if let Some(reason) = &input.locked_with {
        site.access.cloud.servers().lock(&run.context, &input.server_id, reason).await?;
    }
    Ok(())
}

impl SiteStep for UpdateServer {
    const NAME: &'static str = "update_server";
    const SYSTEM: &'static str = "nova";
    type Input = UpdateServerInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let server = known(site.access, run, &input.server_id).await?;
        let done = input.is_updated(&server)
            && input.has_metadata(&server)
            && input.has_tags(&server)
            && input.is_locked(&server);
        Ok(if done { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let (servers, id) = (site.access.cloud.servers(), &input.server_id);
        let server = known(site.access, run, id).await?;
        if !input.is_updated(&server) {
            servers.update(&run.context, id, &input.update).await?;
        }
        if let Some(tags) = input.tags.as_ref().filter(|_| !input.has_tags(&server)) {
            servers.set_tags(&run.context, id, tags).await?;
        }
        let mut locked = server.locked;
        let mut replaced = Ok(());
        if let Some(metadata) = input.metadata.as_ref().filter(|_| !input.has_metadata(&server)) {
            if server.locked && input.locked_with.is_some() {
                servers.unlock(&run.context, id).await?;
                locked = false;
            }
            let markers = server.metadata.iter().filter(|(key, _)| naming::is_marker(key));
            let mut wanted = metadata.clone();
            wanted.extend(markers.map(|(key, value)| (key.clone(), value.clone())));
            replaced = servers.replace_metadata(&run.context, id, &wanted).await;
        }
        // Whatever came of it: nobody is to start the server by accident.
        if !locked {
            lock_again(site, run, input).await?;
        }
        Ok(replaced.map(|()| Nothing {})?)
    }

    /// What was brought over stays; what was locked is so again.
    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        let server = known(site.access, run, &input.server_id).await?;
        if input.is_locked(&server) { Ok(()) } else { lock_again(site, run, input).await }
    }
}
