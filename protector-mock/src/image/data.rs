//! The data of images: `glance/api/v2/image_data.py`, and the import of `images.py`.

use super::digests;
use super::images::{self, Image};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Due, Record, Transaction, WorldError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderName, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// The file of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ImageData {
    id: String,
    base64: String,
}

impl Record for ImageData {
    const KIND: &'static str = "image.data";

    fn id(&self) -> &str {
        &self.id
    }
}

impl ImageData {
    pub(super) fn of(id: &str, bytes: &[u8]) -> Self {
        Self { id: id.to_owned(), base64: STANDARD.encode(bytes) }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.base64).unwrap_or_default()
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::PUT, "/v2/images/{image_id}/file", upload),
    Route::new(Method::GET, "/v2/images/{image_id}/file", download),
    Route::new(Method::PUT, "/v2/images/{image_id}/stage", stage),
    Route::new(Method::POST, "/v2/images/{image_id}/import", import),
];

/// How long an import takes.
const IMPORT: Duration = Duration::from_millis(500);

/// Notes what is known of an image's bytes.
pub(super) fn describe(image: &mut Image, bytes: &[u8]) {
    let size = bytes.len() as u64;
    image.size = Some(size);
    image.virtual_size = match image.disk_format.as_deref() {
        Some("raw") => Some(size),
        // A qcow2 file begins with "QFI\xfb" and tells the size of its disk from byte 24 on.
        Some("qcow2") if bytes.starts_with(b"QFI\xfb") => {
            bytes.get(24..32).and_then(|size| size.try_into().ok()).map(u64::from_be_bytes)
        }
        _ => None,
    };
    image.checksum = Some(digests::md5(bytes));
    image.hash = Some(digests::sha512(bytes));
}

fn refuse_other_media(call: &Call<'_, '_>) -> Result<(), Fault> {
    let kind = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind == "application/octet-stream" {
        return Ok(());
    }
    // glance/common/exception.py: InvalidContentType
    Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("Invalid content type {kind}")))
}

// glance/domain/__init__.py: Image.status
fn refuse_transition(image: &Image, to: &str) -> Result<(), Fault> {
    if image.status != "queued" {
        return Err(Fault::conflict(format!(
            "Image status transition from {} to {to} is not allowed",
            image.status
        )));
    }
    let missing: Vec<&str> =
        [("disk_format", &image.disk_format), ("container_format", &image.container_format)]
            .into_iter()
            .filter(|(_, format)| format.is_none())
            .map(|(name, _)| name)
            .collect();
    match missing.as_slice() {
        [] => Ok(()),
        [one] => Err(Fault::bad_request(format!("Property {one} must be set prior to saving data."))),
        _ => Err(Fault::bad_request(format!(
            "Properties {} must be set prior to saving data.",
            missing.join(", ")
        ))),
    }
}

fn uploaded(call: &Call<'_, '_>, to: &str) -> Result<Image, Fault> {
    refuse_other_media(call)?;
    let image = images::changeable(call, "upload_image")?;
    refuse_transition(&image, to)?;
    Ok(image)
}

fn upload(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut image = uploaded(call, "saving")?;
    describe(&mut image, call.bytes);
    call.transaction.put(&call.site.name, &ImageData::of(&image.id, call.bytes))?;
    "active".clone_into(&mut image.status);
    images::put(call, image)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn stage(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut image = uploaded(call, "uploading")?;
    call.transaction.put(&call.site.name, &ImageData::of(&image.id, call.bytes))?;
    image.size = Some(call.bytes.len() as u64);
    "uploading".clone_into(&mut image.status);
    images::put(call, image)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn import(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let Some(method) = call.body.get("method") else {
        return Err(Fault::bad_request("Import request requires a 'method' field."));
    };
    let Some(name) = method.get("name").and_then(Value::as_str) else {
        return Err(Fault::bad_request("Import request requires a 'name' field."));
    };
    if name != "glance-direct" {
        return Err(Fault::bad_request(format!("Unknown import method name '{name}'.")));
    }
    let image = images::changeable(call, "modify_image")?;
    if image.status == "active" {
        return Err(Fault::conflict("Image with status active cannot be target for import"));
    }
    if image.status != "uploading" {
        let message = "Image needs to be staged before 'glance-direct' method can be used";
        return Err(Fault::conflict(message));
    }
    let image = images::put(call, Image { status: "importing".to_owned(), ..image })?;
    let site = call.scope();
    call.transaction.schedule_after(IMPORT, &site, "image.imported", &image.id)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

/// What was staged has become the image's data.
pub(super) fn imported(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let (site, id) = (due.scope.as_str(), due.subject.as_str());
    let (Some(mut image), Some(data)) =
        (transaction.get::<Image>(site, id)?, transaction.get::<ImageData>(site, id)?)
    else {
        return Ok(());
    };
    if image.status != "importing" {
        return Ok(());
    }
    describe(&mut image, &data.bytes());
    "active".clone_into(&mut image.status);
    image.updated_at = transaction.now();
    transaction.put(site, &image)
}

fn download(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let image = images::existing(call)?;
    if image.status == "deactivated" && !call.caller.is_admin() {
        let message = "The requested image has been deactivated. Image data download is forbidden.";
        return Err(Fault::forbidden(message));
    }
    let data: Option<ImageData> = call.transaction.get(&call.site.name, &image.id)?;
    let Some(data) = data.filter(|_| image.checksum.is_some()) else {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    };
    let bytes = data.bytes();
    let checksum = image.checksum.unwrap_or_default();
    let asked = call.headers.get(RANGE).and_then(|value| value.to_str().ok());
    let reply = match asked {
        None => Reply::bytes(StatusCode::OK, "application/octet-stream", bytes),
        Some(asked) => part(&bytes, asked)?,
    };
    Ok(reply.and(HeaderName::from_static("content-md5"), &checksum))
}

/// A range of the bytes: `bytes=0-4`, `bytes=5-`, `bytes=-2`.
fn part(bytes: &[u8], asked: &str) -> Result<Reply, Fault> {
    let size = bytes.len();
    let range = asked.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let found = range.and_then(|(first, last)| match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => Some((first, last.saturating_add(1).min(size))),
        (Ok(first), Err(_)) if last.is_empty() => Some((first, size)),
        (Err(_), Ok(last)) if first.is_empty() => Some((size.saturating_sub(last), size)),
        _ => None,
    });
    let refused = || {
        Fault::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            format!("Invalid range: {asked} for an image of {size} bytes"),
        )
    };
    let (first, end) = found.filter(|(first, end)| first < end).ok_or_else(refused)?;
    let part = bytes.get(first..end).ok_or_else(refused)?.to_vec();
    let header = format!("bytes {first}-{}/{size}", end - 1);
    Ok(Reply::bytes(StatusCode::PARTIAL_CONTENT, "application/octet-stream", part)
        .and(CONTENT_RANGE, &header))
}
