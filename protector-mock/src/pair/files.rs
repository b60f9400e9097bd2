//! The files that tell clients where the pair is.

use super::{ARRAYS, Addresses, Folder, PairError, Place, SITES};
use crate::cloud::ServiceKind;
use base64::Engine;
use serde_json::{Value, json};

/// The password of every user: nothing here is worth protecting.
pub(crate) const PASSWORD: &str = "simulated-secret";

/// The API token of an array.
pub(crate) fn array_token(array: &str) -> String {
    format!("simulated-token-of-{array}")
}

/// What the built-in estate calls its project, the project's owner and its service user.
pub(crate) const PROJECT: &str = "app";
pub(crate) const OWNER: &str = "app-owner";
pub(crate) const SERVICE: &str = "app-protector";

pub(super) fn write(folder: &Folder, addresses: &Addresses) -> Result<(), PairError> {
    folder.write_secret("clouds.yaml", &clouds(addresses))?;
    folder.write("protector.yaml", &protector(addresses))?;
    for array in ARRAYS {
        folder.write_secret(&format!("{array}.token"), &(array_token(array) + "\n"))?;
    }
    if folder.read("protector.key")?.is_none() {
        folder.write_secret("protector.key", &(key() + "\n"))?;
    }
    let bed = serde_json::to_string_pretty(&bed(addresses)).unwrap_or_default();
    folder.write_secret("bed.json", &(bed + "\n"))?;
    for path in SITES.into_iter().flat_map(|site| ServiceKind::ALL.map(|kind| access_log(site, kind))) {
        if folder.read(&path)?.is_none() {
            folder.write(&path, "")?;
        }
    }
    Ok(())
}

/// The administrators, the estate's owner and its service user, where faults are; and the administrators where none are.
fn clouds(addresses: &Addresses) -> String {
    let entry = |name: String, site: &'static str, user: &str, project: &str, quiet: bool| {
        let identity = addresses.origin(Place::Service { site, kind: ServiceKind::Identity, quiet });
        format!(
            "  {name}:
    auth:
      auth_url: {identity}/v3
      username: {user}
      password: {PASSWORD}
      project_name: {project}
      user_domain_name: Default
      project_domain_name: Default
    region_name: {site}
    interface: public
    identity_api_version: 3
    volume_api_version: '3'
"
        )
    };
    let entries = SITES.map(|site| {
        [
            entry(site.to_owned(), site, "admin", "admin", false),
            entry(format!("tenant-{site}"), site, OWNER, PROJECT, false),
            entry(format!("protector-{site}"), site, SERVICE, PROJECT, false),
            entry(format!("{site}-quiet"), site, "admin", "admin", true),
        ]
        .concat()
    });
    format!("clouds:\n{}", entries.concat())
}

fn protector(addresses: &Addresses) -> String {
    let entry = |site, array| {
        let url = addresses.origin(Place::Array { array, quiet: false });
        format!(
            "  {site}:
    cloud: protector-{site}
    region: {site}
    store: {site}.db
    arrays:
      {array}:
        driver: pure
        url: {url}
        api_token: file:{array}.token
        ca_certificate: tls/authority.pem
"
        )
    };
    let sites: Vec<String> = SITES.into_iter().zip(ARRAYS).map(|(site, array)| entry(site, array)).collect();
    format!("sites:\n{}\nencryption_key: file:protector.key\n", sites.concat())
}

/// 32 bytes for encryption at rest, as protector.yaml wants them.
fn key() -> String {
    let bytes = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(uuid::Uuid::into_bytes).concat();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Where the requests to a service are written, line by line.
pub(super) fn access_log(site: &str, kind: ServiceKind) -> String {
    format!("log/{site}-{}-access.log", kind.name())
}

/// The description that testbed/scenario runs on. Those who set the scene take the quiet way, the program under test the
/// one that testbed/bed calls proxied.
fn bed(addresses: &Addresses) -> Value {
    let path = |kind| match kind {
        ServiceKind::Identity | ServiceKind::BlockStorage => "/v3",
        ServiceKind::Compute => "/v2.1",
        ServiceKind::Network | ServiceKind::Image => "",
    };
    let name = |kind: ServiceKind| kind.name().replace('-', "_");
    let site = |site: &'static str| {
        let each = |value: &dyn Fn(ServiceKind) -> Value| -> Value {
            ServiceKind::ALL
                .into_iter()
                .map(|kind| (name(kind), value(kind)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let proxied = each(&|kind| {
            let origin = addresses.origin(Place::Service { site, kind, quiet: false });
            json!(format!("{origin}{}", path(kind)))
        });
        json!({
            "cloud": format!("{site}-quiet"),
            "region": site,
            "proxied": proxied,
            "access_logs": each(&|kind| json!(access_log(site, kind))),
            "logs": [],
            "databases": {},
        })
    };
    let array = |site: &str, array: &'static str| {
        json!({
            "site": site,
            "url": addresses.origin(Place::Array { array, quiet: true }),
            "token": array_token(array),
            "certificate": "tls/authority.pem",
            "proxied": addresses.origin(Place::Array { array, quiet: false }),
            "proxied_certificate": "tls/authority.pem",
        })
    };
    let sites: serde_json::Map<_, _> = SITES.map(|name| (name.to_owned(), site(name))).into_iter().collect();
    let arrays: serde_json::Map<_, _> =
        SITES.into_iter().zip(ARRAYS).map(|(site, name)| (name.to_owned(), array(site, name))).collect();
    json!({
        "clouds": "clouds.yaml",
        "sites": sites,
        "arrays": arrays,
        "proxy": addresses.origin(Place::Admin),
    })
}
