//! What is noted with a volume. Sources: `cinder/api/v3/volume_metadata.py`, `cinder/api/contrib/volume_image_metadata.py`,
//! `volume_encryption_metadata.py` (2026.2).

use super::{Volume, of_call, put};
use crate::block_storage::access::member;
use crate::block_storage::faults::invalid_volume;
use crate::block_storage::input::{Field, Kind, read, unwrap};
use crate::block_storage::types;
use crate::cloud::{Call, Fault, Reply};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn absent(volume: &str, key: &str) -> Fault {
    Fault::not_found(format!("Volume {volume} has no metadata with key {key}."))
}

/// The texts under `wrapper`.
fn given(body: &Value, wrapper: &str) -> Result<BTreeMap<String, String>, Fault> {
    let value = unwrap(body, wrapper)?.clone();
    read(
        &json!({"body": {wrapper: value}}),
        "body",
        &[Field("metadata", Kind::Texts(false), false), Field("meta", Kind::Texts(false), false)],
    )
    .map(|fields| fields.texts(wrapper))
}

fn change(
    call: &mut Call<'_, '_>,
    action: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Fault>,
) -> Result<Volume, Fault> {
    let mut found = of_call(call)?;
    member(call, "volume:update_volume_metadata")?;
    if found.is(&["maintenance", "uploading"]) {
        return Err(invalid_volume(format!(
            "Updating volume metadata is not allowed for volumes in {} status.",
            found.status
        )));
    }
    action(&mut found.metadata)?;
    let scope = call.scope();
    put(call.transaction, &scope, &mut found)?;
    Ok(found)
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"metadata": of_call(call)?.metadata})))
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let new = given(&call.body, "metadata")?;
    let changed = change(call, |metadata| {
        metadata.extend(new);
        Ok(())
    })?;
    Ok(Reply::ok(json!({"metadata": changed.metadata})))
}

pub(super) fn replace(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let new = given(&call.body, "metadata")?;
    let changed = change(call, |metadata| {
        *metadata = new;
        Ok(())
    })?;
    Ok(Reply::ok(json!({"metadata": changed.metadata})))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    let key = call.parameter("key");
    match found.metadata.get(key) {
        Some(value) => Ok(Reply::ok(json!({"meta": {key: value}}))),
        None => Err(absent(&found.id, key)),
    }
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let new = given(&call.body, "meta")?;
    if !new.contains_key(call.parameter("key")) {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    if new.len() > 1 {
        return Err(Fault::bad_request("Request body contains too many items"));
    }
    let told = json!({"meta": new});
    change(call, |metadata| {
        metadata.extend(new);
        Ok(())
    })?;
    Ok(Reply::ok(told))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let (id, key) = (call.parameter("id").to_owned(), call.parameter("key").to_owned());
    change(call, |metadata| metadata.remove(&key).map(drop).ok_or_else(|| absent(&id, &key)))?;
    Ok(Reply::bare(StatusCode::OK))
}

/// `os-set_image_metadata`, `os-show_image_metadata`, `os-unset_image_metadata`.
pub(super) fn of_image(call: &mut Call<'_, '_>, action: &str) -> Result<Reply, Fault> {
    let mut found = of_call(call)?;
    match action {
        "os-set_image_metadata" => {
            member(call, "volume_extension:volume_image_metadata:set")?;
            let fields = read(&call.body, action, &[Field("metadata", Kind::Texts(false), true)])?;
            found.image_metadata.extend(fields.texts("metadata"));
        }
        "os-unset_image_metadata" => {
            member(call, "volume_extension:volume_image_metadata:remove")?;
            let fields = read(&call.body, action, &[Field("key", Kind::Word, true)])?;
            if found.image_metadata.remove(&fields.text("key").unwrap_or_default()).is_none() {
                let sentence = format!("Glance metadata for volume/snapshot {} cannot be found.", found.id);
                return Err(Fault::not_found(sentence));
            }
            let scope = call.scope();
            put(call.transaction, &scope, &mut found)?;
            return Ok(Reply::bare(StatusCode::OK));
        }
        _ => return Ok(Reply::ok(json!({"metadata": found.image_metadata}))),
    }
    let scope = call.scope();
    put(call.transaction, &scope, &mut found)?;
    Ok(Reply::ok(json!({"metadata": found.image_metadata})))
}

fn told_of_encryption(call: &Call<'_, '_>) -> Result<Value, Fault> {
    let found = of_call(call)?;
    let volume_type = types::get(call.transaction, &call.scope(), &found.type_id)?;
    Ok(match (&found.encryption_key_id, &volume_type.encryption) {
        (Some(key), Some(encryption)) => encryption.for_volume(key),
        _ => json!({"encryption_key_id": null}),
    })
}

pub(super) fn encryption(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(told_of_encryption(call)?))
}

pub(super) fn encryption_key(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let key = call.parameter("key");
    let told = told_of_encryption(call)?;
    let value = told.get(key).cloned().unwrap_or_default();
    Ok(Reply::ok(json!({key: value})))
}
