//! `keystone/api/endpoints.py`.

use super::{Region, services};
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply};
use crate::identity::wire;
use crate::world::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where a service is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// For whom: `public`, `internal` or `admin`.
    pub interface: String,
    /// Id of the region.
    pub region: Option<String>,
    /// Id of the service.
    pub service: String,
    /// The address; may name the project.
    pub url: String,
    /// Whether the catalog shows it.
    pub enabled: bool,
    /// What else was said of it.
    pub extra: Map<String, Value>,
}

impl Record for Endpoint {
    const KIND: &'static str = "identity.endpoint";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![("service", self.service.clone())];
        keys.extend(self.region.clone().map(|region| ("region", region)));
        keys
    }
}

impl Endpoint {
    fn view(&self) -> Value {
        let known = json!({
            "id": self.id, "interface": self.interface, "region_id": self.region, "service_id": self.service,
            "url": self.url, "enabled": self.enabled, "region": self.region,
        });
        wire::with_extra(known, &self.extra)
    }

    fn change(&mut self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            let text = value.as_str().unwrap_or_default();
            match field.as_str() {
                "interface" => text.clone_into(&mut self.interface),
                "service_id" => text.clone_into(&mut self.service),
                "url" => text.clone_into(&mut self.url),
                "region_id" | "region" => self.region = value.as_str().map(str::to_owned),
                "enabled" => self.enabled = value.as_bool().unwrap_or(true),
                "id" | "links" => {}
                other => {
                    self.extra.insert(other.to_owned(), value.clone());
                }
            }
        }
    }
}

const INTERFACE: Shape = Shape::OneOf(&["admin", "internal", "public"]);
static CREATE: Object = Object::closed(&[Field::required("endpoint", Shape::Object(&NEW))]);
static NEW: Object = Object::open(&[
    Field::required("interface", INTERFACE),
    Field::required("service_id", Shape::TEXT),
    Field::required("url", Shape::TEXT),
    Field::optional("region_id", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
]);
static UPDATE: Object = Object::closed(&[Field::required("endpoint", Shape::Object(&CHANGED))]);
static CHANGED: Object = Object::open(&[
    Field::optional("interface", INTERFACE),
    Field::optional("service_id", Shape::TEXT),
    Field::optional("url", Shape::TEXT),
    Field::optional("region_id", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
]);

fn existing(call: &Call<'_, '_>) -> Result<Endpoint, Fault> {
    let id = call.parameter("endpoint_id");
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("endpoint", id))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_endpoints", wire::reads_all(call))?;
    let endpoints: Vec<Endpoint> = call.transaction.list(&call.site.name)?;
    Ok(wire::collection(call, "endpoints", "endpoints", endpoints.iter().map(Endpoint::view).collect()))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("get_endpoint", wire::reads_all(call))?;
    let endpoint = existing(call)?;
    Ok(Reply::ok(wire::member(call, "endpoint", "endpoints", endpoint.view())))
}

// keystone/api/endpoints.py: what is named has to be there; what is not there is the caller's error.
fn check(call: &Call<'_, '_>, endpoint: &Endpoint) -> Result<(), Fault> {
    services::of_id(call, &endpoint.service).map_err(|fault| Fault::bad_request(fault.message))?;
    match &endpoint.region {
        Some(region) if call.transaction.get::<Region>(&call.site.name, region)?.is_none() => {
            Err(Fault::bad_request(format!("Could not find region: {region}.")))
        }
        _ => Ok(()),
    }
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_endpoint", call.caller.is_admin())?;
    let fields = wire::body(call, "endpoint", &CREATE)?.clone();
    let mut endpoint = Endpoint {
        id: wire::new_id(call.transaction)?,
        interface: String::new(),
        region: None,
        service: String::new(),
        url: String::new(),
        enabled: true,
        extra: Map::new(),
    };
    endpoint.change(&fields);
    check(call, &endpoint)?;
    call.transaction.put(&call.site.name, &endpoint)?;
    Ok(Reply::created(wire::member(call, "endpoint", "endpoints", endpoint.view())))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_endpoint", call.caller.is_admin())?;
    let fields = wire::body(call, "endpoint", &UPDATE)?.clone();
    let mut endpoint = existing(call)?;
    endpoint.change(&fields);
    check(call, &endpoint)?;
    call.transaction.put(&call.site.name, &endpoint)?;
    Ok(Reply::ok(wire::member(call, "endpoint", "endpoints", endpoint.view())))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_endpoint", call.caller.is_admin())?;
    let endpoint = existing(call)?;
    call.transaction.remove::<Endpoint>(&call.site.name, &endpoint.id)?;
    Ok(wire::done())
}
