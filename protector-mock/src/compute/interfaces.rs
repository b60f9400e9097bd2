//! Interfaces of servers. Source: nova/api/openstack/compute/attach_interfaces.py, nova/compute/api.py.

use super::neighbours::{self, NewPort, Port};
use super::schema::{check_body, text, types};
use super::servers::{Interface, Server, VmState, check_lock, check_state, named, save, the_only_one};
use super::{aggregates, instance_actions, timing};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Due, Reaction, Transaction, WorldError};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const STATES: &[VmState] = &[VmState::Active, VmState::Paused, VmState::Stopped];

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/servers/{server}/os-interface", list),
    Route::new(Method::POST, "/v2.1/servers/{server}/os-interface", attach),
    Route::new(Method::GET, "/v2.1/servers/{server}/os-interface/{port}", show),
    Route::new(Method::DELETE, "/v2.1/servers/{server}/os-interface/{port}", detach),
];

pub(super) const REACTIONS: &[(&str, Reaction)] = &[("compute.interface-detached", detached)];

fn view(call: &Call<'_, '_>, server: &Server, port: &Port) -> Value {
    let addresses: Vec<Value> = port
        .addresses
        .iter()
        .map(|(subnet, address)| json!({"subnet_id": subnet, "ip_address": address}))
        .collect();
    let mut view = json!({
        "net_id": port.network,
        "port_id": port.id,
        "mac_addr": port.mac,
        "port_state": port.status,
        "fixed_ips": addresses,
    });
    if let Some(view) = view.as_object_mut().filter(|_| call.since(2, 70)) {
        let mut interfaces = server.interfaces.iter();
        let tag = interfaces.find(|interface| interface.port.as_ref() == Some(&port.id));
        view.insert("tag".to_owned(), json!(tag.and_then(|interface| interface.tag.clone())));
    }
    view
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let ports = neighbours::ports_of(call.transaction, call.site, &server.id)?;
    let views: Vec<Value> = ports.iter().map(|port| view(call, &server, port)).collect();
    Ok(Reply::ok(json!({"interfaceAttachments": views})))
}

fn port_of(call: &Call<'_, '_>, server: &Server, id: &str) -> Result<Port, Fault> {
    let port = neighbours::port(call, id)?
        .ok_or_else(|| Fault::not_found(format!("Port id {id} could not be found.")))?;
    if port.device != server.id {
        return Err(Fault::not_found(format!("Instance {} does not have a port with id {id}", server.id)));
    }
    Ok(port)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let port = port_of(call, &server, call.parameter("port"))?;
    Ok(Reply::ok(json!({"interfaceAttachment": view(call, &server, &port)})))
}

fn schema(call: &Call<'_, '_>) -> Value {
    let address = types::object(json!({"ip_address": {"type": "string", "format": "ip"}}), &["ip_address"]);
    let addresses = json!({"type": "array", "minItems": 1, "maxItems": 1, "items": address});
    let mut properties = json!({"net_id": types::uuid(), "port_id": types::uuid(), "fixed_ips": addresses});
    if let Some(properties) = properties.as_object_mut().filter(|_| call.since(2, 49)) {
        properties.insert("tag".to_owned(), types::tag());
    }
    let attachment = types::object(properties, &[]);
    json!({"type": "object", "properties": {"interfaceAttachment": attachment}, "additionalProperties": false})
}

fn attach(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    check_body(call, &schema(call))?;
    let given = call.body.get("interfaceAttachment").cloned().unwrap_or_default();
    let mut server = named(call)?;
    let (network, port) = (text(given.get("net_id")), text(given.get("port_id")));
    let address = text(given.pointer("/fixed_ips/0/ip_address"));
    if network.is_some() && port.is_some() {
        return Err(Fault::bad_request("Must not input both network_id and port_id"));
    }
    if address.is_some() && network.is_none() {
        return Err(Fault::bad_request("Must input network_id when request IP address"));
    }
    check_lock(call, &server)?;
    check_state(&server, "attach_interface", STATES)?;
    let mut interface = match (network, port) {
        (_, Some(port)) => existing(call, port)?,
        (Some(network), None) => on_network(call, network, address)?,
        (None, None) => the_only_one(call, false)?.into_iter().next().ok_or_else(|| {
            Fault::bad_request(format!(
                "No specific network was requested and none are available for project '{}'.",
                call.caller.project
            ))
        })?,
    };
    interface.tag = text(given.get("tag"));
    let request = instance_actions::record(call, &server.id, "attach_interface")?;
    let scope = call.scope();
    let host = server.host.clone().unwrap_or_default();
    let zone = aggregates::zone_of(call.transaction, &scope, &host)?;
    let id = match &interface.port {
        Some(port) => port.clone(),
        None => {
            let new = NewPort {
                user: &server.user,
                project: &server.project,
                network: interface.network.as_deref().unwrap_or_default(),
                address: interface.address.as_deref(),
                security_groups: &[],
            };
            neighbours::create_port(call.transaction, &scope, &new)?
        }
    };
    neighbours::bind(call.transaction, &scope, &id, &server.id, &host, &zone)?;
    interface.port = Some(id.clone());
    server.interfaces.push(interface);
    save(call, &mut server)?;
    instance_actions::finish(call.transaction, &scope, &server.id, &request, None)?;
    let port = port_of(call, &server, &id)?;
    Ok(Reply::ok(json!({"interfaceAttachment": view(call, &server, &port)})))
}

fn existing(call: &Call<'_, '_>, id: String) -> Result<Interface, Fault> {
    let port = neighbours::port(call, &id)?
        .ok_or_else(|| Fault::not_found(format!("Port id {id} could not be found.")))?;
    if !port.device.is_empty() {
        return Err(Fault::conflict(format!("Port {id} is still in use.")));
    }
    Ok(Interface { port: Some(id), network: Some(port.network), address: None, tag: None, made: false })
}

fn on_network(call: &Call<'_, '_>, network: String, address: Option<String>) -> Result<Interface, Fault> {
    let found = neighbours::network(call, &network)?
        .ok_or_else(|| Fault::not_found(format!("Network {network} could not be found.")))?;
    if let Some(address) = &address
        && let Some(holder) = neighbours::holder(call, &found.id, address)?
    {
        return Err(Fault::conflict(format!(
            "Fixed IP address {address} is already in use on instance {holder}."
        )));
    }
    Ok(Interface { port: None, network: Some(found.id), address, tag: None, made: true })
}

fn detach(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let id = call.parameter("port").to_owned();
    check_lock(call, &server)?;
    check_state(&server, "detach_interface", STATES)?;
    let known = server.interfaces.iter().any(|interface| interface.port.as_ref() == Some(&id));
    if !known && neighbours::port(call, &id)?.is_none_or(|port| port.device != server.id) {
        return Err(Fault::not_found(format!("Port id {id} could not be found.")));
    }
    let request = instance_actions::record(call, &server.id, "detach_interface")?;
    let scope = call.scope();
    let subject = format!("{}/{id}/{request}", server.id);
    timing::schedule(call.transaction, &scope, "compute.interface-detached", 0.3, &subject)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

fn detached(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let mut parts = due.subject.splitn(3, '/');
    let (Some(id), Some(port), Some(request)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(());
    };
    let Some(mut server) = transaction.get::<Server>(&due.scope, id)? else { return Ok(()) };
    let mut interfaces = server.interfaces.iter();
    let made = interfaces.any(|interface| interface.made && interface.port.as_deref() == Some(port));
    let freed = transaction.attempt(|transaction| {
        if made {
            neighbours::delete_port(transaction, &due.scope, port)
        } else {
            neighbours::unbind(transaction, &due.scope, port)
        }
    });
    if let Err(Fault { source: Some(broken), .. }) = freed {
        return Err(broken);
    }
    server.interfaces.retain(|interface| interface.port.as_deref() != Some(port));
    server.updated = transaction.now();
    transaction.put(&due.scope, &server)?;
    instance_actions::finish(transaction, &due.scope, id, request, None)
}
