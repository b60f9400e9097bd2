//! What was done to a server, by whom and with which result. Source: nova/api/openstack/compute/instance_actions.py.

use super::servers::Server;
use super::{paging, timing};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// One action, with the one event that it has here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Action {
    id: String,
    server: String,
    request: String,
    action: String,
    user: String,
    project: String,
    started: Timestamp,
    finished: Option<Timestamp>,
    host: Option<String>,
    error: Option<String>,
}

impl Record for Action {
    const KIND: &'static str = "compute.action";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("server", self.server.clone())]
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/servers/{server}/os-instance-actions", list),
    Route::new(Method::GET, "/v2.1/servers/{server}/os-instance-actions/{request}", show),
];

fn id(server: &str, request: &str) -> String {
    format!("{server}/{request}")
}

/// Notes that an action began; returns the id of its request.
pub(super) fn record(call: &mut Call<'_, '_>, server: &str, action: &str) -> Result<String, Fault> {
    let request = call.request_id.to_owned();
    let scope = call.scope();
    let known: Option<Server> = call.transaction.get(&scope, server)?;
    let entry = Action {
        id: id(server, &request),
        server: server.to_owned(),
        request: request.clone(),
        action: action.to_owned(),
        user: call.caller.user.clone(),
        project: call.caller.project.clone(),
        started: call.transaction.now(),
        finished: None,
        host: known.and_then(|server| server.host),
        error: None,
    };
    call.transaction.put(&scope, &entry)?;
    Ok(request)
}

/// Notes that it ended, well or with an error.
pub(super) fn finish(
    transaction: &mut Transaction<'_>,
    scope: &str,
    server: &str,
    request: &str,
    error: Option<&str>,
) -> Result<(), WorldError> {
    let Some(mut action) = transaction.get::<Action>(scope, &id(server, request))? else { return Ok(()) };
    action.finished = Some(transaction.now());
    action.error = error.map(str::to_owned);
    if action.host.is_none() {
        action.host = transaction.get::<Server>(scope, server)?.and_then(|server| server.host);
    }
    transaction.put(scope, &action)
}

/// Deleted servers keep their actions from 2.21 on.
fn server(call: &Call<'_, '_>) -> Result<Server, Fault> {
    let id = call.parameter("server");
    let found: Option<Server> = call.transaction.get(&call.site.name, id)?;
    found
        .filter(|server| {
            (!server.deleted || call.since(2, 21))
                && (call.caller.is_admin() || server.project == call.caller.project)
        })
        .ok_or_else(|| Fault::not_found(format!("Instance {id} could not be found.")))
}

fn view(call: &Call<'_, '_>, action: &Action) -> Map<String, Value> {
    let mut view = Map::from_iter(
        [
            ("action", json!(action.action)),
            ("instance_uuid", json!(action.server)),
            ("request_id", json!(action.request)),
            ("user_id", json!(action.user)),
            ("project_id", json!(action.project)),
            ("start_time", json!(timing::plain(action.started))),
            ("message", json!(action.error.as_ref().map(|_| "Error"))),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if call.since(2, 58) {
        let updated = timing::plain(action.finished.unwrap_or(action.started));
        view.insert("updated_at".to_owned(), json!(updated));
    }
    view
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = server(call)?;
    let mut actions: Vec<Action> = call.transaction.find(&call.site.name, "server", &server.id)?;
    actions.reverse();
    let mut next = None;
    if call.since(2, 58) {
        let time = |name: &str| call.query.get(name).and_then(timing::parse);
        let updated = |action: &Action| action.finished.unwrap_or(action.started);
        let (since, before) = (time("changes-since"), time("changes-before").filter(|_| call.since(2, 66)));
        actions.retain(|action| {
            since.is_none_or(|since| updated(action) >= since)
                && before.is_none_or(|before| updated(action) <= before)
        });
        let collection = format!("servers/{}/os-instance-actions", server.id);
        let page = paging::by_marker(call, actions, &collection, |action| &action.request, paging::plain)?;
        (actions, next) = (page.items, page.next);
    }
    let views: Vec<_> = actions.iter().map(|action| view(call, action)).collect();
    let mut body = json!({"instanceActions": views});
    if let (Some(body), Some(next)) = (body.as_object_mut(), next) {
        body.insert("links".to_owned(), next);
    }
    Ok(Reply::ok(body))
}

/// The function of nova-compute that an action runs (nova/compute/manager.py).
fn event_name(action: &str) -> String {
    match action {
        "create" => "compute__do_build_and_run_instance".to_owned(),
        "delete" => "compute_terminate_instance".to_owned(),
        "lock" | "unlock" => format!("api_{action}"),
        "attach_volume" | "detach_volume" | "attach_interface" | "detach_interface" => {
            format!("compute_{action}")
        }
        "createImage" => "compute_snapshot_instance".to_owned(),
        "resize" | "migrate" => "compute_prep_resize".to_owned(),
        "confirmResize" => "compute_confirm_resize".to_owned(),
        "revertResize" => "compute_revert_resize".to_owned(),
        other => format!("compute_{}_instance", other.replace('-', "_")),
    }
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = server(call)?;
    let request = call.parameter("request");
    let action: Action = call
        .transaction
        .get(&call.site.name, &id(&server.id, request))?
        .ok_or_else(|| Fault::not_found(format!("Action {request} not found")))?;
    let mut view = view(call, &action);
    let admin = call.caller.is_admin();
    if admin || call.since(2, 51) {
        let result = action.finished.map(|_| if action.error.is_some() { "Error" } else { "Success" });
        let mut event = json!({
            "event": event_name(&action.action),
            "start_time": timing::plain(action.started),
            "finish_time": action.finished.map(timing::plain),
            "result": result,
        });
        if let Some(event) = event.as_object_mut() {
            if admin {
                event.insert("traceback".to_owned(), json!(action.error));
            }
            if call.since(2, 62) {
                if admin {
                    event.insert("host".to_owned(), json!(action.host));
                }
                let host = super::servers::host_id(action.host.as_deref(), &action.project);
                event.insert("hostId".to_owned(), json!(host));
            }
            if call.since(2, 84) {
                event.insert("details".to_owned(), json!(action.error));
            }
        }
        let events = if action.action == "os-resetState" { json!([]) } else { json!([event]) };
        view.insert("events".to_owned(), events);
    }
    Ok(Reply::ok(json!({"instanceAction": view})))
}
