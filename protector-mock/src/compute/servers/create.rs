//! A new server: what is checked and reserved while the client waits. Source: nova/api/openstack/compute/servers.py
//! (`create`), nova/compute/api.py (`_create_instance`).

use super::devices::{self, Device, Source};
use super::networks::{self, Interface};
use super::states::power;
use super::{Server, VmState, metadata, request, update};
use crate::cloud::{Call, Fault, Reply, ServiceKind};
use crate::compute::flavors::{self, Flavor};
use crate::compute::neighbours::{self, Image};
use crate::compute::schema::{check_body, integer, text, truth};
use crate::compute::server_groups::ServerGroup;
use crate::compute::{aggregates, hosts, instance_actions, keypairs, next_number, paging, quotas, timing};
use http::header;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What all servers of one request have in common.
struct Wanted {
    flavor: Flavor,
    image: Option<Image>,
    devices: Vec<Device>,
    interfaces: Vec<Interface>,
    group: Option<ServerGroup>,
    zone: Option<String>,
    host: Option<String>,
    hints: BTreeMap<String, Value>,
    given: Value,
    reservation: String,
    count: i64,
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    check_body(call, &request::create(call))?;
    let wanted = read(call)?;
    let password = match text(wanted.given.get("adminPass")) {
        Some(password) => password,
        None => generated(call, 12)?,
    };
    let mut first = None;
    for index in 0..wanted.count {
        let id = make(call, &wanted, index)?;
        first.get_or_insert(id);
    }
    if wanted.given.get("return_reservation_id").is_some_and(truth) {
        return Ok(Reply::accepted(json!({"reservation_id": wanted.reservation})));
    }
    let id = first.unwrap_or_default();
    let groups = wanted.given.get("security_groups").cloned().unwrap_or_else(|| json!([{"name": "default"}]));
    let config = wanted.given.get("OS-DCF:diskConfig").cloned().unwrap_or_else(|| json!("MANUAL"));
    let view = json!({
        "id": id,
        "links": paging::links(call, "servers", &id),
        "OS-DCF:diskConfig": config,
        "security_groups": groups,
        "adminPass": password,
    });
    let location = format!("{}/v2.1/servers/{id}", call.site.url(ServiceKind::Compute));
    Ok(Reply::accepted(json!({"server": view})).and(header::LOCATION, &location))
}

/// A word of the seeded source, as Nova makes passwords and reservations.
pub(super) fn generated(call: &mut Call<'_, '_>, length: usize) -> Result<String, Fault> {
    Ok(word(&call.transaction.draw()?, length))
}

/// The word that is made of what was drawn.
pub(in crate::compute) fn word(drawn: &[u8; 32], length: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyz23456789";
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'a');
    drawn.iter().take(length).map(letter).map(char::from).collect()
}

fn read(call: &mut Call<'_, '_>) -> Result<Wanted, Fault> {
    let given = call.body.get("server").cloned().unwrap_or_default();
    let count = |name: &str| integer(given.get(name));
    let least = count("min_count").unwrap_or(1);
    let most = count("max_count").unwrap_or(least);
    if least > most {
        return Err(Fault::bad_request("min_count must be <= max_count"));
    }
    let hints = call.body.get("os:scheduler_hints").or_else(|| call.body.get("OS-SCH-HNT:scheduler_hints"));
    let hints: BTreeMap<String, Value> = hints
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            // The request's specification holds lists, whatever was given.
            let listed = if value.is_array() { value.clone() } else { json!([value]) };
            (name.clone(), listed)
        })
        .collect();
    let (zone, host) = place(call, &given)?;
    let image_id = text(given.get("imageRef")).filter(|id| !id.is_empty());
    let mut devices = devices::read(call, &given, image_id.as_deref())?;
    if image_id.is_none() && devices.is_empty() {
        return Err(Fault::bad_request("Missing imageRef attribute"));
    }
    let flavor_id = match given.get("flavorRef") {
        Some(Value::Number(number)) => number.to_string(),
        other => text(other).unwrap_or_default(),
    };
    let flavor_id = flavor_id.rsplit('/').next().unwrap_or_default();
    let flavor = flavors::find(call, flavor_id)
        .map_err(|_| Fault::bad_request(format!("Flavor {flavor_id} could not be found.")))?;
    let image = match &image_id {
        None => None,
        Some(id) => Some(
            neighbours::image(call, id)?.ok_or_else(|| Fault::bad_request("Can not find requested image"))?,
        ),
    };
    if let Some(name) = text(given.get("key_name"))
        && keypairs::find(call, &call.caller.user.clone(), &name)?.is_none()
    {
        return Err(Fault::bad_request("Invalid key_name provided."));
    }
    metadata::check_count(
        call,
        given.get("metadata").and_then(Value::as_object).map_or(0, serde_json::Map::len),
    )?;
    let interfaces = networks::read(call, given.get("networks"))?;
    if most > 1 {
        check_many(&devices, &interfaces, &given)?;
    }
    let count = quotas::admit(call, (flavor.vcpus, flavor.ram), least, most)?;
    devices::check(call, &mut devices, &flavor, image.as_ref())?;
    devices::name_devices(&mut devices);
    let group = group(call, &hints, count)?;
    let reservation = format!("r-{}", generated(call, 8)?);
    Ok(Wanted { flavor, image, devices, interfaces, group, zone, host, hints, given, reservation, count })
}

fn check_many(devices: &[Device], interfaces: &[Interface], given: &Value) -> Result<(), Fault> {
    if interfaces.iter().any(|interface| interface.address.is_some()) {
        return Err(Fault::bad_request(
            "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.",
        ));
    }
    if interfaces.iter().any(|interface| interface.port.is_some()) {
        return Err(Fault::bad_request(
            "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. Please \
             launch your instance one by one with different ports.",
        ));
    }
    if given.get("hostname").is_some() {
        return Err(Fault::bad_request("Unable to allocate a single hostname to multiple instances"));
    }
    if devices.iter().any(|device| matches!(device.source, Source::Volume(_))) {
        return Err(Fault::bad_request("Cannot attach one or more volumes to multiple instances"));
    }
    Ok(())
}

/// The zone and host that were asked for, `zone:host` among them.
fn place(call: &mut Call<'_, '_>, given: &Value) -> Result<(Option<String>, Option<String>), Fault> {
    let asked = text(given.get("availability_zone")).unwrap_or_default();
    let mut parts = asked.splitn(3, ':').map(str::to_owned);
    let zone = parts.next().filter(|zone| !zone.is_empty());
    let forced = parts.next().filter(|host| !host.is_empty()).or_else(|| parts.next());
    if forced.is_some() {
        call.require_admin("os_compute_api:servers:create:forced_host")?;
    }
    let named = text(given.get("host")).or_else(|| text(given.get("hypervisor_hostname")));
    if named.is_some() {
        call.require_admin("compute:servers:create:requested_destination")?;
        if forced.is_some() {
            return Err(Fault::bad_request(
                "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are \
                 mutually exclusive.",
            ));
        }
    }
    let scope = call.scope();
    if let Some(host) = &named
        && !hosts::computes(call.transaction, &scope)?.iter().any(|service| service.host == *host)
    {
        return Err(Fault::bad_request(format!("Compute host {host} could not be found.")));
    }
    if let Some(zone) = &zone
        && !aggregates::all_zones(call)?.contains_key(zone)
    {
        return Err(Fault::bad_request("The requested availability zone is not available"));
    }
    Ok((zone, forced.or(named)))
}

fn group(
    call: &Call<'_, '_>,
    hints: &BTreeMap<String, Value>,
    count: i64,
) -> Result<Option<ServerGroup>, Fault> {
    let Some(id) = hints.get("group").and_then(|ids| ids.get(0)).and_then(Value::as_str) else {
        return Ok(None);
    };
    let found: Option<ServerGroup> = call.transaction.get(&call.site.name, id)?;
    let group = found
        .filter(|group| call.caller.is_admin() || group.project == call.caller.project)
        .ok_or_else(|| Fault::bad_request(format!("Instance group {id} could not be found.")))?;
    let members = call.transaction.count::<Server>(&call.site.name, Some(("group", id)))?;
    let most =
        quotas::limit(call.transaction, &call.site.name, &call.caller.project, "server_group_members")?;
    if most >= 0 && members + count.unsigned_abs() > most.unsigned_abs() {
        return Err(Fault::forbidden("Quota exceeded, too many servers in group"));
    }
    Ok(Some(group))
}

/// `nova.utils.sanitize_hostname`.
pub(in crate::compute) fn hostname(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|character| if matches!(character, ' ' | '_') { '-' } else { character })
        .filter(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '.'))
        .map(|character| if character == '.' { '-' } else { character.to_ascii_lowercase() })
        .take(63)
        .collect();
    kept.trim_matches(['-', '.']).to_owned()
}

fn make(call: &mut Call<'_, '_>, wanted: &Wanted, index: i64) -> Result<String, Fault> {
    let given = &wanted.given;
    let id = call.transaction.new_uuid()?.to_string();
    let scope = call.scope();
    let suffix = if wanted.count > 1 { format!("-{}", index + 1) } else { String::new() };
    let name = text(given.get("name")).unwrap_or_default();
    let now = call.transaction.now();
    let mut server = Server {
        id: id.clone(),
        number: next_number(call.transaction, &scope, "server")?,
        name: name.clone(),
        // Before 2.19 a server was described by its name.
        description: (!call.since(2, 19)).then(|| name.clone()),
        hostname: hostname(&name),
        project: call.caller.project.clone(),
        user: call.caller.user.clone(),
        flavor: wanted.flavor.clone(),
        image: wanted.image.as_ref().map(|image| image.id.clone()),
        image_properties: wanted.image.as_ref().map(|image| image.properties.clone()).unwrap_or_default(),
        metadata: metadata::texts(given.get("metadata")),
        tags: metadata_tags(given),
        key_name: text(given.get("key_name")),
        user_data: text(given.get("user_data")),
        config_drive: given.get("config_drive").is_some_and(truth),
        access_v4: None,
        access_v6: None,
        auto_disk_config: false,
        pinned_zone: wanted.zone.clone(),
        pinned_host: wanted.host.clone(),
        hints: wanted.hints.clone(),
        group: wanted.group.as_ref().map(|group| group.id.clone()),
        trusted_certificates: certificates(given),
        reservation: wanted.reservation.clone(),
        launch_index: index,
        host: None,
        vm_state: VmState::Building,
        task_state: Some("scheduling".to_owned()),
        power_state: power::NONE,
        locked_by: None,
        locked_reason: None,
        created: now,
        updated: now,
        launched: None,
        terminated: None,
        deleted: false,
        fault: None,
        devices: wanted.devices.clone(),
        interfaces: wanted.interfaces.clone(),
        security_groups: groups(given),
        place: None,
        pending: None,
        image_being_made: None,
        before_resize: None,
    };
    update::take(call, &mut server, given);
    if !suffix.is_empty() {
        server.name.push_str(&suffix);
        server.hostname.push_str(&suffix);
    }
    if server.hostname.is_empty() {
        server.hostname = format!("server-{id}");
    }
    for device in &mut server.devices {
        if let Some(volume) = device.volume.clone() {
            device.attachment = Some(neighbours::reserve(call, &volume, &id)?);
        }
    }
    call.transaction.put(&scope, &server)?;
    let request = instance_actions::record(call, &id, "create")?;
    server.pending = Some(super::Pending { vm_state: VmState::Active, power_state: power::RUNNING, request });
    call.transaction.put(&scope, &server)?;
    timing::schedule(call.transaction, &scope, "compute.server-scheduled", 0.2, &id)?;
    Ok(id)
}

pub(super) fn certificates(given: &Value) -> Option<Vec<String>> {
    let list = given.get("trusted_image_certificates")?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn metadata_tags(given: &Value) -> Vec<String> {
    let list = given.get("tags").and_then(Value::as_array);
    let mut tags: Vec<String> =
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    tags.sort();
    tags.dedup();
    tags
}

fn groups(given: &Value) -> Vec<String> {
    let list = given.get("security_groups").and_then(Value::as_array);
    let mut groups: Vec<String> =
        list.into_iter().flatten().filter_map(|group| text(group.get("name"))).collect();
    groups.sort();
    groups.dedup();
    groups
}
