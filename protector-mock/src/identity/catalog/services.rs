//! `keystone/api/services.py`.

use super::Endpoint;
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply};
use crate::identity::wire;
use crate::world::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A service, as the catalog has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogService {
    /// Its id.
    pub id: String,
    /// Its name: `nova`.
    pub name: String,
    /// Its type: `compute`.
    pub kind: String,
    /// Whether the catalog shows it.
    pub enabled: bool,
    /// What else was said of it: `description`.
    pub extra: Map<String, Value>,
}

impl Record for CatalogService {
    const KIND: &'static str = "identity.service";

    fn id(&self) -> &str {
        &self.id
    }
}

impl CatalogService {
    fn view(&self) -> Value {
        let known = json!({"name": self.name, "id": self.id, "type": self.kind, "enabled": self.enabled});
        wire::with_extra(known, &self.extra)
    }

    fn change(&mut self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            match field.as_str() {
                "name" => value.as_str().unwrap_or_default().clone_into(&mut self.name),
                "type" => value.as_str().unwrap_or_default().clone_into(&mut self.kind),
                "enabled" => self.enabled = value.as_bool().unwrap_or(true),
                "id" | "links" => {}
                other => {
                    self.extra.insert(other.to_owned(), value.clone());
                }
            }
        }
    }
}

static CREATE: Object = Object::closed(&[Field::required("service", Shape::Object(&NEW))]);
static NEW: Object = Object::open(&[
    Field::required("type", Shape::NAME),
    Field::optional("name", Shape::Text { least: 0, most: 255 }),
    Field::optional("enabled", Shape::Boolean),
    Field::optional("description", Shape::TEXT_OR_NULL),
]);
static UPDATE: Object = Object::closed(&[Field::required("service", Shape::Object(&CHANGED))]);
static CHANGED: Object = Object::open(&[
    Field::optional("type", Shape::NAME),
    Field::optional("name", Shape::Text { least: 0, most: 255 }),
    Field::optional("enabled", Shape::Boolean),
    Field::optional("description", Shape::TEXT_OR_NULL),
]);

pub(super) fn of_id(call: &Call<'_, '_>, id: &str) -> Result<CatalogService, Fault> {
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("service", id))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_services", wire::reads_all(call))?;
    let services: Vec<CatalogService> = call.transaction.list(&call.site.name)?;
    let shown = services.iter().map(CatalogService::view).collect();
    Ok(wire::collection(call, "services", "services", shown))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("get_service", wire::reads_all(call))?;
    let service = of_id(call, call.parameter("service_id"))?;
    Ok(Reply::ok(wire::member(call, "service", "services", service.view())))
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_service", call.caller.is_admin())?;
    let fields = wire::body(call, "service", &CREATE)?.clone();
    let mut service = CatalogService {
        id: wire::new_id(call.transaction)?,
        name: String::new(),
        kind: String::new(),
        enabled: true,
        extra: Map::new(),
    };
    service.change(&fields);
    call.transaction.put(&call.site.name, &service)?;
    Ok(Reply::created(wire::member(call, "service", "services", service.view())))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_service", call.caller.is_admin())?;
    let fields = wire::body(call, "service", &UPDATE)?.clone();
    let mut service = of_id(call, call.parameter("service_id"))?;
    service.change(&fields);
    call.transaction.put(&call.site.name, &service)?;
    Ok(Reply::ok(wire::member(call, "service", "services", service.view())))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_service", call.caller.is_admin())?;
    let service = of_id(call, call.parameter("service_id"))?;
    let site = call.site.name.as_str();
    for endpoint in call.transaction.find::<Endpoint>(site, "service", &service.id)? {
        call.transaction.remove::<Endpoint>(site, &endpoint.id)?;
    }
    call.transaction.remove::<CatalogService>(site, &service.id)?;
    Ok(wire::done())
}
