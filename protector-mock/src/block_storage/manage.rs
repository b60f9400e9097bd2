//! `manageable_volumes`: volumes of the array that Cinder does not know. Sources: `cinder/api/contrib/volume_manage.py`,
//! `cinder/api/v3/resource_common_manage.py`, `cinder/volume/api.py` (`manage_existing`), `pure.py` (2026.2).

use super::access::since;
use super::driver;
use super::faults::{invalid_input, invalid_type, invalid_volume};
use super::input::{Field, Kind, read};
use super::listing::{Page, SortKey};
use super::setup::Backend;
use super::volumes::{self, Source, Volume, create as made};
use super::{setup, timing, types};
use crate::cloud::{Call, Fault, Reply, Route};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = routes![
    GET "/manageable_volumes" => list,
    GET "/manageable_volumes/detail" => detail,
    POST "/manageable_volumes" => create,
    GET "/os-volume-manage" => list,
    GET "/os-volume-manage/detail" => detail,
    POST "/os-volume-manage" => create,
];

/// The backend of a host, which is named with or without its pool.
fn backend(call: &Call<'_, '_>, host: &str) -> Result<Backend, Fault> {
    let found = setup::backend(call.transaction, &call.scope())?;
    if host.split('#').next() != Some(found.host.as_str()) {
        return Err(Fault::not_found(format!("Service cinder-volume could not be found on host {host}.")));
    }
    if found.disabled {
        return Err(Fault::bad_request("Service is unavailable at this time."));
    }
    Ok(found)
}

fn listed(call: &mut Call<'_, '_>, whole: bool) -> Result<Reply, Fault> {
    if call.path.contains("manageable_volumes") {
        since(call, 8)?;
    }
    call.require_admin("volume_extension:list_manageable")?;
    let host = call.query.get("host").unwrap_or_default().to_owned();
    if host.is_empty() {
        let what = if call.since(3, 17) {
            "One and only one of cluster and host must be set."
        } else {
            "Host field is missing."
        };
        return Err(invalid_input(what));
    }
    let backend = backend(call, &host)?;
    let page = Page::by_default(call, "reference")?;
    let all = driver::listed(call.transaction, &backend, &call.scope())?;
    let key = |found: &driver::import::Manageable, name: &str| match name {
        "reference" => Some(SortKey::from(found.name.as_str())),
        "size" => Some(found.size.into()),
        _ => None,
    };
    let absent = |marker: &str| invalid_input(format!("marker not found: {marker}"));
    let shown = page.cut(all, |found| &found.name, key, absent)?;
    let views: Vec<Value> = shown
        .iter()
        .map(|found| {
            let mut told = json!({
                "reference": {"name": found.name},
                "size": found.size,
                "safe_to_manage": found.reason.is_empty(),
            });
            if let (true, Some(told)) = (whole, told.as_object_mut()) {
                told.insert("reason_not_safe".to_owned(), json!(found.reason));
                told.insert("cinder_id".to_owned(), json!(found.cinder_id));
                told.insert("extra_info".to_owned(), Value::Null);
            }
            told
        })
        .collect();
    Ok(Reply::ok(json!({"manageable-volumes": views})))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, false)
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, true)
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_manage")?;
    let fields = read(
        &call.body,
        "volume",
        &[
            Field("description", Kind::Text, false),
            Field("availability_zone", Kind::Text, false),
            Field("bootable", Kind::Boolean, false),
            Field("volume_type", Kind::Text, false),
            Field("name", Kind::Text, false),
            Field("host", Kind::Text, false),
            Field("cluster", Kind::Text, false),
            Field("ref", Kind::Any, true),
            Field("metadata", Kind::Texts(true), false),
        ],
    )?;
    let host = fields.text("host").filter(|host| !host.is_empty());
    let Some(host) = host else {
        let what = if call.since(3, 16) {
            "One and only one of cluster and host must be set."
        } else {
            "Host field is missing."
        };
        return Err(invalid_input(what));
    };
    let scope = call.scope();
    if let Some(asked) = fields.text("volume_type").filter(|asked| !asked.is_empty()) {
        let found = types::find(call.transaction, &scope, &asked, None).map_err(|fault| {
            if fault.source.is_some() {
                fault
            } else {
                invalid_type(format!("Cannot find requested '{asked}' volume type"))
            }
        })?;
        if found.encryption.is_some() {
            return Err(invalid_type("Managing to an encrypted volume type is not supported."));
        }
    }
    let existing = fields.value("ref").and_then(|found| found.get("source-name").and_then(Value::as_str));
    let existing = existing.unwrap_or_default().to_owned();
    let known = existing.strip_prefix("volume-").map(|rest| rest.trim_end_matches("-cinder"));
    if let Some(id) = known
        && call.transaction.get::<Volume>(&scope, id)?.is_some()
    {
        return Err(invalid_volume("Unable to manage existing volume. The volume is already managed"));
    }
    let backend = backend(call, &host).map_err(|fault| {
        if fault.status == StatusCode::NOT_FOUND {
            Fault::bad_request(format!("Host '{host}' not found"))
        } else {
            fault
        }
    })?;
    let new = made::NewVolume {
        project: call.caller.project.clone(),
        user: call.caller.user.clone(),
        name: fields.text("name"),
        description: fields.text("description"),
        size: Some(0),
        volume_type: fields.text("volume_type").filter(|asked| !asked.is_empty()),
        source: Source::Existing(existing),
        zone: fields.text("availability_zone").filter(|zone| !zone.is_empty()),
        metadata: fields.texts("metadata"),
        group: None,
    };
    let mut volume = made::make(call.transaction, &scope, new)?;
    "managing".clone_into(&mut volume.status);
    volume.bootable = fields.flag("bootable").unwrap_or(false);
    volume.host = Some(if host.contains('#') { host } else { backend.pool() });
    volumes::put(call.transaction, &scope, &mut volume)?;
    timing::later(call.transaction, &scope, volumes::events::MANAGED, &volume.id, 0.3)?;
    let told = volumes::legacy_view(call, &volume)?;
    Ok(Reply::accepted(json!({"volume": told})))
}
