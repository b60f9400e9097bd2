use crate::engine::{OperationState, PlannedStep};
use crate::id::{OperationId, SiteName};
use crate::operations::MadeObject;
use serde_json::Value;

/// What an operation made and removed, as its journal has it.
pub(super) fn account(objects: &mut Vec<MadeObject>, operation: OperationId, state: &OperationState) {
    for step in &state.plan().steps {
        // What failed or is under way may have been made, too; its name is known before its id.
        let begun = state.is_touched(&step.id);
        let Some(site) = step.site.as_ref().filter(|_| begun) else { continue };
        let output = state.outputs().get(&step.id).unwrap_or(&Value::Null);
        let input =
            crate::engine::Plan::resolve(step, state.outputs()).unwrap_or_else(|_| step.input.clone());
        objects.extend(made(operation, site, step, &input, output));
        removed(objects, site, step, &input);
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
    let snapshot = |name: &str| {
        let (group, point) = (text(input, "/group"), text(input, name));
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
        "create_port" => vec![object("port", text(output, "/port_id"), text(input, "/port/name"))],
        "create_server" => vec![object("server", text(output, "/server_id"), text(input, "/server/name"))],
        "import_keypair" => vec![object("keypair", text(input, "/name"), text(input, "/name"))],
        "create_server_group" => {
            vec![object("server_group", text(output, "/server_group_id"), text(input, "/name"))]
        }
        "replicate_now" => vec![object("recovery_point", snapshot("/point"), snapshot("/point"))],
        "safety_snapshot" => vec![object("safety_snapshot", snapshot("/name"), snapshot("/name"))],
        _ => Vec::new(),
    }
}

fn removed(objects: &mut Vec<MadeObject>, site: &SiteName, step: &PlannedStep, input: &Value) {
    let (kind, id) = match step.kind.as_str() {
        "delete_server" => ("server", text(input, "/server_id")),
        "delete_port" => ("port", text(input, "/port_id")),
        "remove_twin" => ("volume", text(input, "/volume_id")),
        "delete_consistency_group" => ("consistency_group", text(input, "/group_id")),
        "delete_keypair" => ("keypair", text(input, "/name")),
        "delete_server_group" => ("server_group", text(input, "/server_group_id")),
        _ => return,
    };
    if let Some(id) = id {
        objects.retain(|object| object.site != *site || object.kind != kind || object.id != id);
    }
}
