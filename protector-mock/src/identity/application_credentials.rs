//! `keystone/api/users.py`: `UserAppCredListCreateResource`, `UserAppCredGetDeleteResource`.

use super::roles::{self, Role};
use super::tokens::{self, Token};
use super::{passwords, users, wire};
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::Method;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A secret that stands for a user on one project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationCredential {
    /// Its id.
    pub id: String,
    /// Its name, unique for the user.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Id of the user.
    pub user: String,
    /// Id of the project.
    pub project: String,
    /// Ids of the roles that it has.
    pub roles: Vec<String>,
    /// What is kept of the secret.
    pub secret: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether more of its kind can be made with it.
    pub unrestricted: bool,
    /// What it may call, as it was given; kept and shown, not heeded.
    pub access_rules: Option<Value>,
}

impl Record for ApplicationCredential {
    const KIND: &'static str = "identity.application-credential";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("user", self.user.clone()), ("project", self.project.clone())]
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/users/{user_id}/application_credentials", list),
    Route::new(Method::POST, "/v3/users/{user_id}/application_credentials", create),
    Route::new(Method::GET, "/v3/users/{user_id}/application_credentials/{credential_id}", show),
    Route::new(Method::DELETE, "/v3/users/{user_id}/application_credentials/{credential_id}", delete),
    Route::new(Method::GET, "/v3/users/{user_id}/access_rules", list_access_rules),
];

// keystone/application_credential/schema.py
static CREATE: Object = Object::closed(&[Field::required("application_credential", Shape::Object(&NEW))]);
static NEW: Object = Object::open(&[
    Field::required("name", Shape::NAME),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("secret", Shape::TEXT_OR_NULL),
    Field::optional("expires_at", Shape::TEXT_OR_NULL),
    Field::optional("roles", Shape::List { of: &Shape::Object(&NAMED), least: 0, most: usize::MAX }),
    Field::optional("unrestricted", Shape::Either(&[Shape::Boolean, Shape::Null])),
    Field::optional("access_rules", Shape::List { of: &Shape::Anything, least: 0, most: usize::MAX }),
]);
static NAMED: Object =
    Object::open(&[Field::optional("id", Shape::TEXT), Field::optional("name", Shape::TEXT)]);

/// Finds one of a user by its name.
pub(super) fn by_name(
    transaction: &Transaction<'_>,
    site: &str,
    user: &str,
    name: &str,
) -> Result<Option<ApplicationCredential>, WorldError> {
    let found = transaction.find::<ApplicationCredential>(site, "user", user)?;
    Ok(found.into_iter().find(|credential| credential.name == name))
}

/// Removes all of a user or of a project.
pub(super) fn remove_all(
    transaction: &mut Transaction<'_>,
    site: &str,
    key: &str,
    value: &str,
) -> Result<(), WorldError> {
    for credential in transaction.find::<ApplicationCredential>(site, key, value)? {
        transaction.remove::<ApplicationCredential>(site, &credential.id)?;
    }
    Ok(())
}

/// Removes those of a user on a project.
pub(super) fn remove_of(
    transaction: &mut Transaction<'_>,
    site: &str,
    user: &str,
    project: &str,
) -> Result<(), WorldError> {
    for credential in transaction.find::<ApplicationCredential>(site, "user", user)? {
        if credential.project == project {
            transaction.remove::<ApplicationCredential>(site, &credential.id)?;
        }
    }
    Ok(())
}

fn view(call: &Call<'_, '_>, credential: &ApplicationCredential) -> Result<Value, Fault> {
    let mut shown: Vec<Value> = Vec::new();
    for id in &credential.roles {
        if let Some(role) = call.transaction.get::<Role>(&call.site.name, id)? {
            shown.push(role.view());
        }
    }
    let expires_at = credential.expires_at.map(|end| end.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string());
    let mut view = json!({
        "id": credential.id, "name": credential.name, "description": credential.description,
        "project_id": credential.project, "user_id": credential.user, "system": null, "roles": shown,
        "expires_at": expires_at, "unrestricted": credential.unrestricted,
    });
    let rules = credential.access_rules.as_ref();
    let rules = rules.filter(|rules| rules.as_array().is_some_and(|rules| !rules.is_empty()));
    if let (Some(rules), Some(fields)) = (rules, view.as_object_mut()) {
        fields.insert("access_rules".to_owned(), rules.clone());
    }
    Ok(view)
}

fn path(call: &Call<'_, '_>) -> String {
    format!("users/{}/application_credentials", call.parameter("user_id"))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_application_credentials", wire::reads_all(call) || users::is_caller(call))?;
    let user = call.parameter("user_id");
    let found: Vec<ApplicationCredential> = call.transaction.find(&call.site.name, "user", user)?;
    let shown = found.iter().map(|credential| view(call, credential)).collect::<Result<_, _>>()?;
    Ok(wire::collection(call, "application_credentials", &path(call), shown))
}

fn existing(call: &Call<'_, '_>) -> Result<ApplicationCredential, Fault> {
    let id = call.parameter("credential_id");
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("Application Credential", id))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("get_application_credential", wire::reads_all(call) || users::is_caller(call))?;
    let credential = existing(call)?;
    let allowed = wire::reads_all(call) || credential.user == call.caller.user;
    wire::allow("get_application_credential", allowed)?;
    let shown = view(call, &credential)?;
    Ok(Reply::ok(wire::member(call, "application_credential", &path(call), shown)))
}

// keystone/api/users.py: _check_unrestricted_application_credential
fn refuse_restricted(call: &Call<'_, '_>) -> Result<(), Fault> {
    if call.caller.application_credential.is_empty() {
        return Ok(());
    }
    let of: Option<ApplicationCredential> =
        call.transaction.get(&call.site.name, &call.caller.application_credential)?;
    if of.is_some_and(|credential| credential.unrestricted) {
        return Ok(());
    }
    Err(Fault::forbidden(
        "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials..",
    ))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let fields = wire::body(call, "application_credential", &CREATE)?.clone();
    wire::allow("create_application_credential", users::is_caller(call))?;
    if call.caller.project.is_empty() {
        return Err(wire::expected("project_id", "token"));
    }
    refuse_restricted(call)?;
    let site = call.site.name.as_str();
    let user = call.caller.user.clone();
    let name = wire::text(&fields, "name").unwrap_or_default();
    if by_name(call.transaction, site, &user, &name)?.is_some() {
        let details = format!("Duplicate entry found with name {name}");
        return Err(wire::conflict("application_credential", &details));
    }
    let secret = match wire::text(&fields, "secret") {
        Some(secret) if !secret.is_empty() => secret,
        _ => passwords::random(call.transaction, 2)?,
    };
    let expires_at = match wire::text(&fields, "expires_at") {
        Some(text) => Some(end(call, &text)?),
        None => None,
    };
    let credential = ApplicationCredential {
        id: wire::new_id(call.transaction)?,
        name,
        description: wire::text(&fields, "description"),
        user,
        project: call.caller.project.clone(),
        roles: chosen_roles(call, &fields)?,
        secret: passwords::keep(call.transaction, &secret)?,
        expires_at,
        unrestricted: wire::flag(&fields, "unrestricted").unwrap_or(false),
        access_rules: fields.get("access_rules").cloned(),
    };
    call.transaction.put(site, &credential)?;
    let mut shown = view(call, &credential)?;
    if let Some(shown) = shown.as_object_mut() {
        // It is told this once.
        shown.insert("secret".to_owned(), json!(secret));
    }
    Ok(Reply::created(wire::member(call, "application_credential", &path(call), shown)))
}

/// The roles that are asked for, which the caller has to have; without any, all of the caller's.
fn chosen_roles(call: &Call<'_, '_>, fields: &Map<String, Value>) -> Result<Vec<String>, Fault> {
    let site = call.site.name.as_str();
    let mut own = Vec::new();
    for name in &call.caller.roles {
        own.extend(roles::by_name(call.transaction, site, name)?.map(|role| role.id));
    }
    let asked = fields.get("roles").and_then(Value::as_array).filter(|asked| !asked.is_empty());
    let Some(asked) = asked else { return Ok(own) };
    let mut ids = Vec::new();
    for role in asked {
        let id = match (role.get("id").and_then(Value::as_str), role.get("name").and_then(Value::as_str)) {
            (Some(id), _) => roles::of_id(call, id)?.id,
            (None, Some(name)) => {
                let found = roles::by_name(call.transaction, site, name)?;
                found.ok_or_else(|| wire::not_found("role", name))?.id
            }
            (None, None) => return Err(wire::expected("id or name", "role")),
        };
        ids.push(id);
    }
    let with_implied = roles::with_implied(call.transaction, site, ids)?;
    if with_implied.iter().any(|role| !own.contains(&role.id)) {
        let message =
            "Invalid application credential: Cannot create an application credential with unassigned role";
        return Err(Fault::bad_request(message));
    }
    Ok(with_implied.into_iter().map(|role| role.id).collect())
}

/// `keystone/common/utils.py`: `parse_expiration_date`.
fn end(call: &Call<'_, '_>, text: &str) -> Result<Timestamp, Fault> {
    let wrong = |sentence: &str| {
        Fault::bad_request(format!(
            "{sentence} The server could not comply with the request since it is either malformed or otherwise incorrect. \
             The client is assumed to be in error."
        ))
    };
    let parsed: Option<Timestamp> = text.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    let end = parsed.ok_or_else(|| wrong("Timestamp not in expected format."))?;
    if end < call.transaction.now() {
        return Err(wrong("The 'expires_at' must not be before now."));
    }
    Ok(end)
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_application_credential", call.caller.is_admin() || users::is_caller(call))?;
    let credential = existing(call)?;
    let allowed = call.caller.is_admin() || credential.user == call.caller.user;
    wire::allow("delete_application_credential", allowed)?;
    refuse_restricted(call)?;
    let site = call.site.name.as_str();
    for token in call.transaction.find::<Token>(site, "user", &credential.user)? {
        if token.application_credential.as_deref() == Some(credential.id.as_str()) {
            call.transaction.remove::<tokens::Token>(site, &token.id)?;
        }
    }
    call.transaction.remove::<ApplicationCredential>(site, &credential.id)?;
    Ok(wire::done())
}

fn list_access_rules(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_access_rules", wire::reads_all(call) || users::is_caller(call))?;
    Ok(wire::collection(call, "access_rules", "access_rules", Vec::new()))
}
