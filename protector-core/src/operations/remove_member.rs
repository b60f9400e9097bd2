use super::removal::{Removal, forget_definition, leave};
use super::{Known, Planned, PlanningError, record_group};
use crate::domain::{Finding, FindingCode, GroupStatus, Member, OperationType, ProtectionGroup};
use crate::engine::{PlanBuilder, Recovery};
use crate::id::{LineageId, SiteName, StepId, VolumeId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What planning that VMs leave a group needs to know.
#[derive(Debug)]
pub struct RemoveMemberFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs: the VMs stay untouched there.
    pub primary: Known<'a>,
    /// The other site.
    pub other: Known<'a>,
    /// The members: by name, by the id of the VM at either site, or by lineage.
    pub servers: &'a [String],
}

/// Plans that VMs leave a group: what protector made of them at the other site goes, the VMs stay where they run. It needs
/// nothing of the VMs themselves, which may be gone.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_remove_member(facts: &RemoveMemberFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (members, mut findings) = chosen(facts);
    let site = &facts.other.site.site;
    let removal = Removal { group, site, other: Some(facts.other), members };
    findings.extend(removal.findings());
    if !findings.is_empty() {
        return Ok(Planned::refused(findings, Vec::new()));
    }
    let (primary, other) = (&facts.primary.site.site, &facts.other.site.site);
    let mut plan = PlanBuilder::new(
        OperationType::RemoveMember,
        group.id,
        &group.name,
        (primary.clone(), other.clone()),
        group.epoch,
        // What is half removed at the other site is not made again.
        Recovery::ForwardOnly,
    );
    let marked = plan.add(
        record_group(
            "record_group/updating",
            "record that the group's members change",
            &json!({"status": GroupStatus::Updating}),
            &json!({"status": group.status}),
        )
        .at(other),
    );
    let servers_gone = removal.servers(&mut plan, &marked);
    let mut left: Vec<StepId> = vec![marked.clone()];
    for known in [facts.primary, facts.other] {
        let volumes = volumes_at(&removal, &known.site.site);
        let step = leave(group, known, |id| volumes.contains(id));
        left.extend(step.map(|step| plan.add(step.after([&marked]).after(&servers_gone))));
    }
    let mut last = removal.twins(&mut plan, &left);
    last.extend(left);
    for site in [primary, other] {
        let forgotten = removal.marks(&mut plan, site, &last);
        last.extend(forgotten);
    }
    for member in &removal.members {
        let step = forget_definition(other, member).after([&marked]);
        last.push(plan.add(step));
    }
    let mut remaining = group.clone();
    remaining.members.retain(|lineage, _| !removal.members.iter().any(|member| member.lineage == *lineage));
    let settled = remaining.settled_status();
    let gone: BTreeMap<String, Value> =
        removal.members.iter().map(|member| (member.lineage.to_string(), Value::Null)).collect();
    plan.add(
        record_group(
            &format!("record_group/{settled}"),
            "record the members that remain",
            &json!({"status": settled, "members": gone}),
            &json!({}),
        )
        .at(other)
        .after(&last),
    );
    Ok(Planned::ready(plan.build()?))
}

fn volumes_at<'a>(removal: &Removal<'a>, site: &SiteName) -> BTreeSet<&'a VolumeId> {
    let volumes = removal.members.iter().flat_map(|member| &member.volumes);
    volumes.filter_map(|volume| volume.sites.get(site)).map(|volume| &volume.volume_id).collect()
}

/// The members that are meant, and what is wrong with names that fit none or several.
fn chosen<'a>(facts: &RemoveMemberFacts<'a>) -> (Vec<&'a Member>, Vec<Finding>) {
    let group = facts.group;
    let site = &facts.primary.site.site;
    let mut chosen: BTreeMap<LineageId, &Member> = BTreeMap::new();
    let mut findings = Vec::new();
    for wanted in facts.servers {
        let by_id = |member: &&Member| {
            member.lineage.to_string() == *wanted
                || member.servers.values().any(|server| server.as_str() == wanted)
        };
        let mut found: Vec<&Member> = group.members.values().filter(by_id).collect();
        if found.is_empty() {
            found = group.members.values().filter(|member| member.name == *wanted).collect();
        }
        let (message, remedy) = match found.as_slice() {
            [member] => {
                chosen.insert(member.lineage, member);
                continue;
            }
            [] => ("the group has no member of this name or id", "name one of its members"),
            _ => ("more than one member has this name", "use the server's id instead"),
        };
        let subject = format!("server {wanted}");
        findings.push(Finding::new(FindingCode::ServerMissing, site, subject, message, remedy));
    }
    if facts.servers.is_empty() {
        findings.push(Finding::new(
            FindingCode::ServerMissing,
            site,
            format!("group {}", group.name),
            "no server is named that is to leave it",
            "name one or more of its members",
        ));
    }
    if chosen.len() == group.members.len() {
        findings.push(Finding::new(
            FindingCode::LastMember,
            site,
            format!("group {}", group.name),
            "no VM would be left in it",
            "end the protection of the group with `unprotect`",
        ));
    }
    (chosen.into_values().collect(), findings)
}
