//! Where the services are: regions, services and endpoints, and the catalog that tokens carry.

mod endpoints;
mod regions;
mod services;

pub use endpoints::Endpoint;
pub use regions::Region;
pub use services::CatalogService;

use super::wire;
use crate::cloud::{Call, Fault, Route, ServiceKind, Site};
use crate::world::Transaction;
use http::Method;
use serde_json::{Map, Value, json};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/regions", regions::list),
    Route::new(Method::POST, "/v3/regions", regions::create),
    Route::new(Method::GET, "/v3/regions/{region_id}", regions::show),
    Route::new(Method::PUT, "/v3/regions/{region_id}", regions::create),
    Route::new(Method::PATCH, "/v3/regions/{region_id}", regions::update),
    Route::new(Method::DELETE, "/v3/regions/{region_id}", regions::delete),
    Route::new(Method::GET, "/v3/services", services::list),
    Route::new(Method::POST, "/v3/services", services::create),
    Route::new(Method::GET, "/v3/services/{service_id}", services::show),
    Route::new(Method::PATCH, "/v3/services/{service_id}", services::update),
    Route::new(Method::DELETE, "/v3/services/{service_id}", services::delete),
    Route::new(Method::GET, "/v3/endpoints", endpoints::list),
    Route::new(Method::POST, "/v3/endpoints", endpoints::create),
    Route::new(Method::GET, "/v3/endpoints/{endpoint_id}", endpoints::show),
    Route::new(Method::PATCH, "/v3/endpoints/{endpoint_id}", endpoints::update),
    Route::new(Method::DELETE, "/v3/endpoints/{endpoint_id}", endpoints::delete),
];

/// Name, type, which, and what follows the address. Both types of Cinder are there, as clients look for either.
const SERVICES: [(&str, &str, ServiceKind, &str); 6] = [
    ("keystone", "identity", ServiceKind::Identity, "/v3"),
    ("nova", "compute", ServiceKind::Compute, "/v2.1"),
    ("cinderv3", "volumev3", ServiceKind::BlockStorage, "/v3"),
    ("cinder", "block-storage", ServiceKind::BlockStorage, "/v3"),
    ("neutron", "network", ServiceKind::Network, ""),
    ("glance", "image", ServiceKind::Image, ""),
];

/// Puts a site's services into its catalog, at the addresses that they have now.
///
/// # Errors
/// The world cannot be changed.
pub fn publish(transaction: &mut Transaction<'_>, site: &Site) -> Result<(), Fault> {
    let scope = site.name.as_str();
    if transaction.get::<Region>(scope, &site.region)?.is_none() {
        let region =
            Region { id: site.region.clone(), description: String::new(), parent: None, extra: Map::new() };
        transaction.put(scope, &region)?;
    }
    let known: Vec<CatalogService> = transaction.list(scope)?;
    for (name, kind, which, path) in SERVICES {
        let address = format!("{}{path}", site.url(which));
        let service = match known.iter().find(|service| service.kind == kind) {
            Some(service) => service.clone(),
            None => CatalogService {
                id: wire::new_id(transaction)?,
                name: name.to_owned(),
                kind: kind.to_owned(),
                enabled: true,
                extra: Map::new(),
            },
        };
        transaction.put(scope, &service)?;
        let there: Vec<Endpoint> = transaction.find(scope, "service", &service.id)?;
        for interface in ["admin", "internal", "public"] {
            let same = |endpoint: &&Endpoint| {
                endpoint.interface == interface && endpoint.region.as_ref() == Some(&site.region)
            };
            let endpoint = match there.iter().find(same) {
                Some(endpoint) => Endpoint { url: address.clone(), ..endpoint.clone() },
                None => Endpoint {
                    id: wire::new_id(transaction)?,
                    interface: interface.to_owned(),
                    region: Some(site.region.clone()),
                    service: service.id.clone(),
                    url: address.clone(),
                    enabled: true,
                    extra: Map::new(),
                },
            };
            transaction.put(scope, &endpoint)?;
        }
    }
    Ok(())
}

/// The catalog (`keystone/catalog/backends/sql.py`: `get_v3_catalog`).
pub(super) fn view(call: &Call<'_, '_>, project: &str) -> Result<Value, Fault> {
    let site = call.site.name.as_str();
    let mut services: Vec<CatalogService> = call.transaction.list(site)?;
    services.sort_by(|left, right| left.id.cmp(&right.id));
    let mut endpoints: Vec<Endpoint> = call.transaction.list(site)?;
    endpoints.sort_by(|left, right| left.id.cmp(&right.id));
    let catalog: Vec<Value> = services
        .iter()
        .filter(|service| service.enabled)
        .map(|service| {
            let own = endpoints.iter().filter(|endpoint| endpoint.service == service.id && endpoint.enabled);
            let own: Vec<Value> = own
                .map(|endpoint| {
                    json!({
                        "id": endpoint.id, "interface": endpoint.interface, "region_id": endpoint.region,
                        "region": endpoint.region, "url": filled(&endpoint.url, project),
                    })
                })
                .collect();
            json!({"endpoints": own, "id": service.id, "type": service.kind, "name": service.name})
        })
        .collect();
    Ok(Value::Array(catalog))
}

/// An endpoint's URL may name the project of the token.
fn filled(url: &str, project: &str) -> String {
    let mut filled = url.to_owned();
    for name in ["$(project_id)s", "%(project_id)s", "$(tenant_id)s", "%(tenant_id)s"] {
        filled = filled.replace(name, project);
    }
    filled
}
