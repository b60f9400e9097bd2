//! Hosts of the array, what they are connected to, and the tags that say whose it is.

use super::{Outcome, outcome};
use crate::arrays::{self, hosts, tags};
use crate::block_storage::attachments::Attachment;
use crate::block_storage::setup::Backend;
use crate::block_storage::volumes::Volume;
use crate::world::{Transaction, WorldError};
use serde_json::{Value, json};

/// What a connector says of a host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connector {
    pub(crate) host: String,
    pub(crate) initiator: Option<String>,
    pub(crate) uuid: Option<String>,
    pub(crate) mountpoint: Option<String>,
    pub(crate) mode: Option<String>,
}

impl Connector {
    /// Reads os-brick's dictionary.
    pub(crate) fn read(value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            host: text("host").unwrap_or_default(),
            initiator: text("initiator"),
            uuid: text("system uuid"),
            mountpoint: text("mountpoint"),
            mode: text("mode"),
        }
    }

    /// `_generate_purity_host_name`.
    fn array_name(&self, drawn: &str) -> String {
        let uuid = self.uuid.as_deref().unwrap_or(drawn).replace('-', "");
        let short: String = self.host.chars().take(23).collect();
        let clean: String =
            short.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        format!("{}-{uuid}-cinder", clean.trim_start_matches('-'))
    }
}

fn host_of(
    transaction: &Transaction<'_>,
    array: &str,
    connector: &Connector,
) -> Result<Option<hosts::Host>, WorldError> {
    let Some(initiator) = &connector.initiator else { return Ok(None) };
    let all: Vec<hosts::Host> = transaction.list(array)?;
    Ok(all.into_iter().find(|host| host.iqns.contains(initiator)))
}

const NAMESPACE: &str = "openstack-integration.purestorage.com";

/// `_tag_volume`; older releases have no tags.
pub(super) fn tag(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    name: &str,
    server: Option<&str>,
) -> Result<(), WorldError> {
    if backend.older {
        return Ok(());
    }
    let Ok(found) = outcome(arrays::volumes::get(transaction, &backend.array, name))? else { return Ok(()) };
    let kind = if server.is_some() && volume.bootable { "Boot" } else { "Data" };
    let mut told =
        vec![("ProjectId", volume.project.as_str()), ("VolType", kind), ("DataStoreType", "Direct Access")];
    told.extend(server.map(|server| ("VmId", server)));
    for (key, value) in told {
        let wanted = tags::NewTag {
            namespace: NAMESPACE.to_owned(),
            key: key.to_owned(),
            value: Some(value.to_owned()),
            copyable: false,
        };
        outcome(tags::set(transaction, &found, &wanted))?.ok();
    }
    Ok(())
}

/// `_untag_volume`.
pub(super) fn untag(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    name: &str,
) -> Result<(), WorldError> {
    if let Ok(found) = outcome(arrays::volumes::get(transaction, &backend.array, name))? {
        tags::remove(transaction, &found, NAMESPACE, None)?;
    }
    Ok(())
}

/// `initialize_connection`: the host is made if it is not there, and gets the volume. Returns what the host has to know.
pub(crate) fn connect(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    attachment: &Attachment,
    connector: &Connector,
) -> Outcome<Value> {
    let (array, name) = (backend.array.as_str(), volume.array_name());
    tag(transaction, backend, volume, &name, attachment.server.as_deref())?;
    let host = if let Some(host) = host_of(transaction, array, connector)? {
        host
    } else {
        let drawn = transaction.new_uuid()?.simple().to_string();
        match outcome(hosts::create(transaction, array, &connector.array_name(&drawn)))? {
            Ok(mut host) => {
                host.iqns.extend(connector.initiator.clone());
                if let Err(sentence) = outcome(hosts::change(transaction, &host))? {
                    return Ok(Err(sentence));
                }
                host
            }
            Err(sentence) => return Ok(Err(sentence)),
        }
    };
    let found = match outcome(arrays::volumes::get(transaction, array, &name))? {
        Ok(found) => found,
        Err(sentence) => return Ok(Err(sentence)),
    };
    let known =
        arrays::connections::of_host(transaction, array, &host.id)?.find(|known| known.volume == found.id);
    let lun = match known {
        Some(known) => known.lun,
        None => match outcome(arrays::connections::connect(transaction, array, &host.name, &name, None))? {
            Ok(made) => made.lun,
            Err(sentence) => return Ok(Err(sentence)),
        },
    };
    let ports = 4;
    let iqn = format!("iqn.2010-06.com.purestorage:flasharray.{array}");
    let portals: Vec<String> = (1..=ports).map(|port| format!("192.0.2.{port}:3260")).collect();
    Ok(Ok(json!({
        "driver_volume_type": "iscsi",
        "target_discovered": false,
        "discard": true,
        "addressing_mode": "SAM2",
        "target_luns": vec![lun; ports],
        "target_iqns": vec![iqn; ports],
        "target_portals": portals,
        "wwn": format!("3624a9370{}", found.serial.to_lowercase()),
        "encrypted": volume.encryption_key_id.is_some(),
        "qos_specs": null,
        "access_mode": if attachment.mode == "ro" { "ro" } else { "rw" },
        "cacheable": false,
        "enforce_multipath": false,
        "attachment_id": attachment.id,
        "volume_id": volume.id,
    })))
}

/// `terminate_connection`: the host loses the volume, and is removed with its last one if Cinder made it.
pub(crate) fn disconnect(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    connector: &Connector,
    shared: bool,
) -> Result<(), WorldError> {
    let (array, name) = (backend.array.as_str(), volume.array_name());
    if let Ok(found) = outcome(arrays::volumes::get(transaction, array, &name))? {
        let keys = ["VmId", "ProjectId", "VolType"].map(str::to_owned);
        tags::remove(transaction, &found, NAMESPACE, Some(&keys))?;
    }
    if shared {
        return Ok(());
    }
    if let Some(host) = host_of(transaction, array, connector)? {
        drop_from(transaction, array, &host, &name)?;
    }
    Ok(())
}

fn drop_from(
    transaction: &mut Transaction<'_>,
    array: &str,
    host: &hosts::Host,
    name: &str,
) -> Result<(), WorldError> {
    outcome(arrays::connections::disconnect(transaction, array, &host.name, name))?.ok();
    let free = arrays::connections::of_host(transaction, array, &host.id)?.next().is_none();
    if free && host.name.ends_with("-cinder") {
        outcome(hosts::remove(transaction, array, &host.name))?.ok();
    }
    Ok(())
}

/// Takes a volume from all hosts that have it.
pub(super) fn disconnect_all(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &arrays::volumes::Volume,
) -> Result<(), WorldError> {
    let array = backend.array.as_str();
    let connections: Vec<_> = arrays::connections::of_volume(transaction, array, &volume.id)?.collect();
    for connection in connections {
        if let Some(host) = transaction.get::<hosts::Host>(array, &connection.host)? {
            drop_from(transaction, array, &host, &volume.name)?;
        }
    }
    Ok(())
}
