use crate::arguments::Format;
use comfy_table::Table;
use protector_core::domain::{Finding, ProtectionGroup};
use protector_core::error::{Coded, chain};
use protector_core::operations::Planned;
use protector_core::protector::{Error, OperationReport, OperationView, Status};
use serde_json::{Value, json};

/// Exit codes.
pub(crate) mod exit {
    /// All was done.
    pub(crate) const DONE: u8 = 0;
    /// Anything that has no code of its own.
    pub(crate) const FAILED: u8 = 1;
    /// The command line, the configuration, or a name in it.
    pub(crate) const USAGE: u8 = 2;
    /// Refused by findings; nothing was changed.
    pub(crate) const REFUSED: u8 = 3;
    /// Failed and rolled back.
    pub(crate) const ROLLED_BACK: u8 = 4;
    /// Stopped unfinished: `resume` continues.
    pub(crate) const UNFINISHED: u8 = 5;
}

/// Shows results to a person, or to a program as one JSON document.
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    fn json(&self, document: &Value) -> bool {
        let is_json = self.format == Format::Json;
        if is_json {
            println!("{document:#}");
        }
        is_json
    }

    pub(crate) fn message(&self, text: &str) {
        if !self.json(&json!({"error": {"code": "usage", "message": text, "hint": ""}})) {
            eprintln!("{text}");
        }
    }

    pub(crate) fn error(&self, error: &Error) {
        let (findings, warnings) = match error {
            Error::Refused { findings, warnings, .. } => (findings.as_slice(), warnings.as_slice()),
            _ => (&[] as &[Finding], &[] as &[Finding]),
        };
        let message = chain(error);
        let code = error.code();
        let document = json!({"error": {"code": code, "message": message, "hint": code.hint()},
            "findings": findings, "warnings": warnings});
        self.json(&document);
        eprintln!("{message}");
        for finding in findings {
            eprintln!("  {finding}");
        }
        for warning in warnings {
            eprintln!("  note: {warning}");
        }
        eprintln!("{}", code.hint());
    }

    pub(crate) fn plan(&self, planned: &Planned) {
        let plan = planned.plan.as_ref().map(|plan| {
            let steps: Vec<Value> = plan
                .steps
                .iter()
                .map(|step| {
                    json!({"id": step.id, "kind": step.kind, "site": step.site, "title": step.title,
                        "after": step.after, "calls": step.calls, "revert": step.revert})
                })
                .collect();
            json!({"hash": plan.hash(), "operation_type": plan.operation_type, "steps": steps})
        });
        let document = json!({"plan": plan, "findings": planned.findings, "warnings": planned.warnings,
            "replication": planned.replication});
        if self.json(&document) {
            return;
        }
        if let Some(plan) = &planned.plan {
            println!("{plan}");
            if let Some(forecast) = &planned.replication {
                println!("the last replication sends {forecast}");
            }
            return;
        }
        println!("refused: nothing was changed");
        for finding in &planned.findings {
            println!("  {finding}");
        }
    }

    pub(crate) fn report(&self, report: &OperationReport, warnings: &[Finding]) {
        let group = report.group.as_ref().map(group_document);
        let document = json!({"operation": report.operation, "group": group,
            "findings": [], "warnings": warnings});
        if self.json(&document) {
            return;
        }
        println!("{}", operation_table(&report.operation));
        if let Some(group) = &report.group {
            println!("{}", group_table(group));
        }
        for warning in warnings {
            println!("note: {warning}");
        }
        if report.left.is_some() {
            println!("the operation is unfinished: `resume` continues it");
        }
    }

    pub(crate) fn status(&self, status: &Status) {
        let groups: Vec<Value> = status.groups.iter().map(group_document).collect();
        let document = json!({"groups": groups, "operations": status.operations, "objects": status.objects});
        if self.json(&document) {
            return;
        }
        if status.groups.is_empty() {
            println!("there is no Protection Group");
        }
        for group in &status.groups {
            println!("{}", group_table(group));
        }
        for operation in status.operations.iter().filter(|operation| !operation.status.is_end()) {
            println!("{}", operation_table(operation));
        }
    }
}

/// A group with what users look for first, and its members as a list.
fn group_document(group: &ProtectionGroup) -> Value {
    let mut document = json!(group);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("consistency_group_id".to_owned(), json!(group.consistency_group_id()));
        let members: Vec<Value> = group
            .members
            .values()
            .map(|member| {
                let sites: serde_json::Map<String, Value> = [&group.primary_site, &group.secondary_site]
                    .into_iter()
                    .map(|site| {
                        let ports: Vec<_> =
                            member.ports.iter().filter_map(|port| port.sites.get(site)).collect();
                        (site.to_string(), json!({"server_id": member.servers.get(site), "ports": ports}))
                    })
                    .collect();
                json!({"name": member.name, "lineage": member.lineage, "order": member.order, "sites": sites,
                    "volumes": member.volumes})
            })
            .collect();
        fields.insert("members".to_owned(), Value::Array(members));
    }
    document
}

fn table(rows: &[(&str, String)]) -> Table {
    let mut table = Table::new();
    table.set_header(["Field", "Value"]);
    for (field, value) in rows {
        table.add_row([*field, value.as_str()]);
    }
    table
}

fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| value.to_string())
}

fn group_table(group: &ProtectionGroup) -> Table {
    table(&[
        ("id", group.id.to_string()),
        ("name", group.name.clone()),
        ("status", group.status.to_string()),
        ("replication_type", group.replication_type.to_string()),
        ("primary_site", group.primary_site.to_string()),
        ("secondary_site", group.secondary_site.to_string()),
        ("current_primary_site", group.current_primary_site.to_string()),
        ("consistency_group_id", or_none(group.consistency_group_id())),
        ("failover_count", group.failover_count.to_string()),
        ("last_failover_at", or_none(group.last_failover_at)),
    ])
}

fn operation_table(operation: &OperationView) -> Table {
    let names = |steps: &[protector_core::id::StepId]| json!(steps).to_string();
    table(&[
        ("id", operation.id.to_string()),
        ("operation_type", operation.operation_type.to_string()),
        ("status", operation.status.to_string()),
        ("progress", operation.progress.to_string()),
        ("source_site", operation.source_site.to_string()),
        ("target_site", operation.target_site.to_string()),
        ("started_at", or_none(operation.started_at)),
        ("completed_at", or_none(operation.completed_at)),
        ("steps_completed", format!("{} steps", operation.steps_completed.len())),
        ("steps_failed", names(&operation.steps_failed)),
        ("steps_not_undone", names(&operation.steps_not_undone)),
        ("error_message", or_none(operation.error_message.as_ref())),
    ])
}
