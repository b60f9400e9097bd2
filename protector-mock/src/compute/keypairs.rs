//! Keypairs, which belong to a user and not to a project. Source: nova/api/openstack/compute/keypairs.py,
//! views/keypairs.py, schemas/keypairs.py, nova/compute/api.py (`KeypairAPI`), nova/crypto.py.

mod fingerprint;
#[cfg(test)]
mod tests;

use super::schema::{check_body, patterns, text, types};
use super::{paging, quotas, timing};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::Record;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A user's public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keypair {
    id: String,
    number: u64,
    pub(super) name: String,
    user: String,
    kind: String,
    public_key: String,
    fingerprint: String,
    created: Timestamp,
}

impl Record for Keypair {
    const KIND: &'static str = "compute.keypair";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("user", self.user.clone())]
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-keypairs", list),
    Route::new(Method::POST, "/v2.1/os-keypairs", create),
    Route::new(Method::GET, "/v2.1/os-keypairs/{keypair}", show),
    Route::new(Method::DELETE, "/v2.1/os-keypairs/{keypair}", delete),
];

fn id(user: &str, name: &str) -> String {
    format!("{user}/{name}")
}

/// Whose keypairs are meant: an administrator may name somebody else from 2.10 on.
fn owner(call: &Call<'_, '_>, asked: Option<&str>, rule: &str) -> Result<String, Fault> {
    match asked.filter(|asked| call.since(2, 10) && *asked != call.caller.user) {
        None => Ok(call.caller.user.clone()),
        Some(other) => {
            call.require_admin(&format!("os_compute_api:os-keypairs:{rule}"))?;
            Ok(other.to_owned())
        }
    }
}

/// A user's keypair.
pub(super) fn find(call: &Call<'_, '_>, user: &str, name: &str) -> Result<Option<Keypair>, Fault> {
    Ok(call.transaction.get(&call.site.name, &id(user, name))?)
}

fn found(call: &Call<'_, '_>, rule: &str) -> Result<Keypair, Fault> {
    let user = owner(call, call.query.get("user_id"), rule)?;
    let name = call.parameter("keypair");
    find(call, &user, name)?
        .ok_or_else(|| Fault::not_found(format!("Keypair {name} not found for user {user}")))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let pattern = if call.since(2, 92) { patterns::KEYPAIR_SINCE_2_92 } else { patterns::KEYPAIR };
    let name = if call.since(2, 92) {
        json!({"type": "string", "minLength": 1, "maxLength": 255, "format": "name", "pattern": pattern})
    } else {
        types::name()
    };
    let mut properties = json!({"name": name, "public_key": {"type": "string"}});
    if let Some(properties) = properties.as_object_mut() {
        if call.since(2, 2) {
            properties.insert("type".to_owned(), json!({"type": "string", "enum": ["ssh", "x509"]}));
        }
        if call.since(2, 10) {
            properties
                .insert("user_id".to_owned(), json!({"type": "string", "minLength": 1, "maxLength": 255}));
        }
    }
    let required: &[&str] = if call.since(2, 92) { &["name", "public_key"] } else { &["name"] };
    check_body(call, &types::body("keypair", types::object(properties, required)))?;
    let given = call.body.get("keypair").cloned().unwrap_or_default();
    let user = owner(call, given.get("user_id").and_then(Value::as_str), "create")?;
    let scope = call.scope();
    let (name, kind) = (text(given.get("name")).unwrap_or_default(), text(given.get("type")));
    let kind = kind.unwrap_or_else(|| "ssh".to_owned());
    let held = call.transaction.count::<Keypair>(&scope, Some(("user", &user)))?;
    let most = quotas::limit(call.transaction, &scope, &user, "key_pairs")?;
    if most >= 0 && held >= most.unsigned_abs() {
        return Err(Fault::forbidden("Quota exceeded, too many key pairs."));
    }
    let Some(public_key) = text(given.get("public_key")) else {
        return Err(Fault::bad_request(
            "Keypair data is invalid: the simulated cloud generates no keys; give a public key",
        ));
    };
    let fingerprint = fingerprint::of(&public_key, &kind).map_err(Fault::bad_request)?;
    if find(call, &user, &name)?.is_some() {
        return Err(Fault::conflict(format!("Key pair '{name}' already exists.")));
    }
    let keypair = Keypair {
        id: id(&user, &name),
        number: super::next_number(call.transaction, &scope, "keypair")?,
        name,
        user,
        kind,
        public_key,
        fingerprint,
        created: call.transaction.now(),
    };
    call.transaction.put(&scope, &keypair)?;
    let mut view = short(call, &keypair);
    if let Some(view) = view.as_object_mut() {
        view.insert("user_id".to_owned(), json!(keypair.user));
    }
    let status = if call.since(2, 2) { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Reply::with(status, json!({"keypair": view})))
}

fn short(call: &Call<'_, '_>, keypair: &Keypair) -> Value {
    let mut view =
        json!({"name": keypair.name, "public_key": keypair.public_key, "fingerprint": keypair.fingerprint});
    if let Some(view) = view.as_object_mut().filter(|_| call.since(2, 2)) {
        view.insert("type".to_owned(), json!(keypair.kind));
    }
    view
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let user = owner(call, call.query.get("user_id"), "index")?;
    let mut keypairs: Vec<Keypair> = call.transaction.find(&call.site.name, "user", &user)?;
    keypairs.sort_by(|a, b| a.name.cmp(&b.name));
    let page = if call.since(2, 35) {
        paging::by_marker(call, keypairs, "os-keypairs", |keypair| &keypair.name, paging::plain)?
    } else {
        paging::Page { items: keypairs, next: None }
    };
    let views: Vec<Value> =
        page.items.iter().map(|keypair| json!({"keypair": short(call, keypair)})).collect();
    let mut body = json!({"keypairs": views});
    if let (Some(body), Some(next)) = (body.as_object_mut(), page.next) {
        body.insert("keypairs_links".to_owned(), next);
    }
    Ok(Reply::ok(body))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let keypair = found(call, "show")?;
    let mut view = short(call, &keypair);
    if let Some(view) = view.as_object_mut() {
        for (name, value) in [
            ("user_id", json!(keypair.user)),
            ("created_at", json!(timing::plain(keypair.created))),
            ("deleted", json!(false)),
            ("deleted_at", Value::Null),
            ("id", json!(keypair.number)),
            ("updated_at", Value::Null),
        ] {
            view.insert(name.to_owned(), value);
        }
    }
    Ok(Reply::ok(json!({"keypair": view})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let keypair = found(call, "delete")?;
    let scope = call.scope();
    call.transaction.remove::<Keypair>(&scope, &keypair.id)?;
    Ok(Reply::empty(if call.since(2, 2) { StatusCode::NO_CONTENT } else { StatusCode::ACCEPTED }))
}
