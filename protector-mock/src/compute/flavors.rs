//! Flavors. Source: nova/api/openstack/compute/flavors.py, views/flavors.py, schemas/flavors.py, nova/compute/flavors.py.

mod access;
mod extra_specs;
#[cfg(test)]
mod tests;

use super::paging;
use super::schema::{check_body, integer, patterns, represent, text, truth, types};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a server gets of the hypervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flavor {
    /// Its id; any text.
    pub id: String,
    /// Its name, which no other has.
    pub name: String,
    /// Memory, in MiB.
    pub ram: i64,
    /// Virtual processors.
    pub vcpus: i64,
    /// Root disk, in GiB; 0 takes the image's size.
    pub disk: i64,
    /// Ephemeral disk, in GiB.
    pub ephemeral: i64,
    /// Swap, in MiB.
    pub swap: i64,
    /// What nobody reads any more.
    pub rxtx_factor: f64,
    /// Whether everybody may use it.
    pub is_public: bool,
    /// What it is for.
    pub description: Option<String>,
    /// What it demands and promises.
    pub extra_specs: BTreeMap<String, String>,
    /// Who may use it if it is not public.
    pub projects: BTreeSet<String>,
}

impl Flavor {
    /// A public one without anything special.
    pub fn public(id: &str, name: &str, vcpus: i64, ram: i64, disk: i64) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            ram,
            vcpus,
            disk,
            ephemeral: 0,
            swap: 0,
            rxtx_factor: 1.0,
            is_public: true,
            description: None,
            extra_specs: BTreeMap::new(),
            projects: BTreeSet::new(),
        }
    }

    fn may_use(&self, call: &Call<'_, '_>) -> bool {
        call.caller.is_admin() || self.is_public || self.projects.contains(&call.caller.project)
    }
}

impl Record for Flavor {
    const KIND: &'static str = "compute.flavor";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.clone())]
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/flavors", list),
    Route::new(Method::POST, "/v2.1/flavors", create),
    Route::new(Method::GET, "/v2.1/flavors/detail", detail),
    Route::new(Method::GET, "/v2.1/flavors/{flavor}", show),
    Route::new(Method::PUT, "/v2.1/flavors/{flavor}", update),
    Route::new(Method::DELETE, "/v2.1/flavors/{flavor}", delete),
    Route::new(Method::POST, "/v2.1/flavors/{flavor}/action", access::act),
    Route::new(Method::GET, "/v2.1/flavors/{flavor}/os-flavor-access", access::list),
    Route::new(Method::GET, "/v2.1/flavors/{flavor}/os-extra_specs", extra_specs::list),
    Route::new(Method::POST, "/v2.1/flavors/{flavor}/os-extra_specs", extra_specs::create),
    Route::new(Method::GET, "/v2.1/flavors/{flavor}/os-extra_specs/{key}", extra_specs::show),
    Route::new(Method::PUT, "/v2.1/flavors/{flavor}/os-extra_specs/{key}", extra_specs::update),
    Route::new(Method::DELETE, "/v2.1/flavors/{flavor}/os-extra_specs/{key}", extra_specs::delete),
];

/// Puts a flavor there, or changes it.
///
/// # Errors
/// The world cannot be written.
pub fn put(transaction: &mut Transaction<'_>, site: &str, flavor: &Flavor) -> Result<(), WorldError> {
    transaction.put(site, flavor)
}

/// The flavor of an id, as the caller may see it.
///
/// # Errors
/// 404 with Nova's sentence.
pub(super) fn find(call: &Call<'_, '_>, id: &str) -> Result<Flavor, Fault> {
    let found: Option<Flavor> = call.transaction.get(&call.site.name, id)?;
    found
        .filter(|flavor| flavor.may_use(call))
        .ok_or_else(|| Fault::not_found(format!("Flavor {id} could not be found.")))
}

fn basic(call: &Call<'_, '_>, flavor: &Flavor) -> Value {
    let links = paging::links(call, "flavors", &flavor.id);
    let mut view = json!({"id": flavor.id, "name": flavor.name, "links": links});
    if call.since(2, 55) {
        add(&mut view, "description", json!(flavor.description));
    }
    view
}

fn full(call: &Call<'_, '_>, flavor: &Flavor) -> Value {
    let mut view = basic(call, flavor);
    let swap = match flavor.swap {
        0 if !call.since(2, 75) => json!(""),
        swap => json!(swap),
    };
    for (name, value) in [
        ("ram", json!(flavor.ram)),
        ("disk", json!(flavor.disk)),
        ("swap", swap),
        ("OS-FLV-EXT-DATA:ephemeral", json!(flavor.ephemeral)),
        ("vcpus", json!(flavor.vcpus)),
        ("os-flavor-access:is_public", json!(flavor.is_public)),
    ] {
        add(&mut view, name, value);
    }
    if !call.since(2, 102) {
        add(&mut view, "OS-FLV-DISABLED:disabled", json!(false));
        add(&mut view, "rxtx_factor", json!(flavor.rxtx_factor));
    }
    if call.since(2, 61) {
        add(&mut view, "extra_specs", json!(flavor.extra_specs));
    }
    view
}

fn add(view: &mut Value, name: &str, value: Value) {
    if let Some(view) = view.as_object_mut() {
        view.insert(name.to_owned(), value);
    }
}

fn found(call: &Call<'_, '_>, collection: &str) -> Result<paging::Page<Flavor>, Fault> {
    let wanted = |name: &str| -> Result<Option<i64>, Fault> {
        let Some(text) = call.query.get(name) else { return Ok(None) };
        let number =
            text.parse().map_err(|_| Fault::bad_request(format!("Invalid {name} filter [{text}]")))?;
        Ok(Some(number))
    };
    let (ram, disk) = (wanted("minRam")?, wanted("minDisk")?);
    let public = match call.query.get("is_public") {
        _ if !call.caller.is_admin() => None,
        None => Some(true),
        Some(text) if text.eq_ignore_ascii_case("none") => None,
        Some(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "t" | "on" | "y" | "yes" => Some(true),
            "false" | "0" | "f" | "off" | "n" | "no" => Some(false),
            _ => return Err(Fault::bad_request(format!("Invalid is_public filter [{text}]"))),
        },
    };
    let name = call.query.get("name").filter(|_| call.since(2, 102));
    let mut flavors: Vec<Flavor> = call.transaction.list(&call.site.name)?;
    flavors.retain(|flavor| {
        flavor.may_use(call)
            && public.is_none_or(|public| flavor.is_public == public)
            && ram.is_none_or(|least| flavor.ram >= least)
            && disk.is_none_or(|least| flavor.disk >= least)
            && name.is_none_or(|name| flavor.name == name)
    });
    sort(call, &mut flavors)?;
    paging::by_marker(call, flavors, collection, |flavor| &flavor.id, paging::bracketed)
}

fn sort(call: &Call<'_, '_>, flavors: &mut [Flavor]) -> Result<(), Fault> {
    let key = call.query.get("sort_key").unwrap_or("flavorid");
    match key {
        "flavorid" | "id" => flavors.sort_by(|a, b| a.id.cmp(&b.id)),
        "name" => flavors.sort_by(|a, b| a.name.cmp(&b.name)),
        "memory_mb" => flavors.sort_by_key(|flavor| flavor.ram),
        "vcpus" => flavors.sort_by_key(|flavor| flavor.vcpus),
        "root_gb" => flavors.sort_by_key(|flavor| flavor.disk),
        "ephemeral_gb" => flavors.sort_by_key(|flavor| flavor.ephemeral),
        "swap" => flavors.sort_by_key(|flavor| flavor.swap),
        "created_at" | "updated_at" | "is_public" | "disabled" | "rxtx_factor" | "vcpu_weight"
        | "description" => {}
        other => {
            return Err(Fault::bad_request(format!(
                "Invalid input for query parameters sort_key. Value: {other}. {} is not one of ['created_at', \
                 'description', 'disabled', 'ephemeral_gb', 'flavorid', 'id', 'is_public', 'memory_mb', 'name', \
                 'root_gb', 'rxtx_factor', 'swap', 'updated_at', 'vcpu_weight', 'vcpus']",
                represent(&json!(other))
            )));
        }
    }
    if call.query.get("sort_dir") == Some("desc") {
        flavors.reverse();
    }
    Ok(())
}

fn answer(page: paging::Page<Flavor>, view: impl Fn(&Flavor) -> Value) -> Reply {
    let mut body = json!({"flavors": page.items.iter().map(view).collect::<Vec<_>>()});
    if let Some(next) = page.next {
        add(&mut body, "flavors_links", next);
    }
    Reply::ok(body)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(answer(found(call, "flavors")?, |flavor| basic(call, flavor)))
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(answer(found(call, "flavors/detail")?, |flavor| full(call, flavor)))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let flavor = find(call, call.parameter("flavor"))?;
    Ok(Reply::ok(json!({"flavor": full(call, &flavor)})))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-flavor-manage:create")?;
    let positive = json!({"type": ["integer", "string"], "pattern": patterns::DIGITS, "minLength": 1,
        "minimum": 1, "maximum": i32::MAX});
    let natural = json!({"type": ["integer", "string"], "pattern": patterns::DIGITS, "minLength": 1,
        "minimum": 0, "maximum": i32::MAX});
    let mut properties = json!({
        "name": types::name(),
        "id": {"type": ["string", "number", "null"], "minLength": 1, "maxLength": 255,
            "pattern": patterns::FLAVOR_ID},
        "ram": positive,
        "vcpus": positive,
        "disk": natural,
        "OS-FLV-EXT-DATA:ephemeral": natural,
        "swap": natural,
        "os-flavor-access:is_public": types::boolean(),
    });
    if call.since(2, 55) {
        add(&mut properties, "description", json!({"type": ["string", "null"], "maxLength": 65535}));
    }
    if !call.since(2, 102) {
        add(&mut properties, "rxtx_factor", json!({"type": ["number", "string"]}));
    }
    let schema = types::object(properties, &["name", "ram", "vcpus", "disk"]);
    check_body(call, &types::body("flavor", schema))?;
    let given = call.body.get("flavor").cloned().unwrap_or_default();
    let number = |name: &str| integer(given.get(name)).unwrap_or(0);
    let id = match given.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => call.transaction.new_uuid()?.to_string(),
    };
    let factor = given.get("rxtx_factor");
    let flavor = Flavor {
        name: text(given.get("name")).unwrap_or_default(),
        ram: number("ram"),
        vcpus: number("vcpus"),
        disk: number("disk"),
        ephemeral: number("OS-FLV-EXT-DATA:ephemeral"),
        swap: number("swap"),
        rxtx_factor: factor
            .and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()))
            .unwrap_or(1.0),
        is_public: given.get("os-flavor-access:is_public").is_none_or(truth),
        description: text(given.get("description")),
        extra_specs: BTreeMap::new(),
        projects: BTreeSet::new(),
        id,
    };
    let scope = call.scope();
    if call.transaction.get::<Flavor>(&scope, &flavor.id)?.is_some() {
        return Err(Fault::conflict(format!("Flavor with ID {} already exists.", flavor.id)));
    }
    if call.transaction.count::<Flavor>(&scope, Some(("name", &flavor.name)))? > 0 {
        return Err(Fault::conflict(format!("Flavor with name {} already exists.", flavor.name)));
    }
    call.transaction.put(&scope, &flavor)?;
    Ok(Reply::ok(json!({"flavor": full(call, &flavor)})))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    super::require(call, 2, 55)?;
    call.require_admin("os_compute_api:os-flavor-manage:update")?;
    let description = json!({"type": ["string", "null"], "maxLength": 65535});
    let schema = types::object(json!({"description": description}), &["description"]);
    check_body(call, &types::body("flavor", schema))?;
    let mut flavor = find(call, call.parameter("flavor"))?;
    flavor.description = text(call.body.pointer("/flavor/description"));
    let scope = call.scope();
    call.transaction.put(&scope, &flavor)?;
    Ok(Reply::ok(json!({"flavor": full(call, &flavor)})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-flavor-manage:delete")?;
    let flavor = find(call, call.parameter("flavor"))?;
    let scope = call.scope();
    call.transaction.remove::<Flavor>(&scope, &flavor.id)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}
