use crate::arguments::Format;
use protector_cli::tables;
use protector_core::domain::Finding;
use protector_core::error::{Coded, chain};
use protector_core::faces::documents;
use protector_core::operations::Planned;
use protector_core::protector::{Error, OperationReport, Status};
use serde_json::{Value, json};

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
        let group = report.group.as_ref().map(documents::group);
        let document = json!({"operation": report.operation, "group": group,
            "findings": [], "warnings": warnings});
        if self.json(&document) {
            return;
        }
        println!("{}", tables::operation(&report.operation));
        if let Some(group) = &report.group {
            println!("{}", tables::group(group));
        }
        for warning in warnings {
            println!("note: {warning}");
        }
        if report.left.is_some() {
            println!("the operation is unfinished: `resume` continues it");
        }
    }

    pub(crate) fn status(&self, status: &Status) {
        let groups: Vec<Value> = status.groups.iter().map(documents::group).collect();
        let document = json!({"groups": groups, "operations": status.operations, "objects": status.objects});
        if self.json(&document) {
            return;
        }
        if status.groups.is_empty() {
            println!("there is no Protection Group");
        }
        for group in &status.groups {
            println!("{}", tables::group(group));
        }
        for operation in status.operations.iter().filter(|operation| !operation.status.is_end()) {
            println!("{}", tables::operation(operation));
        }
    }
}
