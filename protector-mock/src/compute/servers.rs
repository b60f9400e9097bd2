//! Servers: what one is, and which routes serve it.

mod addresses;
mod build;
mod create;
mod devices;
mod list;
mod lock;
mod metadata;
mod networks;
mod operations;
mod rebuild;
mod removal;
mod request;
mod resize;
mod states;
mod tags;
#[cfg(test)]
mod tests;
mod transitions;
mod update;
mod view;

pub(super) use create::{hostname as host_name, word};
pub(super) use devices::{Device, Source, free_name};
pub(super) use list::between;
pub(super) use networks::{Interface, the_only_one};
pub(super) use states::VmState;
pub(super) use transitions::{check_lock, check_state};
pub(super) use view::host_id;

use super::flavors::Flavor;
use crate::cloud::{Call, Fault, Route};
use crate::world::{Reaction, Record};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A server, with everything that Nova knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Server {
    pub(super) id: String,
    /// Counts the site's servers: `instance-0000002a`.
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) hostname: String,
    pub(super) project: String,
    pub(super) user: String,
    /// The flavor as it was when the server was made or resized.
    pub(super) flavor: Flavor,
    /// The image that it was made from; none if it boots from a volume.
    pub(super) image: Option<String>,
    pub(super) image_properties: BTreeMap<String, String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tags: Vec<String>,
    pub(super) key_name: Option<String>,
    pub(super) user_data: Option<String>,
    pub(super) config_drive: bool,
    pub(super) access_v4: Option<String>,
    pub(super) access_v6: Option<String>,
    pub(super) auto_disk_config: bool,
    /// The zone that was asked for.
    pub(super) pinned_zone: Option<String>,
    /// The host that was asked for.
    pub(super) pinned_host: Option<String>,
    pub(super) hints: BTreeMap<String, Value>,
    pub(super) group: Option<String>,
    pub(super) trusted_certificates: Option<Vec<String>>,
    pub(super) reservation: String,
    pub(super) launch_index: i64,
    pub(super) host: Option<String>,
    pub(super) vm_state: VmState,
    pub(super) task_state: Option<String>,
    pub(super) power_state: i64,
    /// `owner` or `admin`.
    pub(super) locked_by: Option<String>,
    pub(super) locked_reason: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) launched: Option<Timestamp>,
    pub(super) terminated: Option<Timestamp>,
    pub(super) deleted: bool,
    pub(super) fault: Option<ServerFault>,
    pub(super) devices: Vec<Device>,
    pub(super) interfaces: Vec<Interface>,
    /// Names or ids, for the ports that Nova makes.
    pub(super) security_groups: Vec<String>,
    /// Holds one of the host's places for builds, or waits for one.
    pub(super) place: Option<Place>,
    /// What it is on the way to.
    pub(super) pending: Option<Pending>,
    /// The image that its disk is read into.
    pub(super) image_being_made: Option<String>,
    /// What it was before a resize.
    pub(super) before_resize: Option<BeforeResize>,
}

/// Why something went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServerFault {
    pub(super) code: u16,
    pub(super) message: String,
    pub(super) created: Timestamp,
}

/// Where a server stands among the builds of its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    /// Is built.
    Held,
    /// Waits until another is.
    Awaited,
}

/// The state that a server will be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) vm_state: VmState,
    pub(super) power_state: i64,
    /// The action that leads there, by its request's id.
    pub(super) request: String,
}

/// What a revert goes back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BeforeResize {
    pub(super) flavor: Flavor,
    pub(super) vm_state: VmState,
    pub(super) host: Option<String>,
    pub(super) migration: String,
}

impl Record for Server {
    const KIND: &'static str = "compute.server";

    fn id(&self) -> &str {
        &self.id
    }

    /// A deleted one is found by its id alone: nobody counts it any more.
    fn keys(&self) -> Vec<(&'static str, String)> {
        if self.deleted {
            return Vec::new();
        }
        let mut keys = vec![("project", self.project.clone())];
        keys.extend(self.host.clone().map(|host| ("host", host)));
        keys.extend(self.group.clone().map(|group| ("group", group)));
        if let (Some(host), Some(place)) = (&self.host, self.place) {
            let name = if place == Place::Held { "building-on" } else { "waiting-for" };
            keys.push((name, host.clone()));
        }
        keys
    }
}

impl Server {
    /// What clients see as its status.
    pub(super) fn status(&self) -> &'static str {
        if self.deleted { "DELETED" } else { self.vm_state.status(self.task_state.as_deref()) }
    }

    /// Whether its root disk is a volume.
    pub(super) fn is_volume_backed(&self) -> bool {
        self.devices.iter().any(|device| device.is_root() && device.is_volume())
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/servers", list::list),
    Route::new(Method::POST, "/v2.1/servers", create::create),
    Route::new(Method::GET, "/v2.1/servers/detail", list::detail),
    Route::new(Method::GET, "/v2.1/servers/{server}", list::show),
    Route::new(Method::PUT, "/v2.1/servers/{server}", update::update),
    Route::new(Method::DELETE, "/v2.1/servers/{server}", removal::delete),
    Route::new(Method::POST, "/v2.1/servers/{server}/action", operations::act),
    Route::new(Method::GET, "/v2.1/servers/{server}/ips", addresses::list),
    Route::new(Method::GET, "/v2.1/servers/{server}/ips/{network}", addresses::show),
    Route::new(Method::GET, "/v2.1/servers/{server}/os-security-groups", addresses::security_groups),
    Route::new(Method::GET, "/v2.1/servers/{server}/metadata", metadata::list),
    Route::new(Method::POST, "/v2.1/servers/{server}/metadata", metadata::merge),
    Route::new(Method::PUT, "/v2.1/servers/{server}/metadata", metadata::replace),
    Route::new(Method::GET, "/v2.1/servers/{server}/metadata/{key}", metadata::show),
    Route::new(Method::PUT, "/v2.1/servers/{server}/metadata/{key}", metadata::set),
    Route::new(Method::DELETE, "/v2.1/servers/{server}/metadata/{key}", metadata::delete),
    Route::new(Method::GET, "/v2.1/servers/{server}/tags", tags::list),
    Route::new(Method::PUT, "/v2.1/servers/{server}/tags", tags::replace),
    Route::new(Method::DELETE, "/v2.1/servers/{server}/tags", tags::clear),
    Route::new(Method::GET, "/v2.1/servers/{server}/tags/{tag}", tags::show),
    Route::new(Method::PUT, "/v2.1/servers/{server}/tags/{tag}", tags::add),
    Route::new(Method::DELETE, "/v2.1/servers/{server}/tags/{tag}", tags::remove),
    Route::new(Method::GET, "/v2.1/servers/{server}/diagnostics", operations::diagnostics),
    Route::new(Method::POST, "/v2.1/servers/{server}/remote-consoles", operations::remote_console),
];

/// What happens to servers in time.
pub(super) const REACTIONS: &[(&str, Reaction)] = &[
    ("compute.server-scheduled", build::scheduled),
    ("compute.server-networked", build::networked),
    ("compute.server-devices", build::devices_ready),
    ("compute.server-built", build::built),
    ("compute.server-deleted", removal::deleted),
    ("compute.server-started", transitions::settle),
    ("compute.server-stopped", transitions::settle),
    ("compute.server-rebooted", transitions::settle),
    ("compute.server-paused", transitions::settle),
    ("compute.server-unpaused", transitions::settle),
    ("compute.server-suspended", transitions::settle),
    ("compute.server-resumed", transitions::settle),
    ("compute.server-rescued", transitions::settle),
    ("compute.server-unrescued", transitions::settle),
    ("compute.server-rebuilt", transitions::settle),
    ("compute.server-imaged", transitions::settle),
    ("compute.server-shelved", transitions::settle),
    ("compute.server-unshelved", transitions::settle),
    ("compute.server-live-migrated", transitions::settle),
    ("compute.server-resized", resize::resized),
    ("compute.server-reverted", resize::reverted),
];

/// The server of an id, as the caller may see it.
///
/// # Errors
/// 404 with Nova's sentence.
pub(super) fn find(call: &Call<'_, '_>, id: &str) -> Result<Server, Fault> {
    let found: Option<Server> = call.transaction.get(&call.site.name, id)?;
    found
        .filter(|server| !server.deleted && (call.caller.is_admin() || server.project == call.caller.project))
        .ok_or_else(|| Fault::not_found(format!("Instance {id} could not be found.")))
}

/// The server that the route names.
pub(super) fn named(call: &Call<'_, '_>) -> Result<Server, Fault> {
    find(call, call.parameter("server"))
}

/// Keeps what changed of a server, and when.
pub(super) fn save(call: &mut Call<'_, '_>, server: &mut Server) -> Result<(), Fault> {
    let scope = call.scope();
    server.updated = call.transaction.now();
    Ok(call.transaction.put(&scope, server)?)
}
