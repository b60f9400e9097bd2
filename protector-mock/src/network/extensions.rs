//! The extensions that are served. Clients ask for them before they use what they stand for.
// neutron/pecan_wsgi/controllers/extensions.py; names and dates as neutron-lib's definitions have them, 2026.2

use crate::cloud::{Call, Fault, Release, Reply, Route};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/extensions", list),
    Route::new(Method::GET, "/v2.0/extensions/{alias}", show),
];

struct Extension {
    alias: &'static str,
    name: &'static str,
    description: &'static str,
    updated: &'static str,
    since: Release,
}

#[rustfmt::skip]
const EXTENSIONS: &[Extension] = &[
    Extension { alias: "agent", name: "agent", description: "The agent management extension.", updated: "2013-02-03T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "allowed-address-pairs", name: "Allowed Address Pairs", description: "Provides allowed address pairs", updated: "2013-07-23T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "availability_zone", name: "Availability Zone", description: "The availability zone extension.", updated: "2015-01-01T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "availability_zone_filter", name: "Availability Zone Filter Extension", description: "Add filter parameters to AvailabilityZone resource", updated: "2018-06-22T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "empty-string-filtering", name: "Empty String Filtering Extension", description: "Allow filtering by attributes with empty string value", updated: "2018-05-01T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "external-net", name: "Neutron external network", description: "Adds external network attribute to network resource.", updated: "2013-01-14T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "extra_dhcp_opt", name: "Neutron Extra DHCP options", description: "Extra options configuration for DHCP. For example PXE boot options to DHCP clients can be specified (e.g. tftp-server, server-ip-address, bootfile-name)", updated: "2013-03-17T12:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "extraroute", name: "Neutron Extra Route", description: "Extra routes configuration for L3 router", updated: "2013-02-01T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "extraroute-atomic", name: "Atomically add/remove extra routes", description: "Edit extra routes of a router on server side by atomically adding/removing extra routes", updated: "2019-07-10T00:00:00+00:00", since: Release::R2024_1 },
    Extension { alias: "filter-validation", name: "Filter parameters validation", description: "Provides validation on filter parameters.", updated: "2018-07-04T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "fip-port-details", name: "Floating IP Port Details Extension", description: "Add port_details attribute to Floating IP resource", updated: "2018-04-09T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "ip-substring-filtering", name: "IP address substring filtering", description: "Provides IP address substring filtering when listing ports", updated: "2017-11-28T09:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "router", name: "Neutron L3 Router", description: "Router abstraction for basic L3 forwarding between L2 Neutron networks and access to external networks via a NAT gateway.", updated: "2012-07-20T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "ext-gw-mode", name: "Neutron L3 Configurable external gateway mode", description: "Extension of the router abstraction for specifying whether SNAT should occur on the external gateway", updated: "2013-03-28T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "net-mtu", name: "Network MTU", description: "Provides MTU attribute for a network resource.", updated: "2015-03-25T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "net-mtu-writable", name: "Network MTU (writable)", description: "Provides a writable MTU attribute for a network resource.", updated: "2017-07-12T00:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "network_availability_zone", name: "Network Availability Zone", description: "Availability zone support for network.", updated: "2015-01-01T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "network-ip-availability", name: "Network IP Availability", description: "Provides IP availability data for each network and subnet.", updated: "2015-09-24T00:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "network-ip-availability-details", name: "Network IP Availability Details Extension", description: "Add ip_availability_details attribute to network-ip-availabilities resource.", updated: "2025-10-31T00:00:00-00:00", since: Release::R2026_2 },
    Extension { alias: "pagination", name: "Pagination support", description: "Extension that indicates that pagination is enabled.", updated: "2016-06-12T00:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "binding", name: "Port Binding", description: "Expose port bindings of a virtual port to external application", updated: "2014-02-03T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "port-security", name: "Port Security", description: "Provides port security", updated: "2012-07-23T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "project-id", name: "project_id field enabled", description: "Extension that indicates that project_id field is enabled.", updated: "2016-09-09T09:09:09-09:09", since: Release::R2024_1 },
    Extension { alias: "provider", name: "Provider Network", description: "Expose mapping of virtual networks to physical networks", updated: "2012-09-07T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "quota-check-limit", name: "Quota engine limit check", description: "Support for checking the resource usage before applying a new quota limit", updated: "2021-09-08T16:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "quota-check-limit-default", name: "Quota engine limit check by default", description: "By default, the Neutron quota engine checks the resource usage before applying a new quota limit", updated: "2024-08-21T16:00:00-00:00", since: Release::R2026_2 },
    Extension { alias: "quotas", name: "Quota management support", description: "Expose functions for quotas management per project", updated: "2012-07-29T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "quota_details", name: "Quota details management support", description: "Expose functions for quotas usage statistics per project", updated: "2017-02-10T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "revision-if-match", name: "If-Match constraints based on revision_number", description: "Extension indicating that If-Match based on revision_number is supported.", updated: "2016-12-11T00:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "standard-attr-revisions", name: "Resource revision numbers", description: "This extension will display the revision number of neutron resources.", updated: "2016-04-11T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "router_availability_zone", name: "Router Availability Zone", description: "Availability zone support for router.", updated: "2015-01-01T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "security-groups-normalized-cidr", name: "Normalized CIDR field for security group rules", description: "Add new field with normalized remote_ip_prefix cidr in SG rule", updated: "2020-07-28T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "port-security-groups-filtering", name: "Port filtering on security groups", description: "Provides security groups filtering when listing ports", updated: "2018-01-09T09:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "security-groups-rules-belongs-to-default-sg", name: "Security group rule belongs to the project's default security group", description: "Flag to determine if the security group rule belongs to the project's default security group", updated: "2023-05-23T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "security-group", name: "security-group", description: "The security groups extension.", updated: "2012-10-05T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "service-type", name: "Neutron Service Type Management", description: "API for retrieving service providers for Neutron advanced services", updated: "2013-01-20T00:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "sorting", name: "Sorting support", description: "Extension that indicates that sorting is enabled.", updated: "2016-06-12T00:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "standard-attr-description", name: "standard-attr-description", description: "Extension to add descriptions to standard attributes", updated: "2016-02-10T10:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "stateful-security-group", name: "Stateful security group", description: "Indicates if the security group is stateful or not", updated: "2019-11-26T09:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "subnet-external-network", name: "Subnet belongs to an external network", description: "Informs if the subnet belongs to an external network", updated: "2024-02-05T18:00:00-00:00", since: Release::R2026_2 },
    Extension { alias: "subnet-service-types", name: "Subnet service types", description: "Provides ability to set the subnet service_types field", updated: "2016-03-15T18:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "tag-creation", name: "Tag creation extension", description: "Allow to create multiple tags for a resource", updated: "2024-23-07T10:00:00-00:00", since: Release::R2026_2 },
    Extension { alias: "standard-attr-tag", name: "Tag support for resources with standard attribute: port, subnet, subnetpool, network, security_group, router, floatingip, policy, trunk, network_segment_range", description: "Enables to set tag on resources with standard attribute.", updated: "2017-01-01T00:00:00-00:00", since: Release::R2024_1 },
    Extension { alias: "standard-attr-timestamp", name: "Resource timestamps", description: "Adds created_at and updated_at fields to all Neutron resources that have Neutron standard attributes.", updated: "2016-09-12T10:00:00-00:00", since: Release::R2024_1 },
];

fn view(extension: &Extension) -> Value {
    json!({
        "alias": extension.alias, "name": extension.name, "description": extension.description,
        "updated": extension.updated, "links": [],
    })
}

#[expect(clippy::unnecessary_wraps, reason = "handlers are functions that may fail")]
fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let served = EXTENSIONS.iter().filter(|extension| extension.since <= call.site.release);
    let extensions: Vec<Value> = served.map(view).collect();
    Ok(Reply::ok(json!({ "extensions": extensions })))
}

/// One that is not there is told by WebOb itself, as a page.
#[expect(clippy::unnecessary_wraps, reason = "handlers are functions that may fail")]
fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let alias = call.parameter("alias");
    let served = |extension: &&Extension| extension.since <= call.site.release && extension.alias == alias;
    if let Some(extension) = EXTENSIONS.iter().find(served) {
        return Ok(Reply::ok(json!({ "extension": view(extension) })));
    }
    let page = format!(
        "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  The resource \
         could not be found.<br /><br />\nExtension with alias {alias} does not exist\n\n\n </body>\n</html>"
    );
    Ok(Reply::bytes(StatusCode::NOT_FOUND, "text/html; charset=UTF-8", page))
}
