use crate::engine::{StepError, StepRun};
use crate::openstack::compute::{ServerGroup, ServerGroupPolicy};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

/// Makes a server group.
#[derive(Debug)]
pub struct CreateServerGroup;

/// See [`CreateServerGroup`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateServerGroupInput {
    /// Its name.
    pub name: String,
    /// Its policy.
    pub policy: ServerGroupPolicy,
}

/// A server group that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerGroupMade {
    /// Its id.
    pub server_group_id: String,
}

impl CreateServerGroup {
    // There was none of this name when the plan was made.
    async fn find(site: Site<'_>, run: &StepRun, name: &str) -> Result<Vec<ServerGroup>, StepError> {
        let all: Vec<ServerGroup> =
            site.access.cloud.server_groups().list(&run.context).try_collect().await?;
        Ok(all.into_iter().filter(|group| group.name == name).collect())
    }
}

impl SiteStep for CreateServerGroup {
    const NAME: &'static str = "create_server_group";
    const SYSTEM: &'static str = "nova";
    type Input = CreateServerGroupInput;
    type Output = ServerGroupMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<ServerGroupMade>, StepError> {
        let mut found = Self::find(site, run, &input.name).await?;
        Ok(match (found.pop(), found.len()) {
            (None, _) => Seen::NotDone,
            (Some(group), 0) if group.policy == input.policy => {
                Seen::Done(ServerGroupMade { server_group_id: group.id })
            }
            _ => Seen::Conflict(format!(
                "server groups named {} with another policy have appeared at {}",
                input.name, site.access.site
            )),
        })
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<ServerGroupMade, StepError> {
        let made = site.access.cloud.server_groups().create(&run.context, &input.name, &input.policy).await?;
        Ok(ServerGroupMade { server_group_id: made.id })
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&ServerGroupMade>,
    ) -> Result<(), StepError> {
        for group in Self::find(site, run, &input.name).await? {
            if group.members.is_empty() {
                site.access.cloud.server_groups().delete(&run.context, &group.id).await?;
            }
        }
        Ok(())
    }
}

/// Deletes a server group that no server is in.
#[derive(Debug)]
pub struct DeleteServerGroup;

/// See [`DeleteServerGroup`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteServerGroupInput {
    /// Its id.
    pub server_group_id: String,
}

impl SiteStep for DeleteServerGroup {
    const NAME: &'static str = "delete_server_group";
    const SYSTEM: &'static str = "nova";
    type Input = DeleteServerGroupInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let groups = site.access.cloud.server_groups();
        let all: Vec<ServerGroup> = groups.list(&run.context).try_collect().await?;
        let in_use = all.iter().any(|group| group.id == input.server_group_id && !group.members.is_empty());
        if !in_use {
            groups.delete(&run.context, &input.server_group_id).await?;
        }
        Ok(Nothing {})
    }
}
