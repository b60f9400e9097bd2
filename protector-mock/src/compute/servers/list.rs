//! Lists of servers: filters, order, pages. Source: nova/api/openstack/compute/servers.py (`_get_servers`), schemas.

use super::states::STATUSES;
use super::view::{self, Parts};
use super::{Server, named};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::schema::{is_true, represent};
use crate::compute::{neighbours, paging, timing};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::cmp::Ordering;

/// Filters that everybody may use, and since when.
const FOR_ALL: [(&str, u16); 29] = [
    ("reservation_id", 1),
    ("name", 1),
    ("status", 1),
    ("image", 1),
    ("flavor", 1),
    ("ip", 1),
    ("changes-since", 1),
    ("all_tenants", 1),
    ("ip6", 5),
    ("tags", 26),
    ("tags-any", 26),
    ("not-tags", 26),
    ("not-tags-any", 26),
    ("changes-before", 66),
    ("locked", 73),
    ("availability_zone", 83),
    ("config_drive", 83),
    ("key_name", 83),
    ("created_at", 83),
    ("launched_at", 83),
    ("terminated_at", 83),
    ("power_state", 83),
    ("task_state", 83),
    ("vm_state", 83),
    ("progress", 83),
    ("user_id", 83),
    ("hostname", 90),
    ("limit", 1),
    ("marker", 1),
];

/// What the schema knows beyond those.
const FOR_ADMINISTRATORS: [&str; 22] = [
    "project_id",
    "tenant_id",
    "launch_index",
    "image_ref",
    "kernel_id",
    "ramdisk_id",
    "host",
    "node",
    "display_name",
    "description",
    "display_description",
    "locked_by",
    "uuid",
    "root_device_name",
    "access_ip_v4",
    "access_ip_v6",
    "auto_disk_config",
    "sort_key",
    "sort_dir",
    "soft_deleted",
    "deleted",
    "user_id",
];

const SORT_KEYS: [&str; 30] = [
    "access_ip_v4",
    "access_ip_v6",
    "auto_disk_config",
    "availability_zone",
    "config_drive",
    "created_at",
    "display_description",
    "display_name",
    "host",
    "hostname",
    "image_ref",
    "instance_type_id",
    "kernel_id",
    "key_name",
    "launch_index",
    "launched_at",
    "locked",
    "locked_by",
    "node",
    "power_state",
    "progress",
    "project_id",
    "ramdisk_id",
    "root_device_name",
    "task_state",
    "terminated_at",
    "updated_at",
    "user_id",
    "uuid",
    "vm_state",
];

fn known(call: &Call<'_, '_>, name: &str) -> bool {
    FOR_ALL.iter().any(|(filter, since)| *filter == name && call.since(2, *since))
        || FOR_ADMINISTRATORS.contains(&name)
        // The schema has known these from the beginning, without anybody but administrators using them.
        || FOR_ALL.iter().any(|(filter, since)| *filter == name && *since >= 83)
}

fn check_query(call: &Call<'_, '_>) -> Result<(), Fault> {
    if call.since(2, 75) {
        for (name, _) in call.query.pairs() {
            if !known(call, name) && !name.starts_with('_') {
                let name = represent(&json!(name));
                return Err(Fault::bad_request(format!("{name} does not match any of the regexes: '^_'")));
            }
        }
    }
    for name in ["changes-since", "changes-before"] {
        if let Some(text) = call.query.get(name)
            && timing::parse(text).is_none()
            && (name == "changes-since" || call.since(2, 66))
        {
            return Err(Fault::bad_request(format!(
                "Invalid input for query parameters {name}. Value: {text}. '{text}' is not a 'date-time'"
            )));
        }
    }
    for key in call.query.all("sort_key") {
        if !SORT_KEYS.contains(&key) {
            return Err(Fault::bad_request(format!(
                "Invalid input for query parameters sort_key. Value: {key}. {} is not one of {}",
                represent(&json!(key)),
                represent(&json!(SORT_KEYS))
            )));
        }
        if matches!(key, "host" | "node") && !call.caller.is_admin() {
            return Err(Fault::forbidden(format!("Only administrators can sort servers by {key}")));
        }
    }
    Ok(())
}

fn found(call: &Call<'_, '_>) -> Result<Vec<Server>, Fault> {
    check_query(call)?;
    let admin = call.caller.is_admin();
    let everywhere = match call.query.get("all_tenants") {
        None => false,
        Some("") => true,
        Some(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "t" | "true" | "on" | "y" | "yes" => true,
            "0" | "f" | "false" | "off" | "n" | "no" => false,
            _ => return Err(Fault::bad_request(format!("Invalid value '{text}'"))),
        },
    };
    if everywhere && !admin {
        let rule = if call.path.ends_with("detail") { "detail" } else { "index" };
        call.require_admin(&format!("os_compute_api:servers:{rule}:get_all_tenants"))?;
    }
    let time = |name: &str| call.query.get(name).and_then(timing::parse);
    let (since, before) = (time("changes-since"), time("changes-before").filter(|_| call.since(2, 66)));
    if let (Some(since), Some(before)) = (since, before)
        && before < since
    {
        return Err(Fault::bad_request(
            "The value of changes-since must be less than or equal to changes-before.",
        ));
    }
    let deleted = match call.query.get("deleted").filter(|_| admin) {
        Some(text) => Some(is_true(text)),
        None if call.query.all("status").any(|status| status.eq_ignore_ascii_case("deleted")) => {
            if !admin {
                return Err(Fault::forbidden("Only administrators may list deleted instances"));
            }
            Some(true)
        }
        None => (since.is_none() && before.is_none()).then_some(false),
    };
    let scope = &call.site.name;
    let mut servers: Vec<Server> = if everywhere || deleted != Some(false) {
        call.transaction.list(scope)?
    } else {
        call.transaction.find(scope, "project", &call.caller.project)?
    };
    servers.retain(|server| {
        (everywhere || server.project == call.caller.project)
            && deleted.is_none_or(|deleted| server.deleted == deleted)
            && since.is_none_or(|since| server.updated >= since)
            && before.is_none_or(|before| server.updated <= before)
    });
    if !filter_status(call, &mut servers)? {
        return Ok(Vec::new());
    }
    let used: Vec<(&str, &str)> = call
        .query
        .pairs()
        .filter(|(name, _)| {
            admin || FOR_ALL.iter().any(|(filter, since)| filter == name && call.since(2, *since))
        })
        .collect();
    let mut kept = Vec::new();
    for server in servers {
        let mut fits = true;
        for (name, value) in &used {
            fits = fits && matches(call, &server, name, value)?;
        }
        if fits {
            kept.push(server);
        }
    }
    sort(call, &mut kept);
    Ok(kept)
}

fn filter_status(call: &Call<'_, '_>, servers: &mut Vec<Server>) -> Result<bool, Fault> {
    let statuses: Vec<String> = call.query.all("status").map(str::to_ascii_uppercase).collect();
    if statuses.is_empty() {
        return Ok(true);
    }
    if !statuses.iter().any(|status| STATUSES.contains(&status.as_str())) {
        if call.since(2, 38) {
            return Err(Fault::bad_request("Invalid status value"));
        }
        return Ok(false);
    }
    servers.retain(|server| statuses.iter().any(|status| status == server.status()));
    Ok(true)
}

/// Whether a server passes one filter. Texts are matched as Nova's database does: anywhere, without regard to case.
fn matches(call: &Call<'_, '_>, server: &Server, name: &str, value: &str) -> Result<bool, Fault> {
    let like = |text: &str| text_matches(value, text);
    let equal = |text: Option<&str>| text == Some(value);
    let tags: Vec<&str> = value.split(',').collect();
    let has = |tag: &&str| server.tags.iter().any(|found| found == tag);
    Ok(match name {
        "name" | "display_name" => like(&server.name),
        "description" | "display_description" => like(server.description.as_deref().unwrap_or_default()),
        "hostname" => like(&server.hostname),
        "image" | "image_ref" => equal(server.image.as_deref()),
        "flavor" => server.flavor.id == value,
        "uuid" => server.id == value,
        "host" | "node" => equal(server.host.as_deref()),
        "key_name" => equal(server.key_name.as_deref()),
        "project_id" | "tenant_id" => {
            !call.query.pairs().any(|(name, _)| name == "all_tenants") || server.project == value
        }
        "user_id" => server.user == value,
        "reservation_id" => server.reservation == value,
        "availability_zone" => {
            let zone = match &server.host {
                Some(host) => {
                    Some(crate::compute::aggregates::zone_of(call.transaction, &call.site.name, host)?)
                }
                None => server.pinned_zone.clone(),
            };
            equal(zone.as_deref())
        }
        "vm_state" => server.vm_state.name() == value,
        "task_state" => equal(server.task_state.as_deref()),
        "power_state" => server.power_state.to_string() == value,
        "locked" if call.since(2, 73) => server.locked_by.is_some() == is_true(value),
        "locked_by" => equal(server.locked_by.as_deref()),
        "config_drive" => server.config_drive == is_true(value),
        "launch_index" => server.launch_index.to_string() == value,
        "access_ip_v4" => equal(server.access_v4.as_deref()),
        "access_ip_v6" => equal(server.access_v6.as_deref()),
        "tags" => tags.iter().all(has),
        "tags-any" => tags.iter().any(has),
        "not-tags" => !tags.iter().all(has),
        "not-tags-any" => !tags.iter().any(has),
        "ip" | "ip6" => {
            let ports = neighbours::ports_of(call.transaction, call.site, &server.id)?;
            ports
                .iter()
                .flat_map(|port| &port.addresses)
                .filter(|(_, address)| address.contains(':') == (name == "ip6"))
                .any(|(_, address)| like(address))
        }
        _ => true,
    })
}

/// The simple regular expressions that people filter names with: `^`, `$`, `.*` and text.
fn text_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let (start, pattern) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest.to_owned()),
        None => (false, pattern),
    };
    let (end, pattern) = match pattern.strip_suffix('$') {
        Some(rest) => (true, rest.to_owned()),
        None => (false, pattern),
    };
    let parts: Vec<String> = pattern.split(".*").map(|part| part.replace('\\', "")).collect();
    let mut rest = text.as_str();
    let last = parts.len().saturating_sub(1);
    for (index, part) in parts.iter().enumerate() {
        if index == last && end {
            return rest.ends_with(part.as_str()) && (index > 0 || !start || rest == part);
        }
        if index == 0 && start {
            let Some(after) = rest.strip_prefix(part.as_str()) else { return false };
            rest = after;
            continue;
        }
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}

fn sort(call: &Call<'_, '_>, servers: &mut [Server]) {
    let mut keys: Vec<&str> = call.query.all("sort_key").collect();
    if keys.is_empty() {
        keys.push("created_at");
    }
    let directions: Vec<&str> = call.query.all("sort_dir").collect();
    let descending =
        |index: usize| directions.get(index).or(directions.last()).copied().unwrap_or("desc") != "asc";
    let compare = |a: &Server, b: &Server, key: &str| match key {
        "display_name" => a.name.cmp(&b.name),
        "display_description" => a.description.cmp(&b.description),
        "hostname" => a.hostname.cmp(&b.hostname),
        "host" | "node" => a.host.cmp(&b.host),
        "image_ref" => a.image.cmp(&b.image),
        "instance_type_id" => a.flavor.id.cmp(&b.flavor.id),
        "key_name" => a.key_name.cmp(&b.key_name),
        "launch_index" => a.launch_index.cmp(&b.launch_index),
        "launched_at" => a.launched.cmp(&b.launched),
        "updated_at" => a.updated.cmp(&b.updated),
        "created_at" => a.created.cmp(&b.created),
        "power_state" => a.power_state.cmp(&b.power_state),
        "project_id" => a.project.cmp(&b.project),
        "task_state" => a.task_state.cmp(&b.task_state),
        "terminated_at" => a.terminated.cmp(&b.terminated),
        "user_id" => a.user.cmp(&b.user),
        "uuid" => a.id.cmp(&b.id),
        "vm_state" => a.vm_state.name().cmp(b.vm_state.name()),
        "locked" | "locked_by" => a.locked_by.is_some().cmp(&b.locked_by.is_some()),
        _ => Ordering::Equal,
    };
    let reversed = |order: Ordering, index: usize| if descending(index) { order.reverse() } else { order };
    servers.sort_by(|a, b| {
        keys.iter()
            .enumerate()
            .map(|(index, key)| reversed(compare(a, b, key), index))
            .find(|order| order.is_ne())
            // Nova breaks ties by its own number and the id.
            .unwrap_or_else(|| reversed(a.number.cmp(&b.number), 0))
    });
}

fn page(call: &Call<'_, '_>, collection: &str) -> Result<paging::Page<Server>, Fault> {
    let servers = found(call)?;
    paging::by_marker(call, servers, collection, |server| &server.id, paging::bracketed)
}

fn answer(views: Vec<Value>, next: Option<Value>) -> Reply {
    let mut body = json!({"servers": views});
    if let (Some(body), Some(next)) = (body.as_object_mut(), next) {
        body.insert("servers_links".to_owned(), next);
    }
    Reply::ok(body)
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let page = page(call, "servers")?;
    Ok(answer(page.items.iter().map(|server| view::basic(call, server)).collect(), page.next))
}

pub(super) fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let page = page(call, "servers/detail")?;
    let parts = Parts { group: false, ..Parts::ALL };
    let views =
        page.items.iter().map(|server| view::full(call, server, parts)).collect::<Result<Vec<_>, _>>()?;
    Ok(answer(views, page.next))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    Ok(Reply::ok(json!({"server": view::full(call, &server, Parts::ALL)?})))
}

/// For the usage of a time: servers of a project, or of all, that were there in it.
pub(crate) fn between(
    call: &Call<'_, '_>,
    project: Option<&str>,
    start: Timestamp,
    stop: Timestamp,
) -> Result<Vec<Server>, Fault> {
    let mut servers: Vec<Server> = call.transaction.list(&call.site.name)?;
    servers.retain(|server| {
        project.is_none_or(|project| server.project == project)
            && server.launched.is_some_and(|launched| launched < stop)
            && server.terminated.is_none_or(|terminated| terminated >= start)
    });
    Ok(servers)
}
