//! Groups and plans as JSON documents.

use protector_core::domain::{ProtectionGroup, possible};
use protector_core::operations::Planned;
use serde_json::{Map, Value, json};

/// A group with what users look for first, its members as a list, and what is possible with it.
pub fn group(group: &ProtectionGroup) -> Value {
    let mut document = json!(group);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("consistency_group_id".to_owned(), json!(group.consistency_group_id()));
        fields.insert("possible".to_owned(), json!(possible(group)));
        let members = group.members.values().map(|member| {
            let sites = [&group.primary_site, &group.secondary_site].into_iter().map(|site| {
                let ports: Vec<_> = member.ports.iter().filter_map(|port| port.sites.get(site)).collect();
                (site.to_string(), json!({"server_id": member.servers.get(site), "ports": ports}))
            });
            json!({"name": member.name, "lineage": member.lineage, "order": member.order,
                "sites": sites.collect::<Map<_, _>>(), "volumes": member.volumes, "absent": member.absent})
        });
        fields.insert("members".to_owned(), members.collect());
    }
    document
}

/// What planning came to.
pub fn planned(planned: &Planned) -> Value {
    let plan = planned.plan.as_ref().map(|plan| {
        let steps = plan.steps.iter().map(|step| {
            json!({"id": step.id, "kind": step.kind, "site": step.site, "title": step.title,
                "after": step.after, "calls": step.calls, "revert": step.revert, "optional": step.optional})
        });
        json!({"hash": plan.hash(), "operation_type": plan.operation_type, "group_name": plan.group_name,
            "source_site": plan.source_site, "target_site": plan.target_site,
            "recovery": plan.recovery, "steps": steps.collect::<Value>()})
    });
    json!({"plan": plan, "findings": planned.findings, "warnings": planned.warnings, "loss": planned.loss,
        "replication": planned.replication})
}
