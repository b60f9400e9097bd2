//! Tokens: what they stand for, how they end, how they are shown (`keystone/common/render_token.py`).

use super::application_credentials::ApplicationCredential;
use super::domains::Domain;
use super::projects::Project;
use super::roles::Role;
use super::users::User;
use super::{assignments, catalog, passwords, wire};
use crate::cloud::{Call, Caller, Fault, Reply, Route, Site};
use crate::world::{Record, Transaction, WorldError};
use http::{HeaderMap, HeaderName, Method};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// A token that was given out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// What is sent as `X-Auth-Token`.
    pub id: String,
    /// Id of the user.
    pub user: String,
    /// What it is for.
    pub scope: Scope,
    /// How the user proved who they are.
    pub methods: Vec<String>,
    /// Its own audit id, and that of the first of its chain where it was made from another token.
    pub audit_ids: Vec<String>,
    /// When it was given out.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Id of the application credential that it came from.
    pub application_credential: Option<String>,
}

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Nothing yet.
    Unscoped,
    /// A project, by id.
    Project(String),
    /// A domain, by id.
    Domain(String),
    /// The whole system.
    System,
}

impl Scope {
    /// Where its roles are.
    fn target(&self) -> Option<String> {
        match self {
            Self::Unscoped => None,
            Self::Project(id) => Some(format!("projects/{id}")),
            Self::Domain(id) => Some(format!("domains/{id}")),
            Self::System => Some(assignments::SYSTEM.to_owned()),
        }
    }
}

impl Record for Token {
    const KIND: &'static str = "identity.token";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("user", self.user.clone()), ("chain", self.audit_ids.last().cloned().unwrap_or_default())]
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/auth/tokens", show),
    Route::new(Method::DELETE, "/v3/auth/tokens", revoke),
    Route::new(Method::GET, "/v3/auth/catalog", show_catalog),
    Route::new(Method::GET, "/v3/auth/projects", list_projects),
    Route::new(Method::GET, "/v3/auth/domains", list_domains),
    Route::new(Method::GET, "/v3/auth/system", list_system),
];

/// Keystone's default of `[token] expiration`.
const LIFETIME: Duration = Duration::from_hours(1);

/// So many tokens are given out before those that ended are looked for.
const KEPT: u64 = 512;

/// A token with all that it stands for now.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) token: Token,
    pub(super) user: User,
    pub(super) user_domain: Domain,
    pub(super) project: Option<Project>,
    pub(super) domain: Option<Domain>,
    pub(super) roles: Vec<Role>,
    pub(super) application_credential: Option<ApplicationCredential>,
}

/// Finds who calls by their headers.
///
/// # Errors
/// The world cannot be read.
pub fn authenticate(
    transaction: &Transaction<'_>,
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Fault> {
    let Some(id) = headers.get("x-auth-token").and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    let Some(live) = find(transaction, &site.name, id)? else { return Ok(None) };
    Ok(Some(Caller {
        user: live.user.id,
        user_name: live.user.name,
        user_domain: live.user.domain,
        project: live.project.as_ref().map(|project| project.id.clone()).unwrap_or_default(),
        project_name: live.project.as_ref().map(|project| project.name.clone()).unwrap_or_default(),
        project_domain: live.project.map(|project| project.domain).unwrap_or_default(),
        system: live.token.scope == Scope::System,
        domain: match live.token.scope {
            Scope::Domain(id) => id,
            _ => String::new(),
        },
        roles: live.roles.into_iter().map(|role| role.name).collect(),
        token: live.token.id,
        application_credential: live.token.application_credential.unwrap_or_default(),
    }))
}

/// Finds a token that counts: not ended, of somebody and for something that are still there and enabled, with a role.
pub(super) fn find(transaction: &Transaction<'_>, site: &str, id: &str) -> Result<Option<Live>, WorldError> {
    match transaction.get::<Token>(site, id)? {
        Some(token) if token.expires_at > transaction.now() => live(transaction, site, token),
        _ => Ok(None),
    }
}

fn live(transaction: &Transaction<'_>, site: &str, token: Token) -> Result<Option<Live>, WorldError> {
    let enabled_domain = |id: &str| -> Result<Option<Domain>, WorldError> {
        Ok(transaction.get::<Domain>(site, id)?.filter(|domain| domain.enabled))
    };
    let user = transaction.get::<User>(site, &token.user)?.filter(|user| user.enabled);
    let Some(user) = user else { return Ok(None) };
    let Some(user_domain) = enabled_domain(&user.domain)? else { return Ok(None) };
    let (mut project, mut domain) = (None, None);
    match &token.scope {
        Scope::Project(id) => {
            let found = transaction.get::<Project>(site, id)?.filter(|project| project.enabled);
            let Some(found) = found else { return Ok(None) };
            let Some(above) = enabled_domain(&found.domain)? else { return Ok(None) };
            (project, domain) = (Some(found), Some(above));
        }
        Scope::Domain(id) => {
            let Some(found) = enabled_domain(id)? else { return Ok(None) };
            domain = Some(found);
        }
        Scope::Unscoped | Scope::System => {}
    }
    let mut roles = match token.scope.target() {
        Some(target) => assignments::effective(transaction, site, &user.id, &target)?,
        None => Vec::new(),
    };
    let application_credential = match &token.application_credential {
        None => None,
        Some(id) => {
            let Some(found) = transaction.get::<ApplicationCredential>(site, id)? else { return Ok(None) };
            if found.expires_at.is_some_and(|end| end <= transaction.now()) {
                return Ok(None);
            }
            roles.retain(|role| found.roles.contains(&role.id));
            Some(found)
        }
    };
    if roles.is_empty() && token.scope != Scope::Unscoped {
        return Ok(None);
    }
    Ok(Some(Live { token, user, user_domain, project, domain, roles, application_credential }))
}

/// What a new token is made of.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) user: String,
    pub(super) scope: Scope,
    pub(super) methods: Vec<String>,
    /// The token that it is made from.
    pub(super) parent: Option<Token>,
    pub(super) application_credential: Option<String>,
}

/// Gives out a token; `None` if it would not count.
pub(super) fn issue(
    transaction: &mut Transaction<'_>,
    site: &str,
    proof: Proof,
) -> Result<Option<Live>, Fault> {
    let lifetime = transaction.duration("identity.token", LIFETIME)?;
    // Tokens know seconds only.
    let now = Timestamp::from_second(transaction.now().as_second()).unwrap_or(transaction.now());
    let mut audit_ids = vec![passwords::random(transaction, 1)?.chars().take(22).collect()];
    let mut expires_at = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
    if let Some(parent) = &proof.parent {
        audit_ids.extend(parent.audit_ids.last().cloned());
        // keystone/auth/plugins/token.py: a token that is made from another ends with it.
        expires_at = parent.expires_at;
    }
    let token = Token {
        id: format!("gAAAAAB{}", passwords::random(transaction, 4)?),
        user: proof.user,
        scope: proof.scope,
        methods: proof.methods,
        audit_ids,
        issued_at: now,
        expires_at,
        application_credential: proof.application_credential,
    };
    let Some(live) = live(transaction, site, token)? else { return Ok(None) };
    if transaction.count::<Token>(site, None)? % KEPT == KEPT - 1 {
        forget_ended(transaction, site)?;
    }
    transaction.put(site, &live.token)?;
    Ok(Some(live))
}

fn forget_ended(transaction: &mut Transaction<'_>, site: &str) -> Result<(), WorldError> {
    for token in transaction.list::<Token>(site)? {
        if token.expires_at <= transaction.now() {
            transaction.remove::<Token>(site, &token.id)?;
        }
    }
    Ok(())
}

/// Ends all tokens of a user.
///
/// # Errors
/// The world cannot be changed.
pub fn revoke_all(transaction: &mut Transaction<'_>, site: &str, user: &str) -> Result<(), WorldError> {
    for token in transaction.find::<Token>(site, "user", user)? {
        transaction.remove::<Token>(site, &token.id)?;
    }
    Ok(())
}

/// What a token looks like.
pub(super) fn view(call: &Call<'_, '_>, live: &Live) -> Result<Value, Fault> {
    let token = &live.token;
    let domain = |domain: &Domain| json!({"id": domain.id, "name": domain.name});
    let mut shown = json!({
        "methods": token.methods,
        "user": {
            "domain": domain(&live.user_domain), "id": live.user.id, "name": live.user.name, "password_expires_at": null,
        },
        "audit_ids": token.audit_ids,
        "expires_at": wire::time(token.expires_at),
        "issued_at": wire::time(token.issued_at),
    });
    let Some(fields) = shown.as_object_mut() else { return Ok(Value::Null) };
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    match (&token.scope, &live.project, &live.domain) {
        (Scope::Project(_), Some(project), Some(above)) => {
            set("project", json!({"domain": domain(above), "id": project.id, "name": project.name}));
            set("is_domain", json!(false));
        }
        (Scope::Domain(_), _, Some(found)) => {
            set("domain", domain(found));
        }
        (Scope::System, ..) => {
            set("system", json!({"all": true}));
        }
        _ => {}
    }
    if token.scope != Scope::Unscoped {
        let roles: Vec<Value> =
            live.roles.iter().map(|role| json!({"id": role.id, "name": role.name})).collect();
        set("roles", json!(roles));
        if call.query.get("nocatalog").is_none() {
            let project = live.project.as_ref().map(|project| project.id.as_str());
            set("catalog", catalog::view(call, project.unwrap_or_default())?);
        }
    }
    if let Some(credential) = &live.application_credential {
        let view =
            json!({"id": credential.id, "name": credential.name, "restricted": !credential.unrestricted});
        set("application_credential", view);
    }
    Ok(json!({"token": shown}))
}

pub(super) const SUBJECT: HeaderName = HeaderName::from_static("x-subject-token");

fn subject(call: &Call<'_, '_>) -> Result<Live, Fault> {
    let Some(id) = call.headers.get(SUBJECT).and_then(|value| value.to_str().ok()) else {
        return Err(Fault::not_found("No token in the request"));
    };
    if !id.starts_with("gAAAAA") {
        return Err(Fault::not_found("Could not recognize Fernet token"));
    }
    find(call.transaction, &call.site.name, id)?.ok_or_else(|| wire::not_found("token", id))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let own = call.headers.get(SUBJECT).is_some_and(|subject| subject == call.caller.token.as_str());
    let allowed = own || call.caller.is_admin() || call.caller.has_role("service") || call.caller.system;
    // One who may not see it is told so only if there is something to see.
    let live = subject(call)?;
    wire::allow("validate_token", allowed || live.user.id == call.caller.user)?;
    Ok(Reply::ok(view(call, &live)?).and(SUBJECT, &live.token.id))
}

fn revoke(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let live = subject(call)?;
    wire::allow("revoke_token", call.caller.is_admin() || live.user.id == call.caller.user)?;
    let site = call.site.name.as_str();
    call.transaction.remove::<Token>(site, &live.token.id)?;
    // keystone/token/provider.py: those that were made from it end with it.
    if call.query.get("cascade").is_none_or(|cascade| !cascade.eq_ignore_ascii_case("false")) {
        let chain = live.token.audit_ids.last().cloned().unwrap_or_default();
        for token in call.transaction.find::<Token>(site, "chain", &chain)? {
            call.transaction.remove::<Token>(site, &token.id)?;
        }
    }
    Ok(wire::done())
}

fn show_catalog(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    if call.caller.project.is_empty() {
        return Err(Fault::forbidden("You are not authorized to perform the requested action."));
    }
    let link = wire::url(call.site, "auth/catalog");
    Ok(Reply::ok(json!({"catalog": catalog::view(call, &call.caller.project)?, "links": {"self": link}})))
}

fn list_projects(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let projects = assignments::projects_of(call.transaction, &call.site.name, &call.caller.user)?;
    Ok(wire::collection(call, "projects", "projects", projects.iter().map(Project::view).collect()))
}

fn list_domains(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let domains = assignments::domains_of(call.transaction, &call.site.name, &call.caller.user)?;
    Ok(wire::collection(call, "domains", "domains", domains.iter().map(Domain::view).collect()))
}

fn list_system(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let roles =
        assignments::effective(call.transaction, &call.site.name, &call.caller.user, assignments::SYSTEM)?;
    let system = if roles.is_empty() { json!([]) } else { json!([{"all": true}]) };
    let link = wire::url(call.site, "auth/system");
    Ok(Reply::ok(json!({"system": system, "links": {"self": link}})))
}
