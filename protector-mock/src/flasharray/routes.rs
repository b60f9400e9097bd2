//! Which function answers which request.

use super::listing::{page, pick, plain};
use super::{
    Answer, Asked, Denied, appliance, array_connections, connections, default_protections, group_members,
    hosts, pod_replica_links, pods, points, protection_groups, sessions, tags, targets, volume_batches,
    volume_groups, volume_snapshots, volumes,
};
use http::StatusCode;
use serde_json::{Value, json};

type Views = fn(&Asked<'_, '_>) -> Result<Vec<Value>, Denied>;
/// The same, of what cannot fail to be told.
type Figures = fn(&Asked<'_, '_>) -> Vec<Value>;
type Change = fn(&mut Asked<'_, '_>) -> Result<Vec<Value>, Denied>;

/// What lists a path's objects, and the noun for a named one that is not there.
fn views(path: &str) -> Option<(Views, &'static str)> {
    Some(match path {
        "arrays" => (appliance::arrays, "Array"),
        "arrays/space" => (appliance::array_space, "Array"),
        "arrays/performance/by-link" => (array_connections::by_link, "Array"),
        "array-connections/path" => (array_connections::paths, "Array connection"),
        "sessions" => (sessions::views, "Session"),
        "hosts" => (hosts::views, "Host"),
        "host-groups" => (hosts::group_views, "Host group"),
        "host-groups/hosts" | "hosts/host-groups" => (hosts::memberships, "Member"),
        "connections" => (connections::views, "Connection"),
        "volumes" => (volumes::views, "Volume"),
        "volumes/space" => (volumes::spaces, "Volume"),
        "volumes/tags" => (tags::views, "Tag"),
        "volume-snapshots" => (volume_snapshots::views, "Volume snapshot"),
        "volume-groups" => (volume_groups::views, "Volume group"),
        "volume-groups/space" => (volume_groups::spaces, "Volume group"),
        "volume-groups/volumes" => (volume_groups::members, "Member"),
        "protection-groups" => (protection_groups::views, "Protection group"),
        "protection-groups/space" => (protection_groups::spaces, "Protection group"),
        "protection-groups/volumes" | "volumes/protection-groups" => (group_members::volumes, "Member"),
        "protection-groups/hosts" | "hosts/protection-groups" => (group_members::hosts, "Member"),
        "protection-groups/host-groups" | "host-groups/protection-groups" => {
            (group_members::host_groups, "Member")
        }
        "protection-groups/targets" => (targets::views, "Target"),
        "pods" => (pods::views, "Pod"),
        "pods/space" => (pods::spaces, "Pod"),
        "pods/arrays" => (pods::arrays, "Member"),
        "pods/members" => (pods::members, "Member"),
        "pod-replica-links" => (pod_replica_links::views, "Pod replica link"),
        "pod-replica-links/lag" => (pod_replica_links::lags, "Pod replica link"),
        _ => return None,
    })
}

fn figures(path: &str) -> Option<(Figures, &'static str)> {
    Some(match path {
        "arrays/performance" => (appliance::performance, "Array"),
        "array-connections/connection-key" => (array_connections::connection_key, "Array connection"),
        "controllers" => (appliance::controllers, "Controller"),
        "hardware" => (appliance::hardware, "Hardware component"),
        "ports" => (appliance::ports, "Port"),
        "network-interfaces" => (appliance::network_interfaces, "Network interface"),
        "offloads" => (appliance::nothing, "Offload target"),
        "volume-snapshots/transfer" => (volume_snapshots::transfers, "Volume snapshot"),
        _ => return None,
    })
}

fn change(method: &str, path: &str) -> Option<Change> {
    Some(match (method, path) {
        ("PATCH", "arrays") => appliance::change,
        ("PATCH", "container-default-protections") => default_protections::change,
        ("POST", "array-connections") => array_connections::create,
        ("PATCH", "array-connections") => array_connections::change,
        ("DELETE", "array-connections") => array_connections::remove,
        ("POST", "hosts") => hosts::create,
        ("PATCH", "hosts") => hosts::change,
        ("DELETE", "hosts") => hosts::remove,
        ("POST", "host-groups") => hosts::create_groups,
        ("PATCH", "host-groups") => hosts::change_groups,
        ("DELETE", "host-groups") => hosts::remove_groups,
        ("POST", "host-groups/hosts" | "hosts/host-groups") => hosts::join,
        ("DELETE", "host-groups/hosts" | "hosts/host-groups") => hosts::leave,
        ("POST", "connections") => connections::connect,
        ("DELETE", "connections") => connections::disconnect,
        ("POST", "volumes") => volumes::create,
        ("POST", "volumes/batch") => volume_batches::create,
        ("PATCH", "volumes") => volumes::change,
        ("DELETE", "volumes") => volumes::eradicate,
        ("PUT", "volumes/tags/batch") => tags::set,
        ("DELETE", "volumes/tags") => tags::remove,
        ("POST", "volume-snapshots") => volume_snapshots::create,
        ("PATCH", "volume-snapshots") => volume_snapshots::change,
        ("DELETE", "volume-snapshots") => volume_snapshots::eradicate,
        ("POST", "volume-groups") => volume_groups::create,
        ("PATCH", "volume-groups") => volume_groups::change,
        ("DELETE", "volume-groups") => volume_groups::eradicate,
        ("POST", "protection-groups") => protection_groups::create,
        ("PATCH", "protection-groups") => protection_groups::change,
        ("DELETE", "protection-groups") => protection_groups::eradicate,
        ("POST", "protection-groups/volumes" | "volumes/protection-groups") => group_members::add_volumes,
        ("DELETE", "protection-groups/volumes" | "volumes/protection-groups") => {
            group_members::remove_volumes
        }
        ("POST", "protection-groups/hosts" | "hosts/protection-groups") => group_members::add_hosts,
        ("DELETE", "protection-groups/hosts" | "hosts/protection-groups") => group_members::remove_hosts,
        ("POST", "protection-groups/host-groups" | "host-groups/protection-groups") => {
            group_members::add_host_groups
        }
        ("DELETE", "protection-groups/host-groups" | "host-groups/protection-groups") => {
            group_members::remove_host_groups
        }
        ("POST", "protection-groups/targets") => targets::add,
        ("PATCH", "protection-groups/targets") => targets::allow,
        ("DELETE", "protection-groups/targets") => targets::remove,
        ("POST", "protection-group-snapshots") => points::create,
        ("POST", "protection-group-snapshots/replica") => points::send,
        ("PATCH", "protection-group-snapshots") => points::change,
        ("DELETE", "protection-group-snapshots") => points::eradicate,
        ("POST", "pods") => pods::create,
        ("PATCH", "pods") => pods::change,
        ("DELETE", "pods") => pods::eradicate,
        ("POST", "pods/arrays") => pods::stretch,
        ("DELETE", "pods/arrays") => pods::unstretch,
        ("POST", "pods/members") => pods::add_member,
        ("DELETE", "pods/members") => pods::remove_member,
        ("POST", "pod-replica-links") => pod_replica_links::create,
        ("PATCH", "pod-replica-links") => pod_replica_links::change,
        ("DELETE", "pod-replica-links") => pod_replica_links::remove,
        _ => return None,
    })
}

/// The answer to a request that the interface has let pass.
pub(super) fn answer(asked: &mut Asked<'_, '_>, method: &str, path: &str) -> Result<Answer, Denied> {
    if method == "GET" {
        return list(asked, path).map(Answer::of);
    }
    let Some(change) = change(method, path) else { return Err(not_simulated(method, path)) };
    let items = change(asked)?;
    if method == "DELETE" {
        return Ok(Answer { body: None, headers: Vec::new() });
    }
    Ok(Answer::of(json!({"items": items})))
}

fn list(asked: &Asked<'_, '_>, path: &str) -> Result<Value, Denied> {
    let at_once = match path {
        "volumes" => plain(asked, |volume| volumes::view(asked, volume))?,
        "volume-snapshots" => plain(asked, |snapshot| volume_snapshots::view(asked, snapshot))?,
        _ => None,
    };
    if let Some(page) = at_once {
        return Ok(page);
    }
    let page_size = asked.settings.page_size as usize;
    let noun = "Protection group snapshot";
    let (found, query, noun) = match path {
        "protection-group-snapshots" => {
            let (found, query) = points::views(asked)?;
            (found, query, noun)
        }
        "protection-group-snapshots/transfer" => {
            let (found, query) = points::transfers(asked)?;
            (found, query, noun)
        }
        // Its names are not unique: it picks by itself.
        "array-connections" => return page(array_connections::views(asked)?, &asked.query, page_size),
        "container-default-protections" => {
            return page(default_protections::views(asked)?, &asked.query, page_size);
        }
        path => {
            let (found, noun) = if let Some((figures, noun)) = figures(path) {
                (figures(asked), noun)
            } else if let Some((views, noun)) = views(path) {
                (views(asked)?, noun)
            } else {
                return Err(not_simulated("GET", path));
            };
            (found, asked.query.clone(), noun)
        }
    };
    page(pick(found, &query, noun)?, &query, page_size)
}

fn not_simulated(method: &str, path: &str) -> Denied {
    Denied::new(StatusCode::NOT_FOUND, format!("{method} {path} is not simulated."), Some(path))
}
