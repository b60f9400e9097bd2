use super::group_available;
use super::twins::release;
use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, ConsistencyGroupId, VolumeId};
use crate::openstack::block_storage::{Volume, volume_batches};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Adds volumes to a consistency group, and sees that they are in the array's.
#[derive(Debug)]
pub struct JoinGroup;

/// Removes volumes from a consistency group; they stay.
#[derive(Debug)]
pub struct LeaveGroup;

/// See [`JoinGroup`] and [`LeaveGroup`].
#[derive(Debug, Serialize, Deserialize)]
pub struct MembershipInput {
    /// The group.
    pub group_id: ConsistencyGroupId,
    /// The volumes.
    pub volumes: Vec<VolumeId>,
    /// The array that the group is on.
    pub array: ArrayName,
}

/// Those of the volumes that are in the group, and those that are not; what is gone is neither.
async fn sorted(
    site: Site<'_>,
    run: &StepRun,
    input: &MembershipInput,
) -> Result<(Vec<VolumeId>, Vec<VolumeId>), StepError> {
    let all = site.access.volumes.look(&run.context).await?;
    let there = all.iter().filter(|volume| input.volumes.contains(&volume.id));
    let (inside, outside): (Vec<_>, Vec<_>) =
        there.partition(|volume| volume.group_id.as_ref() == Some(&input.group_id));
    let ids = |volumes: Vec<&Volume>| -> Vec<VolumeId> {
        volumes.into_iter().map(|volume| volume.id.clone()).collect()
    };
    Ok((ids(inside), ids(outside)))
}

async fn remove(site: Site<'_>, run: &StepRun, input: &MembershipInput) -> Result<(), StepError> {
    let groups = site.access.cloud.groups();
    let (inside, _) = sorted(site, run, input).await?;
    // Twins that were never used are reserved. What bears no marker is not ours to release.
    let all = site.access.volumes.look(&run.context).await?;
    let group = run.group.to_string();
    let ours = |volume: &&Volume| volume.metadata.get(naming::GROUP_KEY) == Some(&group);
    for volume in all.iter().filter(|volume| inside.contains(&volume.id)).filter(ours) {
        release(site, run, volume).await?;
    }
    // One change of a group at a time: Cinder refuses others while it is `updating`.
    let _one_at_a_time = site.access.group_changes.lock().await;
    for batch in volume_batches(&inside) {
        group_available(site.access, run, &input.group_id).await?;
        groups.remove_volumes(&run.context, &input.group_id, &batch).await?;
    }
    if !inside.is_empty() {
        group_available(site.access, run, &input.group_id).await?;
    }
    Ok(())
}

impl JoinGroup {
    async fn missing_on_array(
        site: Site<'_>,
        run: &StepRun,
        input: &MembershipInput,
    ) -> Result<Vec<String>, StepError> {
        let driver = site.array(&input.array)?;
        let group = driver.storage_group(&run.context, &input.group_id).await?;
        let members = group.map(|group| group.members).unwrap_or_default();
        let volumes = driver.resolve(&run.context, &input.volumes).await?;
        let missing = input.volumes.iter().zip(volumes).filter(|(_, volume)| {
            volume.as_ref().is_none_or(|volume| !members.iter().any(|member| member.id == volume.id))
        });
        Ok(missing.map(|(id, _)| id.to_string()).collect())
    }
}

impl SiteStep for JoinGroup {
    const NAME: &'static str = "join_consistency_group";
    const SYSTEM: &'static str = "cinder";
    type Input = MembershipInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let (inside, _) = sorted(site, run, input).await?;
        Ok(if inside.len() == input.volumes.len() { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let groups = site.access.cloud.groups();
        let _one_at_a_time = site.access.group_changes.lock().await;
        group_available(site.access, run, &input.group_id).await?;
        let (_, outside) = sorted(site, run, input).await?;
        for batch in volume_batches(&outside) {
            groups.add_volumes(&run.context, &input.group_id, &batch).await?;
            group_available(site.access, run, &input.group_id).await?;
        }
        Ok(Nothing {})
    }

    async fn verify(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: &Nothing,
    ) -> Result<(), StepError> {
        let missing = Self::missing_on_array(site, run, input).await?;
        if missing.is_empty() {
            return Ok(());
        }
        Err(StepError::conflict(format!(
            "Cinder says that the volumes are in group {} at {}, but the group on array {} lacks {}",
            input.group_id,
            site.access.site,
            input.array,
            missing.join(", ")
        )))
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        remove(site, run, input).await
    }
}

impl SiteStep for LeaveGroup {
    const NAME: &'static str = "leave_consistency_group";
    const SYSTEM: &'static str = "cinder";
    type Input = MembershipInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let (inside, _) = sorted(site, run, input).await?;
        Ok(if inside.is_empty() { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        remove(site, run, input).await?;
        Ok(Nothing {})
    }
}
