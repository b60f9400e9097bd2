//! How a type's volumes are encrypted. Source: `cinder/api/contrib/volume_type_encryption.py` (2026.2).

use super::requests::{in_use, of_call};
use crate::block_storage::input::{Field, Fields, Kind, read};
use crate::block_storage::listing::time;
use crate::cloud::{Call, Fault, Reply};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The encryption of a type.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Encryption {
    id: String,
    provider: String,
    cipher: Option<String>,
    key_size: Option<u64>,
    control_location: String,
    created: Timestamp,
    updated: Option<Timestamp>,
}

const FIELDS: [Field; 4] = [
    Field("key_size", Kind::Any, false),
    Field("provider", Kind::Word, false),
    Field("control_location", Kind::OneOf(&["front-end", "back-end"]), false),
    Field("cipher", Kind::Text, false),
];

fn view(call: &Call<'_, '_>) -> Result<Value, Fault> {
    let found = of_call(call)?;
    let Some(encryption) = &found.encryption else { return Ok(json!({})) };
    Ok(json!({
        "encryption_id": encryption.id,
        "volume_type_id": found.id,
        "provider": encryption.provider,
        "cipher": encryption.cipher,
        "key_size": encryption.key_size,
        "control_location": encryption.control_location,
        "created_at": time(encryption.created),
        "updated_at": encryption.updated.map(time),
        "deleted": false,
        "deleted_at": null,
    }))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_type_encryption:get")?;
    Ok(Reply::ok(view(call)?))
}

fn absent(id: &str) -> Fault {
    Fault::not_found(format!("Volume type encryption for type {id} does not exist."))
}

pub(super) fn show_one(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_type_encryption:get")?;
    let key = call.parameter("key");
    match view(call)?.get(key) {
        Some(value) => Ok(Reply::ok(json!({key: value}))),
        None => Err(absent(call.parameter("id"))),
    }
}

fn may(call: &Call<'_, '_>, what: &str) -> Result<(), Fault> {
    call.require_admin(&format!("volume_extension:volume_type_encryption:{what}"))?;
    if in_use(call, call.parameter("id"))? {
        return Err(Fault::bad_request(format!("Cannot {what} encryption specs. Volume type in use.")));
    }
    Ok(())
}

fn key_size(fields: &Fields) -> Result<Option<u64>, Fault> {
    match fields.value("key_size") {
        None => Ok(None),
        Some(_) => match fields.number("key_size") {
            Some(size) => Ok(Some(size)),
            None => Err(Fault::bad_request("key_size must be an integer")),
        },
    }
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may(call, "create")?;
    let fields = read(&call.body, "encryption", &FIELDS)?;
    for needed in ["provider", "control_location"] {
        if fields.value(needed).is_none() {
            return Err(Fault::bad_request(format!("'{needed}' is a required property")));
        }
    }
    let mut found = of_call(call)?;
    if found.encryption.is_some() {
        return Err(Fault::bad_request(format!(
            "Volume type encryption for type {} already exists.",
            found.id
        )));
    }
    found.encryption = Some(Encryption {
        id: call.transaction.new_uuid()?.to_string(),
        provider: fields.text("provider").unwrap_or_default(),
        cipher: fields.text("cipher"),
        key_size: key_size(&fields)?,
        control_location: fields.text("control_location").unwrap_or_default(),
        created: call.transaction.now(),
        updated: None,
    });
    let scope = call.scope();
    call.transaction.put(&scope, &found)?;
    // cinder/db/api.py: volume_type_encryption_create adds them to the body.
    let mut told = call.body.clone();
    if let Some(told) = told.get_mut("encryption").and_then(Value::as_object_mut) {
        let id = found.encryption.as_ref().map(|encryption| encryption.id.as_str());
        told.insert("encryption_id".to_owned(), json!(id));
        told.insert("volume_type_id".to_owned(), json!(found.id));
    }
    Ok(Reply::ok(told))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may(call, "update")?;
    let fields = read(&call.body, "encryption", &FIELDS)?;
    let mut found = of_call(call)?;
    let Some(encryption) = &mut found.encryption else { return Err(absent(call.parameter("id"))) };
    if let Some(provider) = fields.text("provider") {
        encryption.provider = provider;
    }
    if fields.has("cipher") {
        encryption.cipher = fields.text("cipher");
    }
    if fields.has("key_size") {
        encryption.key_size = key_size(&fields)?;
    }
    if let Some(location) = fields.text("control_location") {
        encryption.control_location = location;
    }
    encryption.updated = Some(call.transaction.now());
    let scope = call.scope();
    call.transaction.put(&scope, &found)?;
    Ok(Reply::ok(call.body.clone()))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may(call, "delete")?;
    let mut found = of_call(call)?;
    if found.encryption.take().is_none() {
        return Err(absent(&found.id));
    }
    let scope = call.scope();
    call.transaction.put(&scope, &found)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

impl Encryption {
    /// What Nova asks of a volume (`cinder/db/api.py`, `volume_encryption_metadata_get`).
    pub(in crate::block_storage) fn for_volume(&self, key: &str) -> Value {
        json!({
            "encryption_key_id": key,
            "provider": self.provider,
            "cipher": self.cipher,
            "key_size": self.key_size,
            "control_location": self.control_location,
        })
    }
}
