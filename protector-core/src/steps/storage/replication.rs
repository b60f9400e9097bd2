use super::{Nothing, look_again};
use crate::driver::{Error, GroupOrigin, ReplicationSettings, StorageDriver};
use crate::engine::{StepError, StepRun};
use crate::id::ArrayName;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Sets a group's schedule, interval and retention.
#[derive(Debug)]
pub struct SetReplication;

/// See [`SetReplication`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SetReplicationInput {
    /// The array that the group replicates from.
    pub array: ArrayName,
    /// The group's name there.
    pub group: String,
    /// What is wanted.
    pub settings: ReplicationSettings,
    /// What was there: restored by revert.
    pub before: Option<ReplicationSettings>,
}

impl SiteStep for SetReplication {
    const NAME: &'static str = "set_replication";
    const SYSTEM: &'static str = "storage";
    type Input = SetReplicationInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let driver = site.array(&input.array)?;
        driver.set_replication(&run.context, &input.group, &input.settings).await?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        if let Some(before) = &input.before {
            site.array(&input.array)?.set_replication(&run.context, &input.group, before).await?;
        }
        Ok(())
    }
}

/// Lets a peer's group replicate to the site's array, as soon as that knows the group.
#[derive(Debug)]
pub struct AllowReplication;

/// See [`AllowReplication`].
#[derive(Debug, Serialize, Deserialize)]
pub struct AllowReplicationInput {
    /// The array that is replicated to.
    pub array: ArrayName,
    /// The group.
    pub origin: GroupOrigin,
}

impl AllowReplication {
    /// A group appears on the target a while after its own array was told to replicate it there.
    async fn allow(
        driver: &dyn StorageDriver,
        run: &StepRun,
        input: &AllowReplicationInput,
    ) -> Result<(), StepError> {
        loop {
            match driver.allow_replication(&run.context, &input.origin).await {
                Err(Error::NotFound { .. }) => {}
                answer => return Ok(answer?),
            }
            let (group, peer) = (&input.origin.group, &input.origin.array);
            let waited =
                || format!("wait until group {group} of array {peer} appears on array {}", input.array);
            look_again(run, waited).await?;
        }
    }
}

impl SiteStep for AllowReplication {
    const NAME: &'static str = "allow_replication";
    const SYSTEM: &'static str = "storage";
    type Input = AllowReplicationInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        Self::allow(&**site.array(&input.array)?, run, input).await?;
        Ok(Nothing {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::testing::FakeArray;
    use crate::error::Code;
    use crate::id::{GroupId, OperationId};
    use crate::transport::Context;
    use std::time::Duration;
    use uuid::Uuid;

    fn input() -> AllowReplicationInput {
        let origin = GroupOrigin { array: "array-a".into(), group: "g".to_owned() };
        AllowReplicationInput { array: "array-b".into(), origin }
    }

    fn run(context: Context) -> StepRun {
        StepRun {
            context,
            operation: OperationId::new(Uuid::nil()),
            group: GroupId::new(Uuid::nil()),
            step: "allow_replication/site-b".into(),
            site: Some("site-b".into()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_that_appears_late_is_waited_for_and_allowed() {
        for looks in [0, 1, 50] {
            let array = FakeArray::new("array-b");
            array.hide_group(looks);
            AllowReplication::allow(&array, &run(Context::default()), &input()).await.unwrap();
            assert_eq!(array.calls(), vec!["allow_replication"; looks + 1]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_that_never_appears_is_waited_for_until_the_steps_time_is_up() {
        let array = FakeArray::new("array-b");
        array.hide_group(usize::MAX);
        let context = Context::default();
        let within = run(context.within(Duration::from_mins(1)));
        let error = AllowReplication::allow(&array, &within, &input()).await.unwrap_err();
        assert_eq!(error.code, Code::DeadlineExceeded);
        assert!(error.message.contains("group g of array array-a appears on array array-b"), "{error}");
        assert!(context.clock().monotonic() >= Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_else_goes_wrong_is_not_waited_out_here() {
        let array = FakeArray::new("array-b");
        array.refuse();
        let error = AllowReplication::allow(&array, &run(Context::default()), &input()).await.unwrap_err();
        assert_eq!((error.code, array.calls().len()), (Code::RequestRefused, 1));
    }
}
