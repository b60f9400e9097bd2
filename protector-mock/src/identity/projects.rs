//! `keystone/api/projects.py`.

use super::application_credentials;
use super::domains::{self, Domain};
use super::{assignments, wire};
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name, unique in its domain.
    pub name: String,
    /// Id of its domain.
    pub domain: String,
    /// Id of the project or domain above it.
    pub parent: String,
    /// What it is for.
    pub description: String,
    /// Whether anybody can sign in to it.
    pub enabled: bool,
    /// Its tags.
    pub tags: Vec<String>,
    /// What else was said of it.
    pub extra: Map<String, Value>,
}

impl Record for Project {
    const KIND: &'static str = "identity.project";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("domain", self.domain.clone()), ("name", key(&self.domain, &self.name))]
    }
}

fn key(domain: &str, name: &str) -> String {
    format!("{domain}/{}", name.to_lowercase())
}

impl Project {
    pub(super) fn view(&self) -> Value {
        let known = json!({
            "id": self.id, "name": self.name, "domain_id": self.domain, "description": self.description,
            "enabled": self.enabled, "parent_id": self.parent, "is_domain": false, "tags": self.tags, "options": {},
        });
        wire::with_extra(known, &self.extra)
    }

    fn change(&mut self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            match field.as_str() {
                "name" => value.as_str().unwrap_or_default().clone_into(&mut self.name),
                "description" => value.as_str().unwrap_or_default().clone_into(&mut self.description),
                "enabled" => self.enabled = value.as_bool().unwrap_or(true),
                "tags" => self.tags = texts(value),
                "id" | "links" | "options" | "domain_id" | "parent_id" | "is_domain" => {}
                other => {
                    self.extra.insert(other.to_owned(), value.clone());
                }
            }
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/projects", list),
    Route::new(Method::POST, "/v3/projects", create),
    Route::new(Method::GET, "/v3/projects/{project_id}", show),
    Route::new(Method::PATCH, "/v3/projects/{project_id}", update),
    Route::new(Method::DELETE, "/v3/projects/{project_id}", delete),
    Route::new(Method::GET, "/v3/projects/{project_id}/tags", list_tags),
    Route::new(Method::PUT, "/v3/projects/{project_id}/tags", set_tags),
    Route::new(Method::DELETE, "/v3/projects/{project_id}/tags", delete_tags),
];

// keystone/resource/schema.py: project_create, project_update
const NAME: Shape = Shape::Text { least: 1, most: 64 };
const TAGS: Shape = Shape::List { of: &Shape::NAME, least: 0, most: 80 };
static CREATE: Object = Object::closed(&[Field::required("project", Shape::Object(&NEW))]);
static NEW: Object = Object::open(&[
    Field::required("name", NAME),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("domain_id", Shape::TEXT_OR_NULL),
    Field::optional("parent_id", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
    Field::optional("is_domain", Shape::Boolean),
    Field::optional("tags", TAGS),
]);
static UPDATE: Object = Object::closed(&[Field::required("project", Shape::Object(&CHANGED))]);
static CHANGED: Object = Object::open(&[
    Field::optional("name", NAME),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
    Field::optional("tags", TAGS),
]);
static TAG_LIST: Object = Object::open(&[Field::required("tags", TAGS)]);

/// Makes a project in a domain.
///
/// # Errors
/// The domain has one of that name.
pub fn create_project(
    transaction: &mut Transaction<'_>,
    site: &str,
    domain: &str,
    name: &str,
    description: &str,
) -> Result<Project, Fault> {
    let id = wire::new_id(transaction)?;
    let project = Project {
        id,
        name: name.to_owned(),
        domain: domain.to_owned(),
        parent: domain.to_owned(),
        description: description.to_owned(),
        enabled: true,
        tags: Vec::new(),
        extra: Map::new(),
    };
    add(transaction, site, &project)?;
    Ok(project)
}

fn add(transaction: &mut Transaction<'_>, site: &str, project: &Project) -> Result<(), Fault> {
    match by_name(transaction, site, &project.domain, &project.name)? {
        Some(other) if other.id != project.id => {
            let details = format!(
                "it is not permitted to have two projects with either the same name or same id in the same domain: name is \
                 {}, project id {}",
                project.name, project.id
            );
            Err(wire::conflict("project", &details))
        }
        _ => Ok(transaction.put(site, project)?),
    }
}

/// Finds a project by its name in a domain.
///
/// # Errors
/// The world cannot be read.
pub fn by_name(
    transaction: &Transaction<'_>,
    site: &str,
    domain: &str,
    name: &str,
) -> Result<Option<Project>, WorldError> {
    Ok(transaction.find(site, "name", &key(domain, name))?.into_iter().next())
}

/// Removes a project with what hangs on it in Keystone.
pub(super) fn remove(
    transaction: &mut Transaction<'_>,
    site: &str,
    project: &Project,
) -> Result<(), WorldError> {
    assignments::remove_all(transaction, site, "target", &format!("projects/{}", project.id))?;
    application_credentials::remove_all(transaction, site, "project", &project.id)?;
    transaction.remove::<Project>(site, &project.id)?;
    Ok(())
}

fn existing(call: &Call<'_, '_>) -> Result<Project, Fault> {
    let id = call.parameter("project_id");
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("project", id))
}

fn may_see(call: &Call<'_, '_>) -> bool {
    wire::reads_all(call) || call.caller.project == call.parameter("project_id")
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_projects", wire::reads_all(call))?;
    let projects: Vec<Project> = call.transaction.list(&call.site.name)?;
    Ok(wire::collection(call, "projects", "projects", projects.iter().map(Project::view).collect()))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("get_project", may_see(call))?;
    let project = existing(call)?;
    Ok(Reply::ok(wire::member(call, "project", "projects", project.view())))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_project", call.caller.is_admin())?;
    let fields = wire::body(call, "project", &CREATE)?.clone();
    let site = call.site.name.as_str();
    let parent = wire::text(&fields, "parent_id");
    let above = match &parent {
        Some(parent) => call.transaction.get::<Project>(site, parent)?,
        None => None,
    };
    let domain =
        wire::text(&fields, "domain_id").or_else(|| above.as_ref().map(|above| above.domain.clone()));
    let domain = domain.unwrap_or_else(|| {
        let own = [&call.caller.domain, &call.caller.project_domain].into_iter().find(|own| !own.is_empty());
        own.cloned().unwrap_or_else(|| domains::DEFAULT.to_owned())
    });
    if call.transaction.get::<Domain>(site, &domain)?.is_none() {
        return Err(Fault::bad_request(format!("Could not find domain: {domain}.")));
    }
    let parent = parent.unwrap_or_else(|| domain.clone());
    if parent != domain && above.is_none() {
        return Err(Fault::bad_request(format!("Could not find project: {parent}.")));
    }
    let mut project = Project {
        id: wire::new_id(call.transaction)?,
        name: String::new(),
        domain,
        parent,
        description: String::new(),
        enabled: true,
        tags: Vec::new(),
        extra: Map::new(),
    };
    project.change(&fields);
    add(call.transaction, site, &project)?;
    Ok(Reply::created(wire::member(call, "project", "projects", project.view())))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_project", call.caller.is_admin())?;
    let fields = wire::body(call, "project", &UPDATE)?.clone();
    let mut project = existing(call)?;
    for (field, kept) in [("parent_id", &project.parent), ("domain_id", &project.domain)] {
        if wire::text(&fields, field).is_some_and(|wanted| &wanted != kept) {
            return Err(Fault::forbidden(format!("Update of `{field}` is not allowed.")));
        }
    }
    project.change(&fields);
    add(call.transaction, &call.site.name, &project)?;
    Ok(Reply::ok(wire::member(call, "project", "projects", project.view())))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_project", call.caller.is_admin())?;
    let project = existing(call)?;
    let others: Vec<Project> = call.transaction.list(&call.site.name)?;
    if others.iter().any(|other| other.parent == project.id) {
        // keystone/resource/core.py: _delete_project
        let message = format!(
            "Cannot delete the project {} since it is not a leaf in the hierarchy. Use the cascade option if you want to \
             delete a whole subtree.",
            project.id
        );
        return Err(Fault::forbidden(message));
    }
    remove(call.transaction, &call.site.name, &project)?;
    Ok(wire::done())
}

fn tags_of(call: &Call<'_, '_>, project: &Project) -> Reply {
    let link = wire::url(call.site, &format!("projects/{}/tags", project.id));
    Reply::ok(json!({"tags": project.tags, "links": {"self": link}}))
}

fn list_tags(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_project_tags", may_see(call))?;
    let project = existing(call)?;
    Ok(tags_of(call, &project))
}

fn set_tags(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_project_tags", call.caller.is_admin())?;
    TAG_LIST.check(&call.body).map_err(wire::invalid)?;
    let mut project = existing(call)?;
    project.tags = call.body.get("tags").map(texts).unwrap_or_default();
    call.transaction.put(&call.site.name, &project)?;
    Ok(tags_of(call, &project))
}

fn delete_tags(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_project_tags", call.caller.is_admin())?;
    let mut project = existing(call)?;
    project.tags.clear();
    call.transaction.put(&call.site.name, &project)?;
    Ok(wire::done())
}
