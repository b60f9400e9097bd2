//! What Nova asks of Cinder, without HTTP. Whoever calls has checked who may.

use super::attachments::{self, Attachment};
use super::snapshots::{self, NewSnapshot};
use super::volumes::{self, Source, create as made};
use super::{faults, types};
use crate::cloud::Fault;
use crate::world::Transaction;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A volume as Nova sees it.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Its id.
    pub id: String,
    /// Its project.
    pub project: String,
    /// Its name.
    pub name: Option<String>,
    /// In gibibytes.
    pub size: u64,
    /// `available`, `in-use`, `creating`, `error`, …
    pub status: String,
    /// Whether a server can start from it.
    pub bootable: bool,
    /// Whether several servers may have it.
    pub multiattach: bool,
    /// Its zone.
    pub zone: String,
    /// The name of its type.
    pub volume_type: String,
    /// What its image said.
    pub image_metadata: BTreeMap<String, String>,
    /// What it is attached to.
    pub attachments: Vec<Attached>,
}

/// An attachment of a volume.
#[derive(Debug, Clone)]
pub struct Attached {
    /// Its id.
    pub id: String,
    /// The server, if it is for one.
    pub server: Option<String>,
    /// `reserved`, `attaching`, `attached`.
    pub status: String,
    /// The device in the server: `/dev/vda`.
    pub device: Option<String>,
}

/// Where the content of a new volume comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NewContent {
    /// Nothing.
    #[default]
    Blank,
    /// An image, by its id.
    Image(String),
    /// A snapshot, by its id.
    Snapshot(String),
    /// A volume, by its id.
    Volume(String),
}

/// A volume that Nova wants.
#[derive(Debug, Clone, Default)]
pub struct NewVolume {
    /// Whose.
    pub project: String,
    /// Who wants it.
    pub user: String,
    /// Its name.
    pub name: Option<String>,
    /// In gibibytes; without one as large as its source.
    pub size: Option<u64>,
    /// Id or name of its type.
    pub volume_type: Option<String>,
    /// Its zone.
    pub zone: Option<String>,
    /// Where its content comes from.
    pub content: NewContent,
}

/// A compute host, as os-brick tells of it.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its iSCSI name.
    pub initiator: String,
    /// The id of its hardware.
    pub uuid: String,
    /// Its address.
    pub address: String,
}

fn seen(
    transaction: &Transaction<'_>,
    scope: &str,
    project: Option<&str>,
    id: &str,
) -> Result<volumes::Volume, Fault> {
    let found = volumes::get(transaction, scope, id)?;
    if project.is_none_or(|project| project == found.project) {
        Ok(found)
    } else {
        Err(faults::no_volume(id))
    }
}

/// A volume, as `project` sees it (`None`: an administrator).
///
/// # Errors
/// 404.
pub fn volume(
    transaction: &Transaction<'_>,
    scope: &str,
    project: Option<&str>,
    id: &str,
) -> Result<Volume, Fault> {
    let found = seen(transaction, scope, project, id)?;
    let attachments = attachments::of_volume(transaction, scope, id)?
        .into_iter()
        .map(|attachment| Attached {
            id: attachment.id,
            server: attachment.server,
            status: attachment.status,
            device: attachment.mountpoint,
        })
        .collect();
    Ok(Volume {
        volume_type: types::name_of(transaction, scope, &found.type_id)?,
        id: found.id,
        project: found.project,
        name: found.name,
        size: found.size,
        status: found.status,
        bootable: found.bootable,
        multiattach: found.multiattach,
        zone: found.zone,
        image_metadata: found.image_metadata,
        attachments,
    })
}

/// A snapshot's volume, size and status.
///
/// # Errors
/// 404.
pub fn snapshot(
    transaction: &Transaction<'_>,
    scope: &str,
    project: Option<&str>,
    id: &str,
) -> Result<(String, u64, String), Fault> {
    let found = snapshots::get(transaction, scope, id)?;
    if project.is_some_and(|project| project != found.project) {
        return Err(faults::no_snapshot(id));
    }
    Ok((found.volume_id, found.size, found.status))
}

/// Makes a volume that is `creating`, and returns its id.
///
/// # Errors
/// What `POST /volumes` says.
pub fn create(transaction: &mut Transaction<'_>, scope: &str, new: NewVolume) -> Result<String, Fault> {
    let new = made::NewVolume {
        project: new.project,
        user: new.user,
        name: new.name,
        size: new.size,
        volume_type: new.volume_type,
        zone: new.zone,
        source: match new.content {
            NewContent::Blank => Source::Blank,
            NewContent::Image(id) => Source::Image(id),
            NewContent::Snapshot(id) => Source::Snapshot(id),
            NewContent::Volume(id) => Source::Volume(id),
        },
        ..made::NewVolume::default()
    };
    Ok(made::make(transaction, scope, new)?.id)
}

/// Reserves a volume for a server, and returns the attachment's id.
///
/// # Errors
/// 400 with Cinder's sentence if it is not free.
pub fn reserve(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: Option<&str>,
    id: &str,
    server: &str,
) -> Result<String, Fault> {
    let mut found = seen(transaction, scope, project, id)?;
    Ok(attachments::reserve(transaction, scope, &mut found, Some(server), "null", true)?.id)
}

/// Connects a reserved volume to the host of its server; then it is `in-use`. Returns what the host is told of it.
///
/// # Errors
/// 404; or 500 with what the array said.
pub fn complete(
    transaction: &mut Transaction<'_>,
    scope: &str,
    attachment: &str,
    host: &Host,
    device: &str,
) -> Result<Value, Fault> {
    let mut found = attachments::get(transaction, scope, attachment)?;
    let connector = json!({
        "host": host.name,
        "initiator": host.initiator,
        "system uuid": host.uuid,
        "ip": host.address,
        "mountpoint": device,
        "multipath": false,
        "os_type": "linux",
        "platform": "x86_64",
    });
    attachments::connect(transaction, scope, &mut found, &connector)?;
    attachments::complete(transaction, scope, &mut found)?;
    Ok(found.connection_info)
}

/// A server is going to lose a volume: it is `detaching`.
///
/// # Errors
/// 400 if it is not `in-use`.
pub fn begin_detaching(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: Option<&str>,
    id: &str,
) -> Result<(), Fault> {
    let mut found = seen(transaction, scope, project, id)?;
    volumes::actions::begin_detaching(transaction, scope, &mut found)
}

/// The server keeps it after all.
///
/// # Errors
/// 404.
pub fn roll_detaching(transaction: &mut Transaction<'_>, scope: &str, id: &str) -> Result<(), Fault> {
    let mut found = volumes::get(transaction, scope, id)?;
    if found.status == "detaching" {
        "in-use".clone_into(&mut found.status);
        volumes::put(transaction, scope, &mut found)?;
    }
    Ok(())
}

/// Ends an attachment; one that is gone has ended.
///
/// # Errors
/// The world cannot be read or written.
pub fn detach(transaction: &mut Transaction<'_>, scope: &str, attachment: &str) -> Result<(), Fault> {
    match transaction.get::<Attachment>(scope, attachment)? {
        Some(found) => attachments::end(transaction, scope, &found),
        None => Ok(()),
    }
}

/// Deletes a volume.
///
/// # Errors
/// 404; 400 if it is in use, in a group, or has snapshots.
pub fn delete(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: Option<&str>,
    id: &str,
) -> Result<(), Fault> {
    let mut found = seen(transaction, scope, project, id)?;
    volumes::change::delete(transaction, scope, &mut found, false, false, false)
}

/// Makes a snapshot of a volume that may be in use, and returns its id.
///
/// # Errors
/// 404, 400, 413.
pub fn create_snapshot(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &str,
    user: &str,
    name: &str,
) -> Result<String, Fault> {
    let found = volumes::get(transaction, scope, volume)?;
    let new = NewSnapshot {
        project: found.project.clone(),
        user: user.to_owned(),
        name: Some(name.to_owned()),
        in_use: true,
        ..NewSnapshot::default()
    };
    Ok(snapshots::make(transaction, scope, &found, new)?.id)
}

/// What a volume is called on the array, and which array that is.
///
/// # Errors
/// 404.
pub fn on_array(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<(String, String), Fault> {
    let found = volumes::get(transaction, scope, id)?;
    Ok((super::setup::backend(transaction, scope)?.array, found.array_name()))
}
