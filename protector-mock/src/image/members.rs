//! `glance/api/v2/image_members.py`.

use super::images::{self, Image, Visibility};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::Record;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A project that an image is shared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Member {
    key: String,
    image: String,
    project: String,
    /// `pending`, `accepted` or `rejected`.
    pub(super) status: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Record for Member {
    const KIND: &'static str = "image.member";

    fn id(&self) -> &str {
        &self.key
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("image", self.image.clone())]
    }
}

impl Member {
    /// How a project's membership of an image is found.
    pub(super) fn key(image: &str, project: &str) -> String {
        format!("{image}/{project}")
    }

    fn view(&self) -> Value {
        json!({
            "member_id": self.project, "image_id": self.image, "status": self.status,
            "created_at": images::time(self.created_at), "updated_at": images::time(self.updated_at),
            "schema": "/v2/schemas/member",
        })
    }
}

pub(super) const STATUSES: [&str; 3] = ["pending", "accepted", "rejected"];

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2/images/{image_id}/members", list),
    Route::new(Method::POST, "/v2/images/{image_id}/members", create),
    Route::new(Method::GET, "/v2/images/{image_id}/members/{member_id}", show),
    Route::new(Method::PUT, "/v2/images/{image_id}/members/{member_id}", update),
    Route::new(Method::DELETE, "/v2/images/{image_id}/members/{member_id}", delete),
];

fn shared(call: &Call<'_, '_>) -> Result<Image, Fault> {
    let id = call.parameter("image_id");
    let image = images::existing(call).map_err(|_| Fault::not_found(format!("Image {id} not found.")))?;
    if image.visibility == Visibility::Shared {
        return Ok(image);
    }
    Err(Fault::forbidden("Only shared images have members."))
}

/// One whom the caller may know of: its own project's, or any of its own image.
fn existing(call: &Call<'_, '_>, image: &Image) -> Result<Member, Fault> {
    let project = call.parameter("member_id");
    let found: Option<Member> = call.transaction.get(&call.site.name, &Member::key(&image.id, project))?;
    let allowed = image.is_changed_by(&call.caller) || project == call.caller.project;
    found.filter(|_| allowed).ok_or_else(|| {
        Fault::not_found(format!("{project} not found in the member list of the image {}.", image.id))
    })
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let image = shared(call)?;
    let mut members: Vec<Member> = call.transaction.find(&call.site.name, "image", &image.id)?;
    if !image.is_changed_by(&call.caller) {
        members.retain(|member| member.project == call.caller.project);
    }
    let members: Vec<Value> = members.iter().map(Member::view).collect();
    Ok(Reply::ok(json!({"members": members, "schema": "/v2/schemas/members"})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let image = shared(call)?;
    Ok(Reply::ok(existing(call, &image)?.view()))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    if call.body.is_null() {
        return Err(Fault::bad_request("Body expected in request."));
    }
    let Some(fields) = call.body.as_object() else {
        return Err(Fault::bad_request("Expected a member in the form: {\"member\": \"image_id\"}"));
    };
    let project = match fields.get("member").and_then(Value::as_str) {
        None => return Err(Fault::bad_request("Member to be added not specified")),
        Some("") => return Err(Fault::bad_request("Member can't be empty")),
        Some(project) => project.to_owned(),
    };
    let image = shared(call)?;
    if !image.is_changed_by(&call.caller) {
        return Err(Fault::forbidden(format!("Not allowed to create members for image {}.", image.id)));
    }
    let site = call.site.name.as_str();
    let key = Member::key(&image.id, &project);
    if call.transaction.get::<Member>(site, &key)?.is_some() {
        return Err(Fault::conflict(format!("Member {project} is duplicated for image {}", image.id)));
    }
    let now = call.transaction.now();
    let status = "pending".to_owned();
    let member = Member { key, image: image.id, project, status, created_at: now, updated_at: now };
    call.transaction.put(site, &member)?;
    Ok(Reply::ok(member.view()))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let status = match call.body.get("status").and_then(Value::as_str) {
        None => return Err(Fault::bad_request("Status not specified")),
        Some(status) => status.to_owned(),
    };
    let image = shared(call)?;
    let member = existing(call, &image)?;
    // An owner gives; only the member takes.
    if member.project != call.caller.project && !call.caller.is_admin() {
        let message = format!("Not allowed to update members for image {}.", image.id);
        return Err(Fault::forbidden(message));
    }
    if !STATUSES.contains(&status.as_str()) {
        let message = "Incorrect request: Status must be \"pending\", \"accepted\" or \"rejected\".";
        return Err(Fault::bad_request(message));
    }
    let member = Member { status, updated_at: call.transaction.now(), ..member };
    call.transaction.put(&call.site.name, &member)?;
    Ok(Reply::ok(member.view()))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let image = shared(call)?;
    if !image.is_changed_by(&call.caller) {
        return Err(Fault::forbidden(format!("Not allowed to delete members for image {}.", image.id)));
    }
    let member = existing(call, &image)?;
    call.transaction.remove::<Member>(&call.site.name, &member.key)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
