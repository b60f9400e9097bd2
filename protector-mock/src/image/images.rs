//! `glance/api/v2/images.py`.

use super::data::ImageData;
use super::members::Member;
use super::{listing, patch, schemas};
use crate::cloud::{Call, Caller, Fault, Reply, Route, python, query_with};
use crate::world::{Record, Transaction, WorldError};
use http::header::LOCATION;
use http::{HeaderName, Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Who can see an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Everybody who asks for it.
    Community,
    /// Its project and its members.
    Shared,
    /// Its project.
    Private,
}

impl Visibility {
    /// What the wire calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Community => "community",
            Self::Shared => "shared",
            Self::Private => "private",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Public, Self::Community, Self::Shared, Self::Private]
            .into_iter()
            .find(|found| found.name() == name)
    }
}

/// An image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name; may come several times.
    pub name: Option<String>,
    /// `queued`, `uploading`, `importing`, `active`, `deactivated`.
    pub status: String,
    /// Who can see it.
    pub visibility: Visibility,
    /// Id of its project.
    pub owner: String,
    /// Whether it cannot be deleted.
    pub protected: bool,
    /// Whether lists leave it out.
    pub hidden: bool,
    /// Format of the disk: `raw`, `qcow2`.
    pub disk_format: Option<String>,
    /// Format of what holds the disk: `bare`.
    pub container_format: Option<String>,
    /// How many GiB of disk a server needs.
    pub min_disk: u64,
    /// How many MiB of memory a server needs.
    pub min_ram: u64,
    /// How many bytes the file has.
    pub size: Option<u64>,
    /// How many bytes the disk has.
    pub virtual_size: Option<u64>,
    /// MD5 of the file.
    pub checksum: Option<String>,
    /// SHA-512 of the file.
    pub hash: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Properties that Glance does not know.
    pub properties: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Record for Image {
    const KIND: &'static str = "image.image";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.clone().unwrap_or_default())]
    }
}

impl Image {
    /// One without data.
    pub(super) fn queued(id: String, owner: &str, now: Timestamp) -> Self {
        Self {
            id,
            name: None,
            status: "queued".to_owned(),
            visibility: Visibility::Shared,
            owner: owner.to_owned(),
            protected: false,
            hidden: false,
            disk_format: None,
            container_format: None,
            min_disk: 0,
            min_ram: 0,
            size: None,
            virtual_size: None,
            checksum: None,
            hash: None,
            tags: Vec::new(),
            properties: BTreeMap::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// `ResponseSerializer._format_image`.
    pub fn view(&self) -> Value {
        let mut view = json!({
            "name": self.name, "disk_format": self.disk_format, "container_format": self.container_format,
            "visibility": self.visibility.name(), "size": self.size, "virtual_size": self.virtual_size,
            "status": self.status, "checksum": self.checksum, "protected": self.protected, "min_ram": self.min_ram,
            "min_disk": self.min_disk, "owner": self.owner, "os_hidden": self.hidden,
            "os_hash_algo": self.hash.as_ref().map(|_| "sha512"), "os_hash_value": self.hash, "id": self.id,
            "created_at": time(self.created_at), "updated_at": time(self.updated_at), "tags": self.tags,
            "self": format!("/v2/images/{}", self.id), "file": format!("/v2/images/{}/file", self.id),
            "schema": "/v2/schemas/image",
        });
        if let Some(fields) = view.as_object_mut() {
            if self.size.is_some() {
                fields.insert("stores".to_owned(), json!("local"));
            }
            for (name, value) in &self.properties {
                fields.entry(name.as_str()).or_insert_with(|| json!(value));
            }
        }
        view
    }

    /// Sets an attribute or property to a value that the schema allows.
    pub(super) fn set(&mut self, name: &str, value: &Value) {
        let text = || value.as_str().map(str::to_owned);
        match name {
            "name" => self.name = text(),
            "visibility" => {
                self.visibility = value.as_str().and_then(Visibility::of).unwrap_or(self.visibility);
            }
            "owner" => self.owner = text().unwrap_or_default(),
            "protected" => self.protected = value.as_bool().unwrap_or(false),
            "os_hidden" => self.hidden = value.as_bool().unwrap_or(false),
            "disk_format" => self.disk_format = text(),
            "container_format" => self.container_format = text(),
            "min_disk" => self.min_disk = value.as_u64().unwrap_or(0),
            "min_ram" => self.min_ram = value.as_u64().unwrap_or(0),
            "tags" => {
                let tags = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                self.tags = tags.map(str::to_owned).collect();
                self.tags.sort();
                self.tags.dedup();
            }
            other => {
                self.properties.insert(other.to_owned(), text().unwrap_or_default());
            }
        }
    }

    /// Whether it is of the caller's project, or the caller an administrator.
    pub(super) fn is_changed_by(&self, caller: &Caller) -> bool {
        caller.is_admin() || (!caller.project.is_empty() && caller.project == self.owner)
    }
}

/// A time as Glance writes it.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2/images", list),
    Route::new(Method::POST, "/v2/images", create),
    Route::new(Method::GET, "/v2/images/{image_id}", show),
    Route::new(Method::PATCH, "/v2/images/{image_id}", update),
    Route::new(Method::DELETE, "/v2/images/{image_id}", delete),
    Route::new(Method::PUT, "/v2/images/{image_id}/tags/{tag}", add_tag),
    Route::new(Method::DELETE, "/v2/images/{image_id}/tags/{tag}", remove_tag),
    Route::new(Method::POST, "/v2/images/{image_id}/actions/deactivate", deactivate),
    Route::new(Method::POST, "/v2/images/{image_id}/actions/reactivate", reactivate),
    Route::new(Method::GET, "/v2/images/{image_id}/tasks", list_tasks),
];

pub(super) fn unknown(id: &str) -> Fault {
    Fault::not_found(format!("No image found with ID {id}"))
}

/// `glance/api/policy.py`: what a refused policy says.
pub(super) fn forbidden(action: &str) -> Fault {
    Fault::forbidden(format!("You are not authorized to complete {action} action."))
}

/// Whether a caller sees an image when naming it.
pub(super) fn is_visible(
    transaction: &Transaction<'_>,
    site: &str,
    caller: &Caller,
    image: &Image,
) -> Result<bool, WorldError> {
    if image.is_changed_by(caller) || matches!(image.visibility, Visibility::Public | Visibility::Community) {
        return Ok(true);
    }
    if image.visibility != Visibility::Shared {
        return Ok(false);
    }
    let membership = Member::key(&image.id, &caller.project);
    Ok(transaction.get::<Member>(site, &membership)?.is_some())
}

/// The image that the path names, if the caller sees it.
pub(super) fn existing(call: &Call<'_, '_>) -> Result<Image, Fault> {
    let id = call.parameter("image_id");
    let site = call.site.name.as_str();
    let Some(image) = call.transaction.get::<Image>(site, id)? else { return Err(unknown(id)) };
    if is_visible(call.transaction, site, &call.caller, &image)? { Ok(image) } else { Err(unknown(id)) }
}

/// The same, if the caller may change it too.
pub(super) fn changeable(call: &Call<'_, '_>, action: &str) -> Result<Image, Fault> {
    let image = existing(call)?;
    if image.is_changed_by(&call.caller) { Ok(image) } else { Err(forbidden(action)) }
}

pub(super) fn put(call: &mut Call<'_, '_>, mut image: Image) -> Result<Image, Fault> {
    image.updated_at = call.transaction.now();
    call.transaction.put(&call.site.name, &image)?;
    Ok(image)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let page = listing::page(call)?;
    let here = |query: String| {
        if query.is_empty() { "/v2/images".to_owned() } else { format!("/v2/images?{query}") }
    };
    let mut body = json!({
        "images": page.items.iter().map(Image::view).collect::<Vec<_>>(),
        "first": here(query_with(&call.query, &[("marker", None)])),
        "schema": "/v2/schemas/images",
    });
    if let (true, Some(last), Some(fields)) = (page.full, page.items.last(), body.as_object_mut()) {
        let next = here(query_with(&call.query, &[("marker", Some(&last.id))]));
        fields.insert("next".to_owned(), json!(next));
    }
    Ok(Reply::ok(body))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(existing(call)?.view()))
}

/// `RequestDeserializer`: what nobody sets.
const DISALLOWED: [&str; 5] = ["direct_url", "self", "file", "schema", "stores"];
pub(super) const READ_ONLY: [&str; 13] = [
    "created_at",
    "updated_at",
    "status",
    "checksum",
    "size",
    "virtual_size",
    "direct_url",
    "self",
    "file",
    "schema",
    "id",
    "os_hash_algo",
    "os_hash_value",
];

pub(super) fn refuse_reserved(name: &str) -> Result<(), Fault> {
    if matches!(name, "location" | "deleted" | "deleted_at") || name.starts_with("os_glance") {
        return Err(Fault::forbidden(format!("Attribute {} is reserved.", python::repr_text(name))));
    }
    Ok(())
}

pub(super) fn read_only(name: &str) -> Fault {
    Fault::forbidden(format!("Attribute {} is read-only.", python::repr_text(name)))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let Some(fields) = call.body.as_object().cloned() else {
        return Err(Fault::bad_request("Body expected in request."));
    };
    if let Some(name) = DISALLOWED.iter().find(|name| fields.contains_key(**name)) {
        return Err(read_only(name));
    }
    schemas::check(&fields)?;
    let image = new_image(call, &fields)?;
    call.transaction.put(&call.site.name, &image)?;
    let header = HeaderName::from_static;
    Ok(Reply::created(image.view())
        .and(LOCATION, &format!("/v2/images/{}", image.id))
        .and(header("openstack-image-import-methods"), "glance-direct")
        .and(header("openstack-image-store-ids"), "local"))
}

fn new_image(call: &mut Call<'_, '_>, fields: &Map<String, Value>) -> Result<Image, Fault> {
    let site = call.site.name.as_str();
    let id = match fields.get("id").and_then(Value::as_str) {
        Some(id) if call.transaction.get::<Image>(site, id)?.is_some() => {
            return Err(Fault::conflict(format!("Image ID {id} already exists!")));
        }
        Some(id) => id.to_owned(),
        None => call.transaction.new_uuid()?.to_string(),
    };
    let mut image = Image::queued(id, &call.caller.project, call.transaction.now());
    for (name, value) in fields {
        if READ_ONLY.contains(&name.as_str()) {
            if name != "id" {
                return Err(read_only(name));
            }
            continue;
        }
        refuse_reserved(name)?;
        if name.chars().count() > 255 {
            return Err(Fault::bad_request("Custom property should not be greater than 255 characters."));
        }
        image.set(name, value);
    }
    if image.owner != call.caller.project && !call.caller.is_admin() {
        let message = format!("You are not permitted to create images owned by '{}'.", image.owner);
        return Err(Fault::forbidden(message));
    }
    allow_visibility(call, image.visibility)?;
    Ok(image)
}

/// Only administrators show an image to everybody.
pub(super) fn allow_visibility(call: &Call<'_, '_>, visibility: Visibility) -> Result<(), Fault> {
    if visibility == Visibility::Public && !call.caller.is_admin() {
        return Err(forbidden("publicize_image"));
    }
    Ok(())
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let changes = patch::read(call)?;
    let image = changeable(call, "modify_image")?;
    let image = patch::apply(call, image, &changes)?;
    let image = put(call, image)?;
    Ok(Reply::ok(image.view()))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let id = call.parameter("image_id").to_owned();
    let image = changeable(call, "delete_image").map_err(|fault| match fault.status {
        StatusCode::NOT_FOUND => Fault::not_found(format!("Failed to find image {id} to delete")),
        _ => fault,
    })?;
    if image.protected {
        return Err(Fault::forbidden(format!("Image {id} is protected and cannot be deleted.")));
    }
    let site = call.site.name.as_str();
    call.transaction.remove::<Image>(site, &id)?;
    call.transaction.remove::<ImageData>(site, &id)?;
    for member in call.transaction.find::<Member>(site, "image", &id)? {
        call.transaction.remove::<Member>(site, member.id())?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn add_tag(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut image = changeable(call, "modify_image")?;
    let tag = call.parameter("tag").to_owned();
    if tag.chars().count() > 255 {
        return Err(Fault::bad_request("Could not update image: Invalid image tag value"));
    }
    if !image.tags.contains(&tag) {
        image.tags.push(tag);
        image.tags.sort();
    }
    put(call, image)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn remove_tag(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut image = changeable(call, "modify_image")?;
    let tag = call.parameter("tag").to_owned();
    if !image.tags.contains(&tag) {
        return Err(Fault::not_found("The resource could not be found."));
    }
    image.tags.retain(|found| *found != tag);
    put(call, image)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

// glance/domain/__init__.py: Image.deactivate, Image.reactivate
fn turn(call: &mut Call<'_, '_>, from: &str, to: &str) -> Result<Reply, Fault> {
    let image = existing(call)?;
    if !call.caller.is_admin() {
        return Err(forbidden(if to == "active" { "reactivate" } else { "deactivate" }));
    }
    if image.status != from && image.status != to {
        return Err(Fault::forbidden(format!(
            "Not allowed to {} image in status '{}'",
            if to == "active" { "reactivate" } else { "deactivate" },
            image.status
        )));
    }
    put(call, Image { status: to.to_owned(), ..image })?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn deactivate(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    turn(call, "active", "deactivated")
}

fn reactivate(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    turn(call, "deactivated", "active")
}

fn list_tasks(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    existing(call)?;
    Ok(Reply::ok(json!({"tasks": []})))
}
