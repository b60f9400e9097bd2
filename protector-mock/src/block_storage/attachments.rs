//! Attachments: reserved, connected, complete, gone. Sources: `cinder/volume/api.py` (`attachment_*`), `cinder/volume/manager.py`
//! (`attachment_update`), `cinder/db/api.py` (`volume_attached`, `volume_detached`) (2026.2).

pub(super) mod requests;

use super::driver::{self, Connector};
use super::faults::invalid_volume;
use super::setup;
use super::volumes::{self, Volume};
use crate::cloud::Fault;
use crate::world::{Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An attachment of a volume.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) id: String,
    pub(crate) volume_id: String,
    pub(crate) project: String,
    pub(crate) server: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) mountpoint: Option<String>,
    /// `null`, `rw` or `ro`.
    pub(crate) mode: String,
    /// `reserved`, `attaching`, `attached`.
    pub(crate) status: String,
    pub(crate) connector: Option<Value>,
    pub(crate) connection_info: Value,
    pub(crate) attached_at: Option<Timestamp>,
    /// Whether Nova made it: then it is Nova that has to end it.
    pub(crate) by_compute: bool,
    pub(crate) created: Timestamp,
}

impl Record for Attachment {
    const KIND: &'static str = "block_storage.attachment";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![("volume", self.volume_id.clone()), ("project", self.project.clone())];
        keys.extend(self.server.clone().map(|server| ("server", server)));
        keys
    }
}

/// `VolumeAttachmentNotFound`.
pub(super) fn absent(id: &str) -> Fault {
    Fault::not_found(format!("Volume attachment could not be found with filter: attachment_id = {id}."))
}

/// An attachment by its id.
pub(crate) fn get(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<Attachment, Fault> {
    transaction.get(scope, id)?.ok_or_else(|| absent(id))
}

/// The attachments of a volume.
pub(crate) fn of_volume(
    transaction: &Transaction<'_>,
    scope: &str,
    volume: &str,
) -> Result<Vec<Attachment>, WorldError> {
    transaction.find(scope, "volume", volume)
}

/// Reserves a volume for a server; a server may have it twice.
pub(crate) fn reserve(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
    server: Option<&str>,
    mode: &str,
    by_compute: bool,
) -> Result<Attachment, Fault> {
    if volume.status.contains("error") {
        return Err(invalid_volume(format!(
            "Volume attachments can not be created if the volume is in an error state. The Volume {} currently has a \
             status of: {} ",
            volume.id, volume.status
        )));
    }
    let free: &[&str] = if volume.multiattach {
        &["available", "in-use", "downloading"]
    } else {
        &["available", "downloading"]
    };
    if volume.is(free) {
        "reserved".clone_into(&mut volume.status);
        volumes::put(transaction, scope, volume)?;
    } else {
        let again = server.is_some()
            && volume.is(&["in-use", "reserved"])
            && of_volume(transaction, scope, &volume.id)?
                .iter()
                .any(|found| found.server.as_deref() == server);
        if !again {
            let wanted = free.join(" or ");
            return Err(invalid_volume(format!(
                "Volume {} status must be {wanted} to reserve, but the current status is {}.",
                volume.id, volume.status
            )));
        }
    }
    let read_only = volume.admin_metadata.get("readonly").is_some_and(|flag| flag == "True");
    let attachment = Attachment {
        id: transaction.new_uuid()?.to_string(),
        volume_id: volume.id.clone(),
        project: volume.project.clone(),
        server: server.map(str::to_owned),
        mode: if read_only { "ro" } else { mode }.to_owned(),
        status: "reserved".to_owned(),
        connection_info: Value::Object(serde_json::Map::new()),
        by_compute,
        created: transaction.now(),
        ..Attachment::default()
    };
    transaction.put(scope, &attachment)?;
    Ok(attachment)
}

/// Connects the volume to the host of a connector.
pub(crate) fn connect(
    transaction: &mut Transaction<'_>,
    scope: &str,
    attachment: &mut Attachment,
    connector: &Value,
) -> Result<(), Fault> {
    let mut volume = volumes::get(transaction, scope, &attachment.volume_id)?;
    let others = of_volume(transaction, scope, &volume.id)?;
    if volume.status.contains("error") {
        return Err(Fault::conflict(format!(
            "Resource conflict: Volume attachments can not be updated if the volume is in an error state. The Volume {} \
             currently has a status of: {} ",
            volume.id, volume.status
        )));
    }
    if others.len() > 1 && !volume.multiattach && others.iter().any(|found| found.connector.is_some()) {
        return Err(Fault::conflict(format!(
            "Resource conflict: duplicate connectors detected on volume {}",
            volume.id
        )));
    }
    let backend = setup::backend(transaction, scope)?;
    let read = Connector::read(connector);
    if attachment.mode == "null" {
        attachment.mode = read.mode.clone().unwrap_or_else(|| "rw".to_owned());
    }
    let connected = driver::connect(transaction, &backend, &volume, attachment, &read)?;
    attachment.connection_info = connected.map_err(|sentence| {
        Fault::new(
            http::StatusCode::INTERNAL_SERVER_ERROR,
            format!("Unable to update attachment ({sentence})."),
        )
    })?;
    attachment.connector = Some(connector.clone());
    attachment.host = Some(read.host);
    attachment.mountpoint = Some(read.mountpoint.unwrap_or_else(|| "na".to_owned()));
    attachment.attached_at = Some(transaction.now());
    "attaching".clone_into(&mut attachment.status);
    transaction.put(scope, attachment)?;
    "attaching".clone_into(&mut volume.status);
    "attaching".clone_into(&mut volume.attach_status);
    Ok(volumes::put(transaction, scope, &mut volume)?)
}

/// The server has the volume.
pub(crate) fn complete(
    transaction: &mut Transaction<'_>,
    scope: &str,
    attachment: &mut Attachment,
) -> Result<(), Fault> {
    "attached".clone_into(&mut attachment.status);
    transaction.put(scope, attachment)?;
    let mut volume = volumes::get(transaction, scope, &attachment.volume_id)?;
    "in-use".clone_into(&mut volume.status);
    "attached".clone_into(&mut volume.attach_status);
    Ok(volumes::put(transaction, scope, &mut volume)?)
}

/// Ends an attachment: the host is disconnected, and the volume is what its other attachments make it.
pub(crate) fn end(
    transaction: &mut Transaction<'_>,
    scope: &str,
    attachment: &Attachment,
) -> Result<(), Fault> {
    let mut volume = volumes::get(transaction, scope, &attachment.volume_id)?;
    if let Some(connector) = &attachment.connector {
        let backend = setup::backend(transaction, scope)?;
        let connector = Connector::read(connector);
        let shared = of_volume(transaction, scope, &volume.id)?
            .iter()
            .any(|other| other.id != attachment.id && other.host.as_deref() == Some(connector.host.as_str()));
        driver::disconnect(transaction, &backend, &volume, &connector, shared)?;
    }
    transaction.remove::<Attachment>(scope, &attachment.id)?;
    volume.admin_metadata.remove("attached_mode");
    let rest = of_volume(transaction, scope, &volume.id)?;
    let any = |status: &str| rest.iter().any(|found| found.status == status);
    let (status, attach_status) = if any("attached") {
        ("in-use", "attached")
    } else if any("attaching") {
        ("attaching", "attaching")
    } else if any("reserved") {
        ("reserved", "reserved")
    } else {
        ("available", "detached")
    };
    attach_status.clone_into(&mut volume.attach_status);
    if attach_status != "detached" || volume.status != "uploading" {
        status.clone_into(&mut volume.status);
    }
    Ok(volumes::put(transaction, scope, &mut volume)?)
}

/// Forgets what is left of a volume's attachments.
pub(super) fn forget_all(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &str,
) -> Result<(), WorldError> {
    for attachment in of_volume(transaction, scope, volume)? {
        transaction.remove::<Attachment>(scope, &attachment.id)?;
    }
    Ok(())
}
