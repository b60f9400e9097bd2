//! Makes volumes: for a request, for Nova, for a group. Sources: `cinder/volume/api.py`, `cinder/volume/flows/api/create_volume.py`,
//! `cinder/api/schemas/volumes.py` (2026.2).

use super::{Source, Volume, get};
use crate::block_storage::faults::{invalid_group, invalid_input, invalid_snapshot, invalid_volume};
use crate::block_storage::groups::{self, Group};
use crate::block_storage::input::{Field, Kind, read_with};
use crate::block_storage::quotas::{self, Claim};
use crate::block_storage::snapshots::{self, Snapshot};
use crate::block_storage::types::VolumeType;
use crate::block_storage::{access, images, setup, timing, types};
use crate::cloud::{Call, Fault, Reply};
use crate::world::Transaction;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a new volume is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewVolume {
    /// Whose.
    pub(crate) project: String,
    /// Who makes it.
    pub(crate) user: String,
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its description.
    pub(crate) description: Option<String>,
    /// In gibibytes; without one as large as its source.
    pub(crate) size: Option<u64>,
    /// Id or name of its type.
    pub(crate) volume_type: Option<String>,
    /// Where its content comes from.
    pub(crate) source: Source,
    /// Its zone.
    pub(crate) zone: Option<String>,
    /// What is noted with it.
    pub(crate) metadata: BTreeMap<String, String>,
    /// The group that it joins.
    pub(crate) group: Option<String>,
}

const FIELDS: [Field; 17] = [
    Field("name", Kind::Name, false),
    Field("description", Kind::Name, false),
    Field("display_name", Kind::Name, false),
    Field("display_description", Kind::Name, false),
    Field("volume_type", Kind::Text, false),
    Field("metadata", Kind::Texts(true), false),
    Field("snapshot_id", Kind::OptionalUuid, false),
    Field("source_volid", Kind::OptionalUuid, false),
    Field("consistencygroup_id", Kind::OptionalUuid, false),
    Field("size", Kind::OptionalSize, false),
    Field("availability_zone", Kind::Text, false),
    Field("multiattach", Kind::Any, false),
    Field("image_id", Kind::Text, false),
    Field("imageRef", Kind::Text, false),
    Field("group_id", Kind::Text, false),
    Field("backup_id", Kind::OptionalUuid, false),
    // Nova sends it; Cinder's schema takes it beside the volume.
    Field("OS-SCH-HNT:scheduler_hints", Kind::Any, false),
];

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    access::member(call, "volume:create")?;
    let fields = read_with(&call.body, "volume", &FIELDS, !call.since(3, 53))?;
    if fields.flag("multiattach") == Some(true) {
        return Err(Fault::bad_request(
            "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. \
             Contact your administrator to create a multiattach enabled volume type and use it to create multiattach \
             volumes.",
        ));
    }
    if let Some(backup) = fields.text("backup_id").filter(|_| call.since(3, 47)) {
        return Err(Fault::not_found(format!("Backup {backup} could not be found.")));
    }
    let given = |name: &str| fields.text(name).filter(|text| !text.is_empty());
    let image = given("imageRef").or_else(|| given("image_id"));
    let image = image.map(|image| image.rsplit('/').next().unwrap_or_default().to_owned());
    let (snapshot, origin) = (given("snapshot_id"), given("source_volid"));
    if [&snapshot, &origin, &image].iter().filter(|source| source.is_some()).count() > 1 {
        return Err(invalid_input("May specify only one of snapshot, imageRef, source_volume, backup"));
    }
    if let Some(id) = &snapshot {
        snapshots::seen(call, id)?;
    }
    if let Some(id) = &origin {
        super::seen(call, id)?;
    }
    let group = given("group_id").filter(|_| call.since(3, 13)).or_else(|| given("consistencygroup_id"));
    if let Some(id) = &group {
        groups::seen(call, id)?;
    }
    let source = match (snapshot, origin, image) {
        (Some(id), _, _) => Source::Snapshot(id),
        (_, Some(id), _) => Source::Volume(id),
        (_, _, Some(id)) => Source::Image(id),
        _ => Source::Blank,
    };
    let new = NewVolume {
        project: call.caller.project.clone(),
        user: call.caller.user.clone(),
        name: fields.first(["display_name", "name"]),
        description: fields.first(["display_description", "description"]),
        size: fields.number("size"),
        volume_type: given("volume_type"),
        source,
        zone: given("availability_zone"),
        metadata: fields.texts("metadata"),
        group,
    };
    let scope = call.scope();
    let made = make(call.transaction, &scope, new)?;
    let mut shown = super::view(call, &made)?;
    // A real one does not know it yet when it answers.
    shown.insert("replication_status".to_owned(), Value::Null);
    Ok(Reply::accepted(json!({"volume": Value::Object(shown)})))
}

/// Where the content comes from, looked up.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Origin {
    Nothing,
    Snapshot(Snapshot),
    Volume(Volume),
    Image(images::Image),
}

impl Origin {
    fn of(transaction: &Transaction<'_>, scope: &str, new: &NewVolume) -> Result<Self, Fault> {
        Ok(match &new.source {
            Source::Snapshot(id) => Self::Snapshot(snapshots::get(transaction, scope, id)?),
            Source::Volume(id) => Self::Volume(get(transaction, scope, id)?),
            Source::Image(id) => Self::Image(images::image(transaction, scope, &new.project, id)?),
            Source::Blank | Source::Group | Source::Existing(_) => Self::Nothing,
        })
    }

    fn check_state(&self) -> Result<(), Fault> {
        match self {
            Self::Snapshot(found) if found.status != "available" => {
                Err(invalid_snapshot("Originating snapshot status must be one of 'available' values"))
            }
            Self::Volume(found) if !found.is(&["available", "in-use"]) => Err(invalid_volume(
                "Originating source volume status must be one of 'available, in-use' values",
            )),
            _ => Ok(()),
        }
    }

    fn size(&self) -> Option<u64> {
        match self {
            Self::Snapshot(found) => Some(found.size),
            Self::Volume(found) => Some(found.size),
            Self::Image(_) | Self::Nothing => None,
        }
    }

    fn check_size(&self, size: u64) -> Result<(), Fault> {
        match self {
            Self::Snapshot(found) if size < found.size => Err(invalid_input(format!(
                "Volume size '{size}'GB cannot be smaller than the snapshot size {}GB. They must be >= original snapshot \
                 size.",
                found.size
            ))),
            Self::Volume(found) if size < found.size => Err(invalid_input(format!(
                "Volume size '{size}'GB cannot be smaller than original volume size  {}GB. They must be >= original volume \
                 size.",
                found.size
            ))),
            Self::Image(image) => image.check(size),
            _ => Ok(()),
        }
    }

    fn type_id(&self) -> Option<&str> {
        match self {
            Self::Snapshot(found) => Some(&found.type_id),
            Self::Volume(found) => Some(&found.type_id),
            Self::Image(_) | Self::Nothing => None,
        }
    }
}

fn group_of(
    transaction: &Transaction<'_>,
    scope: &str,
    new: &NewVolume,
    asked: Option<&VolumeType>,
) -> Result<Option<Group>, Fault> {
    let Some(id) = &new.group else { return Ok(None) };
    let group = groups::get(transaction, scope, id)?;
    if new.source != Source::Group {
        let Some(asked) = asked else {
            return Err(invalid_input("volume_type must be provided when creating a volume in a group."));
        };
        if !group.volume_types.contains(&asked.id) {
            return Err(invalid_input(format!(
                "Invalid volume_type provided: {} (requested type must be supported by this group).",
                asked.name
            )));
        }
    }
    if !["available", "creating"].contains(&group.status.as_str()) {
        return Err(invalid_group("Originating group status must be one of 'available, creating' values"));
    }
    Ok(Some(group))
}

/// Makes a volume that is `creating`; its content follows in time.
pub(crate) fn make(transaction: &mut Transaction<'_>, scope: &str, new: NewVolume) -> Result<Volume, Fault> {
    let project = new.project.as_str();
    let asked = match &new.volume_type {
        Some(asked) => Some(types::find(transaction, scope, asked, Some(project))?),
        None => None,
    };
    let group = group_of(transaction, scope, &new, asked.as_ref())?;
    let origin = Origin::of(transaction, scope, &new)?;
    origin.check_state()?;
    let size = new.size.or_else(|| origin.size()).unwrap_or(0);
    if size == 0 && !matches!(new.source, Source::Existing(_)) {
        let shown = new.size.map_or_else(|| "None".to_owned(), |size| size.to_string());
        return Err(invalid_input(format!("Volume size '{shown}' must be an integer and greater than 0")));
    }
    origin.check_size(size)?;
    let found = match (asked, origin.type_id()) {
        (Some(asked), _) => asked,
        (None, Some(id)) => types::get(transaction, scope, id)?,
        (None, None) => types::default(transaction, scope, project)?,
    };
    let zone = group.as_ref().map(|group| group.zone.clone()).or_else(|| new.zone.clone());
    let zone = zone.unwrap_or_else(|| "nova".to_owned());
    if zone != "nova" {
        return Err(Fault::bad_request(format!("Availability zone '{zone}' is invalid.")));
    }
    if found.encryption.is_some() && found.multiattach() {
        return Err(invalid_volume("Multiattach cannot be used with encrypted volumes."));
    }
    quotas::check_size(transaction, scope, project, size)?;
    let claim = Claim {
        project,
        volumes: 1,
        snapshots: 0,
        gigabytes: i64::try_from(size).unwrap_or(i64::MAX),
        volume_type: &found.name,
    };
    quotas::reserve(transaction, scope, claim)?;
    let bootable = match &origin {
        Origin::Volume(source) => source.bootable,
        Origin::Snapshot(snapshot) => {
            transaction.get::<Volume>(scope, &snapshot.volume_id)?.is_some_and(|source| source.bootable)
        }
        Origin::Image(_) | Origin::Nothing => false,
    };
    let encrypted = found.encryption.is_some();
    // The driver tells it of what it creates.
    let replicated = matches!(new.source, Source::Group | Source::Existing(_)).then(|| "disabled".to_owned());
    let made = Volume {
        id: transaction.new_uuid()?.to_string(),
        scope: scope.to_owned(),
        project: new.project,
        user: new.user,
        name: new.name,
        description: new.description,
        size,
        status: "creating".to_owned(),
        attach_status: "detached".to_owned(),
        type_id: found.id.clone(),
        zone,
        bootable,
        multiattach: found.multiattach(),
        metadata: new.metadata,
        source: new.source,
        group_id: new.group,
        host: place(transaction, scope, &found)?,
        replication_status: replicated,
        encryption_key_id: if encrypted { Some(transaction.new_uuid()?.to_string()) } else { None },
        created: transaction.now(),
        ..Volume::default()
    };
    transaction.put(scope, &made)?;
    if !matches!(made.source, Source::Group | Source::Existing(_)) {
        timing::later(transaction, scope, super::events::CREATED, &made.id, 0.5)?;
    }
    Ok(made)
}

/// Where the scheduler puts volumes of a type: nowhere if the backend is off or the type asks for another one.
fn place(transaction: &Transaction<'_>, scope: &str, found: &VolumeType) -> Result<Option<String>, Fault> {
    let backend = setup::backend(transaction, scope)?;
    let named = found.extra_specs.get("volume_backend_name").map(String::as_str);
    let fits = !backend.disabled && named.is_none_or(|name| name == "pure");
    Ok(fits.then(|| backend.pool()))
}
