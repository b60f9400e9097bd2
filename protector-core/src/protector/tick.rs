//! What is due by the clock: forgotten tests end, and definitions are captured again.

use super::planning::lineages;
use super::{Error, Protector, Request};
use crate::domain::{GroupStatus, OperationStatus, ProtectionGroup, Remnant};
use crate::engine::StepRun;
use crate::error::chain;
use crate::id::{OperationId, StepId};
use crate::inventory::Lineages;
use crate::journal::StoreError;
use crate::steps::SiteStep;
use crate::steps::guard::{CaptureDefinitions, CaptureDefinitionsInput};
use jiff::SignedDuration;
use serde::Serialize;
use std::time::Duration;
use uuid::Uuid;

/// How old the last capture of a VM may be.
const CAPTURE_AGE: SignedDuration = SignedDuration::from_hours(1);
/// How long the capture of one group may take.
const CAPTURE_TIME: Duration = Duration::from_mins(1);

/// Something that was due of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Due {
    /// The group's name.
    pub group: String,
    /// What became of it.
    #[serde(flatten)]
    pub result: DueResult,
}

/// What became of something that was due.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "due", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DueResult {
    /// A test was past its time, and was ended.
    TestEnded {
        /// The operation that ended it.
        operation: OperationId,
        /// Where that stands.
        status: OperationStatus,
        /// What is still there of the test.
        remains: Vec<Remnant>,
    },
    /// A test is past its time, and could not be ended.
    TestNotEnded {
        /// Why.
        reason: String,
    },
    /// The definitions of so many VMs were captured again.
    Captured {
        /// How many.
        servers: usize,
    },
    /// The definitions are old, and could not be captured.
    NotCaptured {
        /// Why.
        reason: String,
    },
}

impl Protector {
    /// Does what is due, and tells what became of it, group by group: tests past their time are ended; definitions that are
    /// older than an hour are captured again where the group runs, if that answers. Meant to be called every minute or so.
    /// One group's trouble keeps no other from its turn.
    ///
    /// # Errors
    /// The stores cannot be read.
    ///
    /// # Effects
    /// Those of `test_cleanup`, and new definitions in both stores.
    pub async fn tick(&self) -> Result<Vec<Due>, Error> {
        let mut done = Vec::new();
        for group in self.groups().await? {
            if let Some(result) = Box::pin(self.end_test_that_is_due(&group)).await {
                done.push(Due { group: group.name.clone(), result });
            }
            if let Some(result) = Box::pin(self.capture_what_is_old(&group)).await {
                done.push(Due { group: group.name.clone(), result });
            }
        }
        Ok(done)
    }

    async fn end_test_that_is_due(&self, group: &ProtectionGroup) -> Option<DueResult> {
        let ends_at = group.test.as_ref()?.ends_at?;
        if ends_at > self.context.clock().now() {
            return None;
        }
        let ended = Box::pin(self.end_test(&group.name)).await;
        Some(ended.unwrap_or_else(|error| DueResult::TestNotEnded { reason: chain(&error) }))
    }

    async fn end_test(&self, group: &str) -> Result<DueResult, Error> {
        let planned = self.plan(&Request::TestCleanup { group: group.to_owned() }).await?;
        let Some(plan) = planned.plan else {
            let reasons: Vec<String> = planned.findings.iter().map(ToString::to_string).collect();
            return Ok(DueResult::TestNotEnded { reason: reasons.join("; ") });
        };
        let handle = self.apply(plan).await?;
        let operation = handle.id();
        let status = handle.finish().await?.operation.status;
        Ok(DueResult::TestEnded { operation, status, remains: self.remains(operation).await? })
    }

    async fn capture_what_is_old(&self, group: &ProtectionGroup) -> Option<DueResult> {
        let idle =
            matches!(group.status, GroupStatus::Active | GroupStatus::FailedOver | GroupStatus::TestActive);
        if !idle {
            return None;
        }
        match self.captures_are_old(group).await {
            Ok(false) => None,
            Ok(true) => {
                let captured = Box::pin(self.capture_again(group)).await;
                Some(captured.unwrap_or_else(|reason| DueResult::NotCaptured { reason }))
            }
            Err(error) => Some(DueResult::NotCaptured { reason: chain(&error) }),
        }
    }

    async fn captures_are_old(&self, group: &ProtectionGroup) -> Result<bool, Error> {
        let now = self.context.clock().now();
        for member in group.members.values().filter(|member| member.absent.is_none()) {
            let known = self.records().definition(member.lineage).await?;
            if known.is_none_or(|known| now.duration_since(known.captured_at) > CAPTURE_AGE) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Captures the VMs where the group runs, under the group's term: no operation writes meanwhile. Nothing else is changed, so
    /// that it is no operation itself.
    async fn capture_again(&self, group: &ProtectionGroup) -> Result<DueResult, String> {
        let failed = |error: StoreError| chain(&error);
        let nobody = OperationId::new(Uuid::new_v5(&group.id.uuid(), b"capture"));
        let term = self.stores.take_terms(group.id, nobody, self.holder.clone()).await;
        let term = term.map_err(failed)?;
        let captured = self.capture_held(group, nobody).await;
        self.stores.release_terms(&term).await.map_err(failed)?;
        captured
    }

    async fn capture_held(&self, group: &ProtectionGroup, run: OperationId) -> Result<DueResult, String> {
        let failed = |error: Error| chain(&error);
        self.nothing_unfinished(&group.name, group.id).await.map_err(failed)?;
        let now = self.group(&group.name).await.map_err(failed)?;
        if now.current_primary_site != group.current_primary_site {
            return Err(format!("the group has come to run at {} meanwhile", now.current_primary_site));
        }
        let access = self.access(&now.current_primary_site).map_err(failed)?;
        let Lineages { volumes, ports } = lineages(&now, &access.site);
        let servers = now.members.values().filter_map(|member| {
            let server = member.servers.get(&access.site).filter(|_| member.absent.is_none())?;
            Some((member.lineage, server.clone()))
        });
        let input = CaptureDefinitionsInput { members: servers.collect(), volumes, ports, known: true };
        let run = StepRun {
            context: self.context.at_site(&access.site).within(CAPTURE_TIME),
            operation: run,
            group: now.id,
            step: StepId::new("capture_definitions"),
            site: Some(access.site.clone()),
        };
        let site = self.world.at(access);
        CaptureDefinitions.apply(site, &run, &input).await.map_err(|error| error.to_string())?;
        Ok(DueResult::Captured { servers: input.members.len() })
    }
}
