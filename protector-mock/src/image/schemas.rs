//! What an image has to be, and how Glance tells it: `glance/api/v2/schemas.py`, `images.py: get_base_properties`.

use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply, Route};
use http::Method;
use serde_json::{Map, Value, json};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2/schemas/image", image),
    Route::new(Method::GET, "/v2/schemas/images", images),
    Route::new(Method::GET, "/v2/schemas/member", member),
    Route::new(Method::GET, "/v2/schemas/members", members),
];

const CONTAINERS: &[&str] = &["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"];
const DISKS: &[&str] = &["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"];
const VISIBILITIES: &[&str] = &["community", "public", "private", "shared"];
const TEXT: Shape = Shape::Either(&[Shape::Null, Shape::Text { least: 0, most: 255 }]);
const COUNT: Shape = Shape::Integer { least: 0, most: 2_147_483_647 };
const ID: &str = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$";

static IMAGE: Object = Object::open(&[
    Field::optional("id", Shape::Matching { pattern: ID, matches: is_id }),
    Field::optional("name", TEXT),
    Field::optional("visibility", Shape::OneOf(VISIBILITIES)),
    Field::optional("protected", Shape::Boolean),
    Field::optional("os_hidden", Shape::Boolean),
    Field::optional("owner", TEXT),
    Field::optional("container_format", Shape::Either(&[Shape::Null, Shape::OneOf(CONTAINERS)])),
    Field::optional("disk_format", Shape::Either(&[Shape::Null, Shape::OneOf(DISKS)])),
    Field::optional("min_ram", COUNT),
    Field::optional("min_disk", COUNT),
    Field::optional(
        "tags",
        Shape::List { of: &Shape::Text { least: 0, most: 255 }, least: 0, most: usize::MAX },
    ),
]);

fn is_id(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Checks some of an image's fields (`glance/schema.py: Schema.validate`).
pub(super) fn check(fields: &Map<String, Value>) -> Result<(), Fault> {
    let body = Value::Object(fields.clone());
    let wrong =
        |reason: &str| Fault::bad_request(format!("Provided object does not match schema 'image': {reason}"));
    IMAGE.check(&body).map_err(|violation| wrong(&violation.message))?;
    let known = [
        "status",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "size",
        "virtual_size",
        "created_at",
        "updated_at",
    ];
    for (name, value) in fields {
        let custom = IMAGE.fields.iter().all(|field| field.name != name) && !known.contains(&name.as_str());
        if custom {
            Shape::TEXT.check(value).map_err(|violation| wrong(&violation.message))?;
        }
    }
    Ok(())
}

fn properties() -> Value {
    let nullable = |texts: &[&str]| {
        let mut values = vec![Value::Null];
        values.extend(texts.iter().map(|text| json!(text)));
        values
    };
    let read_only = |kind: Value, about: &str| json!({"type": kind, "readOnly": true, "description": about});
    let statuses = [
        "queued",
        "saving",
        "active",
        "killed",
        "deleted",
        "uploading",
        "importing",
        "pending_delete",
        "deactivated",
    ];
    let text = json!(["null", "string"]);
    json!({
        "id": {"type": "string", "description": "An identifier for the image", "pattern": ID},
        "name": {"type": text, "description": "Descriptive name for the image", "maxLength": 255},
        "status": {"type": "string", "readOnly": true, "description": "Status of the image", "enum": statuses},
        "visibility": {"type": "string", "description": "Scope of image accessibility", "enum": VISIBILITIES},
        "protected": {"type": "boolean", "description": "If true, image will not be deletable."},
        "os_hidden": {
            "type": "boolean", "description": "If true, image will not appear in default image list response.",
        },
        "checksum": {"type": text, "readOnly": true, "description": "md5 hash of image contents.", "maxLength": 32},
        "os_hash_algo": {
            "type": text, "readOnly": true, "description": "Algorithm to calculate the os_hash_value", "maxLength": 64,
        },
        "os_hash_value": {
            "type": text, "readOnly": true, "maxLength": 128,
            "description": "Hexdigest of the image contents using the algorithm specified by the os_hash_algo",
        },
        "owner": {"type": text, "description": "Owner of the image", "maxLength": 255},
        "size": read_only(json!(["null", "integer"]), "Size of image file in bytes"),
        "virtual_size": read_only(json!(["null", "integer"]), "Virtual size of image in bytes"),
        "container_format": {"type": text, "description": "Format of the container", "enum": nullable(CONTAINERS)},
        "disk_format": {"type": text, "description": "Format of the disk", "enum": nullable(DISKS)},
        "created_at": read_only(json!("string"), "Date and time of image registration"),
        "updated_at": read_only(json!("string"), "Date and time of the last image modification"),
        "tags": {
            "type": "array", "description": "List of strings related to the image",
            "items": {"type": "string", "maxLength": 255},
        },
        "direct_url": read_only(json!("string"), "URL to access the image file kept in external store"),
        "min_ram": {"type": "integer", "description": "Amount of ram (in MB) required to boot image."},
        "min_disk": {"type": "integer", "description": "Amount of disk space (in GB) required to boot image."},
        "self": read_only(json!("string"), "An image self url"),
        "file": read_only(json!("string"), "An image file url"),
        "stores": read_only(
            json!("string"),
            "Store in which image data resides.  Only present when the operator has enabled multiple stores.  May be a \
             comma-separated list of store identifiers.",
        ),
        "schema": read_only(json!("string"), "An image schema url"),
    })
}

fn image_schema() -> Value {
    json!({
        "name": "image",
        "properties": properties(),
        "additionalProperties": {"type": "string"},
        "links": [
            {"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    })
}

fn member_schema() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    json!({
        "name": "member",
        "properties": {
            "member_id": text("An identifier for the image member (tenantId)"),
            "image_id": {"type": "string", "description": "An identifier for the image", "pattern": ID},
            "created_at": text("Date and time of image member creation"),
            "updated_at": text("Date and time of last modification of image member"),
            "status": {
                "type": "string", "description": "The status of this image member",
                "enum": ["pending", "accepted", "rejected"],
            },
            "schema": {"readOnly": true, "type": "string"},
        },
    })
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn image(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(image_schema()))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn images(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let links = json!([
        {"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ]);
    let text = json!({"type": "string"});
    let properties = json!({
        "images": {"type": "array", "items": image_schema()}, "first": text, "next": text, "schema": text,
    });
    Ok(Reply::ok(json!({"name": "images", "properties": properties, "links": links})))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn member(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(member_schema()))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn members(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let properties =
        json!({"members": {"type": "array", "items": member_schema()}, "schema": {"type": "string"}});
    let links = json!([{"rel": "describedby", "href": "{schema}"}]);
    Ok(Reply::ok(json!({"name": "members", "properties": properties, "links": links})))
}
