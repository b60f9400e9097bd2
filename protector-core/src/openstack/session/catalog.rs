use crate::config::Interface;
use crate::openstack::Service;
use serde::Deserialize;
use url::Url;

// keystone/models/token_model.py, keystone/catalog/backends/base.py, 2026.2
#[derive(Debug, Clone, Deserialize)]
pub(super) struct CatalogService {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    endpoints: Vec<CatalogEndpoint>,
}

#[derive(Debug, Clone, Deserialize)]
struct CatalogEndpoint {
    interface: String,
    region_id: Option<String>,
    region: Option<String>,
    url: Url,
}

/// The endpoint of a service, by the best of its names.
pub(super) fn endpoint(
    catalog: &[CatalogService],
    service: Service,
    interface: Interface,
    region: Option<&str>,
) -> Option<Url> {
    let in_region = |endpoint: &&CatalogEndpoint| {
        region.is_none_or(|region| {
            endpoint.region_id.as_deref() == Some(region) || endpoint.region.as_deref() == Some(region)
        })
    };
    service.catalog_types().iter().find_map(|kind| {
        catalog
            .iter()
            .filter(|candidate| candidate.kind == *kind)
            .flat_map(|candidate| &candidate.endpoints)
            .filter(|endpoint| endpoint.interface == interface.as_str())
            .find(in_region)
            .map(|endpoint| endpoint.url.clone())
    })
}

/// An endpoint as catalogs have it, with and without a version (and behind it a project), made to lead to the version.
pub(super) fn versioned(mut address: Url, service: Service) -> Result<Url, String> {
    let segments: Vec<&str> = address.path_segments().ok_or_else(|| address.to_string())?.collect();
    let has_version = segments.iter().any(|segment| is_version(segment));
    if !has_version && let Ok(mut segments) = address.path_segments_mut() {
        segments.pop_if_empty().push(service.version_segment());
    }
    Ok(address)
}

/// The address up to its version, where the version document is.
pub(super) fn version_document(endpoint: &Url) -> Url {
    let mut address = endpoint.clone();
    let kept: Vec<String> = endpoint
        .path_segments()
        .map(|segments| {
            let all: Vec<&str> = segments.collect();
            let end = all.iter().position(|segment| is_version(segment)).map_or(all.len(), |at| at + 1);
            all.into_iter().take(end).map(str::to_owned).collect()
        })
        .unwrap_or_default();
    if let Ok(mut segments) = address.path_segments_mut() {
        segments.clear().extend(kept).push("");
    }
    address
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_added_only_where_it_is_missing() {
        let versioned = |text: &str, service| versioned(text.parse().unwrap(), service).unwrap().to_string();
        assert_eq!(versioned("http://c:9696", Service::Network), "http://c:9696/v2.0");
        assert_eq!(versioned("http://c/network/", Service::Network), "http://c/network/v2.0");
        assert_eq!(versioned("http://c/v3/abc", Service::BlockStorage), "http://c/v3/abc");
    }

    #[test]
    fn the_version_document_stands_before_the_project() {
        let document = version_document(&"http://c/volume/v3/abc".parse().unwrap());
        assert_eq!(document.as_str(), "http://c/volume/v3/");
    }

    #[test]
    fn an_endpoint_is_chosen_by_type_interface_and_region() {
        let catalog: Vec<CatalogService> = serde_json::from_value(serde_json::json!([
            {"type": "volumev3", "endpoints": [
                {"interface": "public", "region_id": "one", "region": "one", "url": "http://one/v3"},
                {"interface": "internal", "region_id": "two", "region": "two", "url": "http://in/v3"},
                {"interface": "public", "region_id": "two", "region": "two", "url": "http://two/v3"}]}]))
        .unwrap();
        let found = endpoint(&catalog, Service::BlockStorage, Interface::Public, Some("two"));
        assert_eq!(found.unwrap().as_str(), "http://two/v3");
        assert!(endpoint(&catalog, Service::Network, Interface::Public, None).is_none());
    }
}
