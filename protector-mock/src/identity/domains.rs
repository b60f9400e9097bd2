//! `keystone/api/domains.py`.

use super::{projects::Project, users::User, wire};
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The domain that every Keystone begins with.
pub const DEFAULT: &str = "default";

/// A domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// Its id.
    pub id: String,
    /// Its name, unique at the site.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether anybody can sign in.
    pub enabled: bool,
    /// What else was said of it.
    pub extra: Map<String, Value>,
}

impl Record for Domain {
    const KIND: &'static str = "identity.domain";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}

impl Domain {
    pub(super) fn view(&self) -> Value {
        let known = json!({
            "id": self.id, "name": self.name, "description": self.description, "enabled": self.enabled,
            "tags": [], "options": {},
        });
        wire::with_extra(known, &self.extra)
    }

    fn change(&mut self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            match field.as_str() {
                "name" => value.as_str().unwrap_or_default().clone_into(&mut self.name),
                "description" => value.as_str().unwrap_or_default().clone_into(&mut self.description),
                "enabled" => self.enabled = value.as_bool().unwrap_or(true),
                "id" | "links" | "tags" | "options" => {}
                other => {
                    self.extra.insert(other.to_owned(), value.clone());
                }
            }
        }
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/domains", list),
    Route::new(Method::POST, "/v3/domains", create),
    Route::new(Method::GET, "/v3/domains/{domain_id}", show),
    Route::new(Method::PATCH, "/v3/domains/{domain_id}", update),
    Route::new(Method::DELETE, "/v3/domains/{domain_id}", delete),
];

// keystone/resource/schema.py: domain_create, domain_update
const NAME: Shape = Shape::Text { least: 1, most: 64 };
static CREATE: Object = Object::closed(&[Field::required("domain", Shape::Object(&NEW))]);
static NEW: Object = Object::open(&[
    Field::required("name", NAME),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
]);
static UPDATE: Object = Object::closed(&[Field::required("domain", Shape::Object(&CHANGED))]);
static CHANGED: Object = Object::open(&[
    Field::optional("name", NAME),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
]);

/// Finds a domain by its name.
pub(super) fn by_name(
    transaction: &Transaction<'_>,
    site: &str,
    name: &str,
) -> Result<Option<Domain>, WorldError> {
    Ok(transaction.find(site, "name", &name.to_lowercase())?.into_iter().next())
}

fn existing(call: &Call<'_, '_>) -> Result<Domain, Fault> {
    let id = call.parameter("domain_id");
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("domain", id))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_domains", wire::reads_all(call))?;
    let domains: Vec<Domain> = call.transaction.list(&call.site.name)?;
    Ok(wire::collection(call, "domains", "domains", domains.iter().map(Domain::view).collect()))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let id = call.parameter("domain_id");
    let caller = &call.caller;
    let own = [&caller.domain, &caller.project_domain].iter().any(|domain| *domain == id);
    wire::allow("get_domain", wire::reads_all(call) || own)?;
    let domain = existing(call)?;
    Ok(Reply::ok(wire::member(call, "domain", "domains", domain.view())))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_domain", call.caller.is_admin())?;
    let fields = wire::body(call, "domain", &CREATE)?.clone();
    let name = wire::text(&fields, "name").unwrap_or_default();
    refuse_duplicate(call, &name, "")?;
    let id = wire::new_id(call.transaction)?;
    let mut domain = Domain { id, name, description: String::new(), enabled: true, extra: Map::new() };
    domain.change(&fields);
    call.transaction.put(&call.site.name, &domain)?;
    Ok(Reply::created(wire::member(call, "domain", "domains", domain.view())))
}

fn refuse_duplicate(call: &Call<'_, '_>, name: &str, except: &str) -> Result<(), Fault> {
    match by_name(call.transaction, &call.site.name, name)? {
        Some(other) if other.id != except => {
            let details = format!(
                "it is not permitted to have two projects acting as domains with the same name: {name}"
            );
            Err(wire::conflict("project", &details))
        }
        _ => Ok(()),
    }
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_domain", call.caller.is_admin())?;
    let fields = wire::body(call, "domain", &UPDATE)?.clone();
    let mut domain = existing(call)?;
    domain.change(&fields);
    refuse_duplicate(call, &domain.name, &domain.id)?;
    call.transaction.put(&call.site.name, &domain)?;
    Ok(Reply::ok(wire::member(call, "domain", "domains", domain.view())))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_domain", call.caller.is_admin())?;
    let domain = existing(call)?;
    if domain.enabled {
        let message = "Cannot delete a domain that is enabled, please disable it first.";
        return Err(Fault::new(StatusCode::FORBIDDEN, message));
    }
    let site = call.site.name.as_str();
    for project in call.transaction.find::<Project>(site, "domain", &domain.id)? {
        super::projects::remove(call.transaction, site, &project)?;
    }
    for user in call.transaction.find::<User>(site, "domain", &domain.id)? {
        super::users::remove(call.transaction, site, &user)?;
    }
    super::assignments::remove_all(call.transaction, site, "target", &format!("domains/{}", domain.id))?;
    call.transaction.remove::<Domain>(site, &domain.id)?;
    Ok(wire::done())
}
