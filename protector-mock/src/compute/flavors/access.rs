//! Who may use a flavor that is not public. Source: nova/api/openstack/compute/flavor_access.py.

use super::{Flavor, find};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::schema::{check_body, patterns, types};
use serde_json::{Value, json};

fn answer(flavor: &Flavor) -> Reply {
    let access: Vec<Value> =
        flavor.projects.iter().map(|project| json!({"flavor_id": flavor.id, "tenant_id": project})).collect();
    Reply::ok(json!({"flavor_access": access}))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-flavor-access")?;
    let flavor = find(call, call.parameter("flavor"))?;
    if flavor.is_public {
        return Err(Fault::not_found("Access list not available for public flavors."));
    }
    Ok(answer(&flavor))
}

pub(super) fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let adds = call.body.get("addTenantAccess").is_some();
    if !adds && call.body.get("removeTenantAccess").is_none() {
        let names: Vec<&str> =
            call.body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        return Err(Fault::bad_request(match names.first() {
            Some(name) => format!("There is no such action: {name}"),
            None => "Malformed request body".to_owned(),
        }));
    }
    let (name, rule) = if adds {
        ("addTenantAccess", "os_compute_api:os-flavor-access:add_tenant_access")
    } else {
        ("removeTenantAccess", "os_compute_api:os-flavor-access:remove_tenant_access")
    };
    call.require_admin(rule)?;
    let tenant = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": patterns::REFERENCE});
    check_body(call, &types::body(name, types::object(json!({"tenant": tenant}), &["tenant"])))?;
    let project = call
        .body
        .get(name)
        .and_then(|body| body.get("tenant"))
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned();
    if adds {
        crate::compute::verify_project(call, &project)?;
    }
    let mut flavor = find(call, call.parameter("flavor"))?;
    let id = &flavor.id;
    if adds {
        if flavor.is_public && call.since(2, 7) {
            return Err(Fault::conflict("Can not add access to a public flavor."));
        }
        let sentence =
            format!("Flavor access already exists for flavor {id} and project {project} combination.");
        if !flavor.projects.insert(project) {
            return Err(Fault::conflict(sentence));
        }
    } else if !flavor.projects.remove(&project) {
        return Err(Fault::not_found(format!("Flavor access not found for {id} / {project} combination.")));
    }
    let scope = call.scope();
    call.transaction.put(&scope, &flavor)?;
    Ok(answer(&flavor))
}
