//! `POST /v3/auth/tokens`: `keystone/api/auth.py`, `keystone/auth/core.py`, `keystone/auth/schema.py`.

use super::application_credentials::{self, ApplicationCredential};
use super::domains::{self, Domain};
use super::projects::{self, Project};
use super::tokens::{self, Proof, Scope, Token};
use super::users::{self, User};
use super::{assignments, passwords, wire};
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply, Route};
use http::Method;
use serde_json::Value;

pub(super) const ROUTES: &[Route] = &[Route::open(Method::POST, "/v3/auth/tokens", sign_in)];

static AUTH: Object = Object::open(&[
    Field::required("identity", Shape::Object(&IDENTITY)),
    Field::optional("scope", Shape::Either(&[Shape::Object(&SCOPE), Shape::TEXT])),
]);
static IDENTITY: Object = Object::open(&[
    Field::required("methods", Shape::List { of: &Shape::TEXT, least: 0, most: usize::MAX }),
    Field::optional("password", Shape::Object(&PASSWORD)),
    Field::optional("token", Shape::Object(&TOKEN)),
]);
static PASSWORD: Object = Object::open(&[Field::optional("user", Shape::Object(&USER))]);
static USER: Object = Object::open(&[
    Field::optional("id", Shape::TEXT),
    Field::optional("name", Shape::TEXT),
    Field::optional("password", Shape::TEXT),
    Field::optional("domain", Shape::Object(&NAMED)),
]);
static TOKEN: Object = Object::open(&[Field::required("id", Shape::TEXT)]);
static NAMED: Object =
    Object::open(&[Field::optional("id", Shape::TEXT), Field::optional("name", Shape::TEXT)]);
static SCOPE: Object = Object::open(&[
    Field::optional("project", Shape::Object(&PROJECT)),
    Field::optional("domain", Shape::Object(&NAMED)),
]);
static PROJECT: Object = Object::open(&[
    Field::optional("id", Shape::TEXT),
    Field::optional("name", Shape::TEXT),
    Field::optional("domain", Shape::Object(&NAMED)),
]);

/// Who somebody is, proved.
struct Known {
    user: User,
    parent: Option<Token>,
    application_credential: Option<ApplicationCredential>,
    methods: Vec<String>,
}

fn sign_in(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let auth = call.body.get("auth").cloned().unwrap_or(Value::Null);
    if auth.is_null() || auth.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(wire::expected("auth", "request body"));
    }
    AUTH.check(&auth).map_err(wire::invalid)?;
    for (pointer, path) in [
        ("/identity/password/user", "identity/password/user"),
        ("/identity/password/user/domain", "identity/password/user/domain"),
        ("/scope/project", "scope/project"),
        ("/scope/project/domain", "scope/project/domain"),
        ("/scope/domain", "scope/domain"),
    ] {
        let named = |found: &Value| found.get("id").is_some() || found.get("name").is_some();
        if auth.pointer(pointer).is_some_and(|found| !named(found)) {
            return Err(Fault::bad_request(format!(
                "Invalid input for field {path}: id or name must be present."
            )));
        }
    }
    let known = identify(call, &auth)?;
    let scope = scope(call, &auth, &known)?;
    let proof = Proof {
        user: known.user.id,
        scope,
        methods: known.methods,
        parent: known.parent,
        application_credential: known.application_credential.map(|credential| credential.id),
    };
    let live = tokens::issue(call.transaction, &call.site.name, proof)?;
    let live = live.ok_or_else(|| wire::unauthorized(call.site))?;
    Ok(Reply::created(tokens::view(call, &live)?).and(tokens::SUBJECT, &live.token.id))
}

fn identify(call: &Call<'_, '_>, auth: &Value) -> Result<Known, Fault> {
    let identity = auth.get("identity").unwrap_or(&Value::Null);
    let methods: Vec<&str> = identity
        .get("methods")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if let Some(missing) = methods.iter().find(|method| identity.get(**method).is_none()) {
        return Err(wire::expected(missing, "identity"));
    }
    if methods.iter().any(|method| !["password", "token", "application_credential"].contains(method)) {
        let message = "Attempted to authenticate with an unsupported method.";
        return Err(wire::unauthorized_with(call.site, message));
    }
    let data = |method: &str| identity.get(method).unwrap_or(&Value::Null);
    let mut known: Option<Known> = None;
    for method in methods {
        let found = match method {
            "password" => by_password(call, data(method).get("user").unwrap_or(&Value::Null))?,
            "token" => by_token(call, data(method).get("id").and_then(Value::as_str).unwrap_or_default())?,
            _ => by_application_credential(call, data(method))?,
        };
        known = Some(match known {
            None => found,
            Some(before) if before.user.id == found.user.id => Known {
                methods: [before.methods, found.methods].concat(),
                parent: before.parent.or(found.parent),
                application_credential: before.application_credential.or(found.application_credential),
                user: found.user,
            },
            Some(_) => return Err(wire::unauthorized(call.site)),
        });
    }
    let mut known = known.ok_or_else(|| wire::unauthorized(call.site))?;
    known.methods.dedup();
    Ok(known)
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn domain(call: &Call<'_, '_>, named: &Value) -> Result<Domain, Fault> {
    let site = call.site.name.as_str();
    let found = match text(named, "name") {
        Some(name) => domains::by_name(call.transaction, site, name)?,
        None => call.transaction.get(site, text(named, "id").unwrap_or_default())?,
    };
    found.filter(|domain: &Domain| domain.enabled).ok_or_else(|| wire::unauthorized(call.site))
}

fn user(call: &Call<'_, '_>, named: &Value) -> Result<User, Fault> {
    let site = call.site.name.as_str();
    let found = match (text(named, "id"), text(named, "name")) {
        (Some(id), _) => call.transaction.get(site, id)?,
        (None, Some(name)) => {
            // keystone/auth/plugins/core.py: UserAuthInfo
            let Some(of) = named.get("domain") else { return Err(wire::expected("domain", "user")) };
            users::by_name(call.transaction, site, &domain(call, of)?.id, name)?
        }
        (None, None) => None,
    };
    found.filter(|user: &User| user.enabled).ok_or_else(|| wire::unauthorized(call.site))
}

fn by_password(call: &Call<'_, '_>, named: &Value) -> Result<Known, Fault> {
    let user = user(call, named)?;
    let secret = text(named, "password").unwrap_or_default();
    if !user.password.as_deref().is_some_and(|kept| passwords::is(kept, secret)) {
        return Err(wire::unauthorized(call.site));
    }
    Ok(Known { user, parent: None, application_credential: None, methods: vec!["password".to_owned()] })
}

fn by_token(call: &Call<'_, '_>, id: &str) -> Result<Known, Fault> {
    let live = tokens::find(call.transaction, &call.site.name, id)?;
    let live = live.ok_or_else(|| wire::unauthorized(call.site))?;
    let mut methods = vec!["token".to_owned()];
    methods.extend(live.token.methods.iter().filter(|method| *method != "token").cloned());
    Ok(Known {
        user: live.user,
        parent: Some(live.token),
        application_credential: live.application_credential,
        methods,
    })
}

fn by_application_credential(call: &Call<'_, '_>, data: &Value) -> Result<Known, Fault> {
    let site = call.site.name.as_str();
    let found: Option<ApplicationCredential> = match (text(data, "id"), text(data, "name")) {
        (Some(id), _) => call.transaction.get(site, id)?,
        (None, None) => return Err(wire::expected("name or ID", "application credential")),
        (None, Some(name)) => {
            let Some(named) = data.get("user") else {
                return Err(wire::expected("user", "application credential"));
            };
            let user = user(call, named)?;
            application_credentials::by_name(call.transaction, site, &user.id, name)?
        }
    };
    let secret = text(data, "secret").unwrap_or_default();
    let ended = |credential: &ApplicationCredential| {
        credential.expires_at.is_some_and(|end| end <= call.transaction.now())
    };
    let found = found.filter(|credential| !ended(credential) && passwords::is(&credential.secret, secret));
    let credential = found.ok_or_else(|| wire::unauthorized(call.site))?;
    let user: Option<User> = call.transaction.get(site, &credential.user)?;
    let user = user.filter(|user| user.enabled).ok_or_else(|| wire::unauthorized(call.site))?;
    let methods = vec!["application_credential".to_owned()];
    Ok(Known { user, parent: None, application_credential: Some(credential), methods })
}

fn scope(call: &Call<'_, '_>, auth: &Value, known: &Known) -> Result<Scope, Fault> {
    if let Some(credential) = &known.application_credential {
        if auth.get("scope").is_some() && known.parent.is_none() {
            let message = "Error authenticating with application credential: Application credentials cannot request a scope.";
            return Err(wire::unauthorized_with(call.site, message));
        }
        return Ok(Scope::Project(credential.project.clone()));
    }
    let Some(asked) = auth.get("scope") else { return default_scope(call, &known.user) };
    if asked == "unscoped" {
        return Ok(Scope::Unscoped);
    }
    let kinds = ["project", "domain", "unscoped", "system", "OS-TRUST:trust"];
    if kinds.iter().filter(|kind| asked.get(**kind).is_some()).count() != 1 {
        return Err(wire::expected("system, project, domain, OS-TRUST:trust or unscoped", "scope"));
    }
    if asked.get("system").is_some() {
        return Ok(Scope::System);
    }
    if let Some(named) = asked.get("domain") {
        return Ok(Scope::Domain(domain(call, named)?.id));
    }
    if let Some(named) = asked.get("project") {
        return Ok(Scope::Project(project(call, named)?.id));
    }
    if asked.get("unscoped").is_some() {
        return Ok(Scope::Unscoped);
    }
    let trust = asked.pointer("/OS-TRUST:trust/id").and_then(Value::as_str).unwrap_or_default();
    Err(wire::not_found("trust", trust))
}

fn project(call: &Call<'_, '_>, named: &Value) -> Result<Project, Fault> {
    let site = call.site.name.as_str();
    let found = match text(named, "name") {
        Some(name) => {
            let Some(of) = named.get("domain") else { return Err(wire::expected("domain", "project")) };
            projects::by_name(call.transaction, site, &domain(call, of)?.id, name)?
        }
        None => call.transaction.get(site, text(named, "id").unwrap_or_default())?,
    };
    found.filter(|project: &Project| project.enabled).ok_or_else(|| wire::unauthorized(call.site))
}

/// The user's default project if it is one that they can sign in to; else nothing.
fn default_scope(call: &Call<'_, '_>, user: &User) -> Result<Scope, Fault> {
    let site = call.site.name.as_str();
    let Some(id) = &user.default_project else { return Ok(Scope::Unscoped) };
    let project = call.transaction.get::<Project>(site, id)?.filter(|project| project.enabled);
    let roles = assignments::effective(call.transaction, site, &user.id, &format!("projects/{id}"))?;
    Ok(if project.is_some() && !roles.is_empty() { Scope::Project(id.clone()) } else { Scope::Unscoped })
}
