use super::{group_available, group_gone};
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, ConsistencyGroupId};
use crate::openstack::block_storage::{Group, GroupQuery, NewGroup};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

/// Makes the consistency group; Cinder's driver makes the array's.
#[derive(Debug)]
pub struct CreateGroup;

/// See [`CreateGroup`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateGroupInput {
    /// The group.
    pub group: NewGroup,
    /// The array it must appear on.
    pub array: ArrayName,
}

/// A consistency group that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct GroupMade {
    /// In Cinder.
    pub group_id: ConsistencyGroupId,
    /// The name of the array's group.
    pub storage_group: String,
}

impl CreateGroup {
    async fn find(site: Site<'_>, run: &StepRun, input: &CreateGroupInput) -> Result<Vec<Group>, StepError> {
        let query = GroupQuery { name: Some(input.group.name.clone()) };
        let groups = site.access.cloud.groups();
        let named: Vec<Group> = groups.list(&run.context, &query).try_collect().await?;
        let own = |group: &Group| group.description.as_deref() == Some(input.group.description.as_str());
        Ok(named.into_iter().filter(|group| own(group) && group.status != "deleted").collect())
    }

    async fn on_array(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateGroupInput,
        id: ConsistencyGroupId,
    ) -> Result<GroupMade, StepError> {
        group_available(site.access, run, &id).await?;
        match site.array(&input.array)?.storage_group(&run.context, &id).await? {
            Some(group) => Ok(GroupMade { group_id: id, storage_group: group.name }),
            None => Err(StepError::conflict(format!(
                "Cinder says that group {id} is available at {}, but array {} has no group for it",
                site.access.site, input.array
            ))),
        }
    }
}

impl SiteStep for CreateGroup {
    const NAME: &'static str = "create_consistency_group";
    const SYSTEM: &'static str = "cinder";
    type Input = CreateGroupInput;
    type Output = GroupMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<GroupMade>, StepError> {
        let mut found = Self::find(site, run, input).await?;
        Ok(match (found.pop(), found.len()) {
            (None, _) => Seen::NotDone,
            (Some(group), 0) => Seen::Done(Self::on_array(site, run, input, group.id).await?),
            (Some(_), more) => Seen::Conflict(format!(
                "{} groups named {} are at {}: delete those that are empty",
                more + 1,
                input.group.name,
                site.access.site
            )),
        })
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<GroupMade, StepError> {
        let id = site.access.cloud.groups().create(&run.context, &input.group).await?;
        Self::on_array(site, run, input, id).await
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&GroupMade>,
    ) -> Result<(), StepError> {
        for group in Self::find(site, run, input).await? {
            site.access.cloud.groups().delete(&run.context, &group.id).await?;
            group_gone(site.access, run, &group.id).await?;
        }
        Ok(())
    }
}

/// Deletes a consistency group that has no volumes any more; Cinder's driver deletes the array's.
#[derive(Debug)]
pub struct DeleteGroup;

/// See [`DeleteGroup`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteGroupInput {
    /// The group.
    pub group_id: ConsistencyGroupId,
}

impl SiteStep for DeleteGroup {
    const NAME: &'static str = "delete_consistency_group";
    const SYSTEM: &'static str = "cinder";
    type Input = DeleteGroupInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let there =
            site.access.groups.look(&run.context).await?.iter().any(|group| group.id == input.group_id);
        Ok(if there { Seen::NotDone } else { Seen::Done(Nothing {}) })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.access.cloud.groups().delete(&run.context, &input.group_id).await?;
        group_gone(site.access, run, &input.group_id).await?;
        Ok(Nothing {})
    }
}
