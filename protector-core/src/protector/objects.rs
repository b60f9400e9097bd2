use crate::engine::{OperationState, Plan, PlannedStep, StepState};
use crate::id::{OperationId, SiteName};
use crate::operations::MadeObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an operation did to what protector made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// It made something.
    Made(MadeObject),
    /// It removed something.
    Removed {
        /// Where.
        site: SiteName,
        /// What.
        kind: String,
        /// Its id there.
        id: String,
    },
}

/// What an operation made and removed, in the order of its plan, as its journal has it.
pub(super) fn changes(operation: OperationId, state: &OperationState) -> Vec<Change> {
    let mut changes = Vec::new();
    for step in &state.plan().steps {
        // What failed or is under way may have been made, too; its name is known before its id.
        let begun = state.is_touched(&step.id);
        let Some(site) = step.site.as_ref().filter(|_| begun) else { continue };
        let output = state.output(&step.id).unwrap_or_default();
        let input = Plan::resolve(step, &|step| state.output(step)).unwrap_or_else(|_| step.input.value());
        changes.extend(made(operation, site, step, &input, &output).into_iter().map(Change::Made));
        // What may have been removed may be there, too.
        if matches!(state.step(&step.id), Some(StepState::Done)) {
            changes.extend(removed(site, step, &input));
        }
    }
    changes
}

/// What there is after an operation's changes.
pub(super) fn apply(objects: &mut Vec<MadeObject>, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Made(object) => objects.push(object.clone()),
            Change::Removed { site, kind, id } => {
                // A point of the site's own group is discarded as its safety snapshots are.
                let is_point =
                    |object: &MadeObject| kind == "safety_snapshot" && object.kind == "recovery_point";
                objects.retain(|object| {
                    object.site != *site || object.id != *id || (object.kind != *kind && !is_point(object))
                });
            }
        }
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn made(
    operation_id: OperationId,
    site: &SiteName,
    step: &PlannedStep,
    input: &Value,
    output: &Value,
) -> Vec<MadeObject> {
    let object = |kind: &str, id: Option<String>, name: Option<String>| {
        let name = name.unwrap_or_default();
        MadeObject {
            site: site.clone(),
            kind: kind.to_owned(),
            id: id.unwrap_or_else(|| name.clone()),
            name,
            operation_id,
        }
    };
    let snapshot = |group: &str, name: &str| {
        let (group, point) = (text(input, group), text(input, name));
        group.zip(point).map(|(group, point)| format!("{group}.{point}"))
    };
    match step.kind.as_str() {
        "create_consistency_group" => vec![
            object("consistency_group", text(output, "/group_id"), text(input, "/group/name")),
            object("storage_group", text(output, "/storage_group"), text(output, "/storage_group")),
        ],
        "create_twin" => vec![
            object("volume", text(output, "/volume_id"), text(input, "/volume/name")),
            object("array_volume", text(output, "/array_volume_id"), text(output, "/array_volume_name")),
        ],
        "create_port" | "create_test_port" => {
            vec![object("port", text(output, "/port_id"), text(input, "/port/name"))]
        }
        "create_test_floating_ip" => {
            vec![object("floating_ip", text(output, "/floating_ip_id"), text(output, "/address"))]
        }
        "create_server" | "create_test_server" => {
            vec![object("server", text(output, "/server_id"), text(input, "/server/name"))]
        }
        "import_keypair" if output.get("imported") == Some(&Value::Bool(false)) => Vec::new(),
        "import_keypair" => vec![object("keypair", text(input, "/name"), text(input, "/name"))],
        "create_server_group" => {
            vec![object("server_group", text(output, "/server_group_id"), text(input, "/name"))]
        }
        "create_test_volume" => {
            vec![object("volume", text(output, "/volume_id"), text(input, "/volume/name"))]
        }
        "create_test_network" => vec![object("network", text(output, "/network_id"), text(input, "/name"))],
        // The point as the target has it, which is discarded for itself.
        "await_point" => {
            let arrived = snapshot("/origin/group", "/point");
            let replica =
                text(input, "/origin/array").zip(arrived).map(|(array, point)| format!("{array}:{point}"));
            vec![object("recovery_point", replica.clone(), replica)]
        }
        "replicate_now" => {
            vec![object("recovery_point", snapshot("/group", "/point"), snapshot("/group", "/point"))]
        }
        "safety_snapshot" => {
            vec![object("safety_snapshot", snapshot("/group", "/name"), snapshot("/group", "/name"))]
        }
        _ => Vec::new(),
    }
}

fn removed(site: &SiteName, step: &PlannedStep, input: &Value) -> Option<Change> {
    let (kind, id) = match step.kind.as_str() {
        "delete_server" | "delete_test_server" => ("server", text(input, "/server_id")),
        "delete_port" | "delete_test_port" => ("port", text(input, "/port_id")),
        "remove_twin" | "delete_test_volume" | "remove_leftover_twin" => {
            ("volume", text(input, "/volume_id"))
        }
        "delete_test_floating_ip" => ("floating_ip", text(input, "/floating_ip_id")),
        "delete_test_network" => ("network", text(input, "/network_id")),
        "delete_consistency_group" => ("consistency_group", text(input, "/group_id")),
        "discard_point" => {
            let name = text(input, "/group").zip(text(input, "/point"));
            ("safety_snapshot", name.map(|(group, point)| format!("{group}.{point}")))
        }
        "delete_keypair" => ("keypair", text(input, "/name")),
        "delete_server_group" => ("server_group", text(input, "/server_group_id")),
        _ => return None,
    };
    Some(Change::Removed { site: site.clone(), kind: kind.to_owned(), id: id? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OperationType;
    use crate::engine::{Event, PlanBuilder, Recovery, StepBuilder};
    use crate::id::{GroupId, StepId};
    use serde_json::json;
    use std::sync::Arc;
    use uuid::Uuid;

    fn names(objects: &[MadeObject]) -> Vec<(&str, &str)> {
        objects.iter().map(|object| (object.site.as_str(), object.name.as_str())).collect()
    }

    #[test]
    fn a_point_is_there_on_each_array_until_it_is_discarded_on_that_one() {
        let mut plan = PlanBuilder::new(
            OperationType::Failover,
            GroupId::new(Uuid::nil()),
            "web",
            ("site-a".into(), "site-b".into()),
            1,
            Recovery::RollBack,
        );
        let made = StepBuilder::new("replicate_now", "replicate_now", "make the point");
        let made = plan
            .add(made.at(&"site-a".into()).input(json!({"array": "array-a", "group": "g", "point": "p"})));
        let input = json!({"array": "array-b", "origin": {"array": "array-a", "group": "g"}, "point": "p"});
        let arrived = StepBuilder::new("await_point", "await_point", "see it arrive");
        let arrived = plan.add(arrived.at(&"site-b".into()).merely_after([&made]).input(input));
        let mut state = OperationState::new(Arc::new(plan.build().unwrap()));
        let operation = OperationId::new(Uuid::nil());
        let objects = |state: &OperationState| {
            let mut objects = Vec::new();
            apply(&mut objects, &changes(operation, state));
            objects
        };
        let done = |step: &StepId| {
            [
                Event::StepIntended { step: step.clone() },
                Event::StepDone { step: step.clone(), output: json!({}) },
            ]
        };
        state.apply(&Event::Started { term: 1, holder: "test".to_owned() }).unwrap();
        for event in [done(&made), done(&arrived)].concat() {
            state.apply(&event).unwrap();
        }
        assert_eq!(names(&objects(&state)), [("site-a", "g.p"), ("site-b", "array-a:g.p")]);
        for event in [
            Event::RollbackBegun { reason: "it is broken".to_owned() },
            Event::RevertIntended { step: made.clone() },
            Event::RevertDone { step: made },
        ] {
            state.apply(&event).unwrap();
        }
        assert_eq!(names(&objects(&state)), [("site-b", "array-a:g.p")]);
    }
}
