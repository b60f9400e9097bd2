//! Rebuilds. Source: nova/api/openstack/compute/servers.py (`_rebuild`), nova/compute/api.py (`rebuild`).

use super::states::power;
use super::transitions::{Transition, check_lock, check_state, start};
use super::update;
use super::view::{self, Parts};
use super::{Server, VmState, create, metadata, named, request};
use crate::cloud::{Call, Fault, Reply, ServiceKind};
use crate::compute::schema::{check_body, text, types};
use crate::compute::{keypairs, neighbours};
use http::header;
use serde_json::{Value, json};

const REBUILD: Transition = Transition {
    name: "rebuild",
    action: "rebuild",
    from: &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended, VmState::Error],
    task: "rebuilding",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-rebuilt",
    usual: 1.5,
};

fn schema(call: &Call<'_, '_>) -> Value {
    let mut properties = update::common(call);
    for (name, schema) in [
        ("imageRef", types::uuid()),
        ("adminPass", json!({"type": "string"})),
        ("metadata", types::metadata()),
        ("preserve_ephemeral", types::boolean()),
    ] {
        properties.insert(name.to_owned(), schema);
    }
    if call.since(2, 54) {
        let name = json!({"oneOf": [{"type": "string", "minLength": 1, "maxLength": 255}, {"type": "null"}]});
        properties.insert("key_name".to_owned(), name);
    }
    if call.since(2, 57) {
        let data = json!({"type": ["string", "null"], "format": "base64", "maxLength": 65535});
        properties.insert("user_data".to_owned(), data);
    } else {
        properties.insert("personality".to_owned(), json!({"type": "array"}));
    }
    if call.since(2, 63) {
        properties.insert("trusted_image_certificates".to_owned(), request::trusted_certificates());
    }
    types::body("rebuild", types::object(Value::Object(properties), &["imageRef"]))
}

pub(super) fn rebuild(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    check_body(call, &schema(call))?;
    let given = call.body.get("rebuild").cloned().unwrap_or_default();
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, REBUILD.name, REBUILD.from)?;
    let image_id = text(given.get("imageRef")).unwrap_or_default();
    let image = neighbours::image(call, &image_id)?
        .ok_or_else(|| Fault::bad_request("Cannot find image for rebuild"))?;
    if server.is_volume_backed() && server.image.as_ref() != Some(&image_id) && !call.since(2, 93) {
        return Err(Fault::bad_request(
            "Unable to rebuild with a different image for a volume-backed server.",
        ));
    }
    if let Some(name) = text(given.get("key_name"))
        && keypairs::find(call, &call.caller.user.clone(), &name)?.is_none()
    {
        return Err(Fault::bad_request("Invalid key_name provided."));
    }
    update::take(call, &mut server, &given);
    if !server.is_volume_backed() {
        server.image = Some(image.id);
        server.image_properties = image.properties;
    }
    if given.get("metadata").is_some() {
        server.metadata = metadata::texts(given.get("metadata"));
        metadata::check_count(call, server.metadata.len())?;
    }
    if let Some(name) = given.get("key_name") {
        server.key_name = text(Some(name));
    }
    if let Some(data) = given.get("user_data").filter(|_| call.since(2, 57)) {
        server.user_data = text(Some(data));
    }
    if given.get("trusted_image_certificates").is_some() {
        server.trusted_certificates = create::certificates(&given);
    }
    begin(call, &mut server)?;
    let all = call.since(2, 75);
    let parts = Parts { extended: all, keypair: call.since(2, 54), user_data: false, group: true };
    let mut view = view::full(call, &server, parts)?;
    let password = match text(given.get("adminPass")) {
        Some(password) => password,
        None => create::generated(call, 12)?,
    };
    if let Some(view) = view.as_object_mut() {
        view.insert("adminPass".to_owned(), json!(password));
        if call.since(2, 57) {
            view.insert("user_data".to_owned(), json!(server.user_data));
        }
    }
    let url = call.site.url(ServiceKind::Compute);
    let location = format!("{url}/v2.1/servers/{}", server.id);
    Ok(Reply::accepted(json!({"server": view})).and(header::LOCATION, &location))
}

/// A stopped server is stopped again afterwards.
fn begin(call: &mut Call<'_, '_>, server: &mut Server) -> Result<(), Fault> {
    if server.vm_state == VmState::Stopped {
        return start(call, server, &Transition { to: VmState::Stopped, power: power::SHUT_DOWN, ..REBUILD });
    }
    server.fault = None;
    start(call, server, &REBUILD)
}

/// Built again on another host, and stopped there from 2.95 on.
pub(super) fn evacuate(call: &mut Call<'_, '_>, server: &mut Server) -> Result<(), Fault> {
    check_lock(call, server)?;
    check_state(server, "evacuate", &[VmState::Active, VmState::Stopped, VmState::Error])?;
    let stopped = server.vm_state == VmState::Stopped || call.since(2, 95);
    let (to, power) =
        if stopped { (VmState::Stopped, power::SHUT_DOWN) } else { (VmState::Active, power::RUNNING) };
    start(call, server, &Transition { name: "evacuate", action: "evacuate", to, power, ..REBUILD })
}
