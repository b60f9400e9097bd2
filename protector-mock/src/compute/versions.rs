//! What versions there are. Source: nova/api/openstack/compute/{versions,versionsV21}.py, views/versions.py.

use crate::cloud::{Call, Fault, Release, Reply, Route, ServiceKind};
use http::Method;
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = &[
    Route::open(Method::GET, "/", all),
    Route::open(Method::GET, "/v2.1", one),
    Route::new(Method::GET, "/v2.1/extensions", extensions),
];

fn describe(call: &Call<'_, '_>) -> Value {
    let url = call.site.url(ServiceKind::Compute);
    json!({
        "id": "v2.1",
        "status": "CURRENT",
        "version": super::newest(call.site.release).to_string(),
        "min_version": "2.1",
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": format!("{url}/v2.1/")}],
    })
}

fn all(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let url = call.site.url(ServiceKind::Compute);
    let (status, updated) = match call.site.release {
        Release::R2024_1 => ("SUPPORTED", "2011-01-21T11:33:21Z"),
        Release::R2026_2 => ("DEPRECATED", "2025-07-04T12:00:00Z"),
    };
    let older = json!({
        "id": "v2.0",
        "status": status,
        "version": "",
        "min_version": "",
        "updated": updated,
        "links": [{"rel": "self", "href": format!("{url}/v2/")}],
    });
    Ok(Reply::ok(json!({"versions": [older, describe(call)]})))
}

fn one(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut version = describe(call);
    if let Some(links) = version.get_mut("links").and_then(Value::as_array_mut) {
        links.push(json!({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}));
    }
    if let Some(version) = version.as_object_mut() {
        let kind = "application/vnd.openstack.compute+json;version=2.1";
        version.insert("media-types".to_owned(), json!([{"base": "application/json", "type": kind}]));
    }
    Ok(Reply::ok(json!({"version": version})))
}

/// Of the list of before microversions, which says nothing of this cloud, the part that clients ask for by alias.
fn extensions(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    const KNOWN: [(&str, &str); 22] = [
        ("OS-DCF", "DiskConfig"),
        ("OS-EXT-AZ", "ExtendedAvailabilityZone"),
        ("OS-EXT-IPS", "ExtendedIps"),
        ("OS-EXT-IPS-MAC", "ExtendedIpsMac"),
        ("OS-EXT-SRV-ATTR", "ExtendedServerAttributes"),
        ("OS-EXT-STS", "ExtendedStatus"),
        ("OS-FLV-EXT-DATA", "FlavorExtraData"),
        ("OS-SCH-HNT", "SchedulerHints"),
        ("OS-SRV-USG", "ServerUsage"),
        ("os-aggregates", "Aggregates"),
        ("os-attach-interfaces", "AttachInterfaces"),
        ("os-availability-zone", "AvailabilityZone"),
        ("os-extended-volumes", "ExtendedVolumes"),
        ("os-flavor-access", "FlavorAccess"),
        ("os-flavor-extra-specs", "FlavorExtraSpecs"),
        ("os-hypervisors", "Hypervisors"),
        ("os-instance-actions", "InstanceActions"),
        ("os-keypairs", "Keypairs"),
        ("os-quota-sets", "Quotas"),
        ("os-server-groups", "ServerGroups"),
        ("os-services", "Services"),
        ("os-simple-tenant-usage", "SimpleTenantUsage"),
    ];
    let extensions: Vec<Value> = KNOWN
        .iter()
        .map(|(alias, name)| {
            json!({
                "alias": alias,
                "name": name,
                "description": name,
                "links": [],
                "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
                "updated": "2014-12-03T00:00:00Z",
            })
        })
        .collect();
    Ok(Reply::ok(json!({"extensions": extensions})))
}
