//! What users are told of what went wrong later. Sources: `cinder/api/v3/messages.py`, `cinder/message/message_field.py` (2026.2).

use super::access::{sees, since};
use super::listing::{Page, SortKey, filters, links, passes, time};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// What is told: action and detail with their texts.
#[derive(Debug)]
pub(super) struct Told {
    action: &'static str,
    event: &'static str,
    text: &'static str,
}

pub(super) const NO_BACKEND: Told = Told {
    action: "001",
    event: "VOLUME_VOLUME_001_003",
    text: "schedule allocate volume:Could not find any available weighted backend.",
};
pub(super) const CREATE_FAILED: Told = Told {
    action: "002",
    event: "VOLUME_VOLUME_002_001",
    text: "create volume from backend storage:An unknown error occurred.",
};
pub(super) const DELETE_FAILED: Told =
    Told { action: "015", event: "VOLUME_VOLUME_015_001", text: "delete volume:An unknown error occurred." };
pub(super) const EXTEND_FAILED: Told = Told {
    action: "006",
    event: "VOLUME_VOLUME_006_006",
    text: "extend volume:Driver failed to extend volume.",
};
pub(super) const MANAGE_FAILED: Told = Told {
    action: "009",
    event: "VOLUME_VOLUME_009_001",
    text: "manage existing volume:An unknown error occurred.",
};
pub(super) const UNMANAGE_FAILED: Told = Told {
    action: "010",
    event: "VOLUME_VOLUME_010_001",
    text: "unmanage volume:An unknown error occurred.",
};

/// A month, as `message_ttl` is shipped.
const LIVES: Duration = Duration::from_hours(30 * 24);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Message {
    id: String,
    project: String,
    resource: String,
    event: String,
    action: String,
    text: String,
    created: Timestamp,
}

impl Record for Message {
    const KIND: &'static str = "block_storage.message";

    fn id(&self) -> &str {
        &self.id
    }
}

/// Tells the owner of a volume.
pub(super) fn tell(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: &str,
    volume: &str,
    told: &Told,
) -> Result<(), WorldError> {
    let message = Message {
        id: transaction.new_uuid()?.to_string(),
        project: project.to_owned(),
        resource: volume.to_owned(),
        event: told.event.to_owned(),
        action: told.action.to_owned(),
        text: told.text.to_owned(),
        created: transaction.now(),
    };
    transaction.put(scope, &message)
}

pub(super) const ROUTES: &[Route] = routes![
    GET "/messages" => list,
    GET "/messages/{id}" => show,
    DELETE "/messages/{id}" => delete,
];

fn view(call: &Call<'_, '_>, message: &Message) -> Value {
    let until = message.created.checked_add(LIVES).unwrap_or(message.created);
    json!({
        "id": message.id,
        "event_id": message.event,
        "user_message": message.text,
        "message_level": "ERROR",
        "created_at": time(message.created),
        "guaranteed_until": time(until),
        "request_id": format!("req-{}", message.id),
        "resource_type": "VOLUME",
        "resource_uuid": message.resource,
        "links": links(call, "messages", &message.id),
    })
}

fn absent(id: &str) -> Fault {
    Fault::not_found(format!("Message {id} could not be found."))
}

fn of_call(call: &Call<'_, '_>) -> Result<Message, Fault> {
    since(call, 3)?;
    let id = call.parameter("id");
    let found = call.transaction.get::<Message>(&call.scope(), id)?;
    found.filter(|found| sees(call, &found.project)).ok_or_else(|| absent(id))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 3)?;
    let page = Page::of(call)?;
    let wanted =
        filters(call, &["resource_uuid", "resource_type", "event_id", "request_id", "message_level"])?;
    let mut all = call.transaction.list::<Message>(&call.scope())?;
    all.retain(|message| message.project == call.caller.project);
    for (name, value) in &wanted {
        all.retain(|message| match name.as_str() {
            "resource_uuid" => passes(name, value, Some(&message.resource)),
            "event_id" => passes(name, value, Some(&message.event)),
            "resource_type" => passes(name, value, Some("VOLUME")),
            "message_level" => passes(name, value, Some("ERROR")),
            _ => false,
        });
    }
    let key = |message: &Message, name: &str| match name {
        "created_at" => Some(SortKey::from(message.created)),
        "event_id" => Some(SortKey::from(message.event.as_str())),
        _ => None,
    };
    let shown = page.cut(all, |message| &message.id, key, absent)?;
    let views: Vec<Value> = shown.iter().map(|message| view(call, message)).collect();
    let mut told = json!({"messages": views});
    let last = shown.last().map(|message| message.id.as_str());
    if let (Some(links), Some(told)) = (page.next(call, "messages", last, shown.len()), told.as_object_mut())
    {
        told.insert("messages_links".to_owned(), links);
    }
    Ok(Reply::ok(told))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    Ok(Reply::ok(json!({"message": view(call, &found)})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    let scope = call.scope();
    call.transaction.remove::<Message>(&scope, &found.id)?;
    Ok(Reply::bare(StatusCode::NO_CONTENT))
}
