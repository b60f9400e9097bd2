mod copies;
mod networks;
mod pool;
mod steps;

use self::copies::{CopiedVolume, Copy, keypairs, place};
use self::networks::Grounds;
use super::{Planned, PlanningError, credential, replication, turns};
use crate::config::ProtectorConfig;
use crate::domain::{Finding, FindingCode, OperationType, ProtectionGroup, RecoveryPoint, ServerDefinition};
use crate::engine::{PlanBuilder, Recovery};
use crate::inventory::{Captured, SiteFacts};
use crate::operations::placement::{Placement, compute_quota, quota};
use std::collections::BTreeSet;
use std::time::Duration;

/// What planning a test needs to know: nothing of the site where the group runs.
#[derive(Debug)]
pub struct TestFailoverFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where the test runs: the site where the group does not.
    pub site: &'a SiteFacts,
    /// Its VMs as they were captured last.
    pub captured: &'a [Captured],
    /// The recovery point that the test runs on.
    pub point: &'a RecoveryPoint,
    /// How long it runs if nobody ends it.
    pub time_to_live: Duration,
    /// Settings and mappings.
    pub config: &'a ProtectorConfig,
}

/// Plans that copies of a group's VMs run, from a recovery point, at the site where the group does not run: on volumes of
/// their own, in networks of their own, under other names. No step is at the site where the group runs.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_test_failover(facts: &TestFailoverFacts<'_>) -> Result<Planned, PlanningError> {
    let (group, site) = (facts.group, &facts.site.site);
    let source = &group.current_primary_site;
    let mut findings = Vec::new();
    let mut warnings = Vec::new();
    let (origin, storage) = match replication::storage_groups(group, source, site) {
        Ok(known) => known,
        Err(finding) => return Ok(Planned::refused(vec![finding], warnings)),
    };
    let placement = Placement { target: facts.site, mappings: &facts.config.mappings, source_site: source };
    let definitions: Vec<&ServerDefinition> =
        facts.captured.iter().map(|captured| &captured.definition).collect();
    let grounds = Grounds::choose(facts, &definitions, &mut findings);
    let mut copies: Vec<Copy<'_>> = Vec::new();
    for member in group.members.values() {
        match definitions.iter().find(|definition| definition.lineage == member.lineage) {
            Some(definition) => copies.push(place(
                facts,
                &placement,
                (member, definition),
                &grounds,
                (&mut findings, &mut warnings),
            )),
            None => findings.push(Finding::new(
                FindingCode::ServerMissing,
                site,
                format!("server {}", member.name),
                "its definition was never captured",
                "run `sync` while the site where it runs answers",
            )),
        }
    }
    let volume_types = copies::volume_types(facts, &placement, &definitions, &mut findings);
    findings.extend(credential::role(facts.site));
    findings.extend(compute_quota(facts.site, &definitions, (0, 0)));
    let sizes = || copies.iter().flat_map(|copy| &copy.volumes).map(|volume| volume.size);
    findings.extend(quota(facts.site, "volumes", sizes().count() as u64));
    findings.extend(quota(facts.site, "gigabytes", sizes().sum()));
    for kind in volume_types.values().collect::<BTreeSet<_>>() {
        let of_kind = |volume: &&CopiedVolume<'_>| {
            volume_types.get(volume.definition.volume_type.as_str()) == Some(kind)
        };
        let sizes = || copies.iter().flat_map(|copy| &copy.volumes).filter(of_kind).map(|volume| volume.size);
        findings.extend(quota(facts.site, &format!("volumes_{kind}"), sizes().count() as u64));
        findings.extend(quota(facts.site, &format!("gigabytes_{kind}"), sizes().sum()));
    }
    let keypairs = keypairs(&placement, &copies, &mut findings, &mut warnings);
    let order = turns::start_order(group, &mut findings);
    if !findings.is_empty() {
        return Ok(Planned::refused(findings, warnings));
    }
    let mut plan = PlanBuilder::new(
        OperationType::TestFailover,
        group.id,
        &group.name,
        (source.clone(), site.clone()),
        group.epoch,
        Recovery::RollBack,
    );
    for warning in warnings {
        plan.warn(warning);
    }
    let writer = steps::Writer {
        facts,
        origin: &origin,
        array: &storage.array,
        volume_types: &volume_types,
        copies: &copies,
        order,
        grounds: &grounds,
        plan,
    };
    Ok(Planned::ready(writer.write(&keypairs, &placement)?))
}

#[cfg(test)]
mod tests;
