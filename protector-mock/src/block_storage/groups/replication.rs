//! The replication actions of groups, since 3.38. Sources: `cinder/group/api.py`, `cinder/volume/manager.py`,
//! `cinder/volume/drivers/pure.py` (2026.2). Before that release the Pure driver has none of them: they are accepted, and the
//! group and its volumes stay as they then are for ever.

use super::types::GroupType;
use super::{Group, of_call, put};
use crate::block_storage::access::{member, since};
use crate::block_storage::driver::groups as driver;
use crate::block_storage::faults::{invalid_group, invalid_type, invalid_volume};
use crate::block_storage::input::{Field, Kind, read};
use crate::block_storage::types::VolumeType;
use crate::block_storage::volumes::{self, Volume};
use crate::block_storage::{input, setup, timing, unless_broken};
use crate::cloud::{Call, Fault, Reply};
use crate::world::{Due, Reaction, Transaction, WorldError};
use http::StatusCode;
use serde_json::{Value, json};

const ENABLED: &str = "block_storage.group-replication-enabled";
const DISABLED: &str = "block_storage.group-replication-disabled";
const FAILED_OVER: &str = "block_storage.group-failed-over";
const FAILED_BACK: &str = "block_storage.group-failed-back";

/// The reactions of replicated groups.
pub(in crate::block_storage) const REACTIONS: &[(&str, Reaction)] =
    &[(ENABLED, enabled), (DISABLED, disabled), (FAILED_OVER, failed_over), (FAILED_BACK, failed_back)];

/// Refuses a group that is not replicated as a whole, or has volumes that are not.
fn check_type(call: &Call<'_, '_>, group: &Group) -> Result<(), Fault> {
    let scope = call.scope();
    let group_type = call.transaction.get::<GroupType>(&scope, &group.group_type)?.unwrap_or_default();
    if !group_type.replicated() {
        return Err(Fault::bad_request(format!(
            "Invalid group type: Group {} is not a replication group type.",
            group.id
        )));
    }
    for id in &group.volume_types {
        let found = call.transaction.get::<VolumeType>(&scope, id)?.unwrap_or_default();
        if found.replication().is_none() {
            return Err(invalid_type(format!(
                "Volume type {id} does not have 'replication_enabled' spec key set to '<is> True'."
            )));
        }
    }
    Ok(())
}

fn python(states: &[&str]) -> String {
    input::repr(&json!(states))
}

/// What an action needs, and what it makes of the group.
struct Action {
    verb: &'static str,
    group: &'static [&'static str],
    replication: &'static [&'static str],
    /// Whether volumes have to be usable.
    usable: bool,
    /// Whether they may be in use; `None` where nobody asks.
    attached: Option<bool>,
    becomes: &'static str,
    event: &'static str,
}

fn begin(call: &mut Call<'_, '_>, action: &Action) -> Result<Reply, Fault> {
    let mut group = of_call(call)?;
    member(call, &format!("group:{}_replication", action.verb))?;
    check_type(call, &group)?;
    let cannot = format!("Cannot {} replication.", action.verb);
    let wrong = |what: &str, id: &str, valid: &[&str], current: &str| {
        format!("{what} must be {}, but current status is: {current}. {cannot}", python(valid))
            .replacen("{id}", id, 1)
    };
    if !action.group.contains(&group.status.as_str()) {
        return Err(invalid_group(wrong("Group {id} status", &group.id, action.group, &group.status)));
    }
    if !action.replication.contains(&group.replication_status.as_str()) {
        let told =
            wrong("Group {id} replication status", &group.id, action.replication, &group.replication_status);
        return Err(invalid_group(told));
    }
    let scope = call.scope();
    for mut volume in volumes::of_group(call.transaction, &scope, &group.id)? {
        let valid = ["available", "in-use"];
        if action.usable && !volume.is(&valid) {
            return Err(invalid_volume(wrong("Volume {id} status", &volume.id, &valid, &volume.status)));
        }
        if action.attached == Some(false) && volume.status == "in-use" {
            return Err(invalid_volume(format!(
                "Volume {} is attached but allow_attached_volume flag is False. {cannot}",
                volume.id
            )));
        }
        let status = volume.replication_status.as_deref().unwrap_or("None");
        if !action.replication.contains(&status) {
            let told = wrong("Volume {id} replication status", &volume.id, action.replication, status);
            return Err(invalid_volume(told));
        }
        volume.replication_status = Some(action.becomes.to_owned());
        volumes::put(call.transaction, &scope, &mut volume)?;
    }
    action.becomes.clone_into(&mut group.replication_status);
    put(call.transaction, &scope, &mut group)?;
    // An older driver raises `NotImplementedError`, and no one is left to set the status again.
    if !setup::backend(call.transaction, &scope)?.older {
        timing::later(call.transaction, &scope, action.event, &group.id, 0.4)?;
    }
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

pub(super) fn enable(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 38)?;
    begin(
        call,
        &Action {
            verb: "enable",
            group: &["available"],
            replication: &["disabled", "enabled"],
            usable: true,
            attached: None,
            becomes: "enabling",
            event: ENABLED,
        },
    )
}

pub(super) fn disable(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 38)?;
    begin(
        call,
        &Action {
            verb: "disable",
            group: &["available", "error"],
            replication: &["enabled", "error"],
            usable: false,
            attached: None,
            becomes: "disabling",
            event: DISABLED,
        },
    )
}

pub(super) fn fail_over(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 38)?;
    let fields = read(
        &call.body,
        "failover_replication",
        &[
            Field("allow_attached_volume", Kind::Boolean, false),
            Field("secondary_backend_id", Kind::Text, false),
        ],
    )?;
    let back = fields.text("secondary_backend_id").as_deref() == Some("default");
    begin(
        call,
        &Action {
            verb: "failover",
            group: &["available"],
            replication: &["enabled", "failed-over"],
            usable: true,
            attached: Some(fields.flag("allow_attached_volume").unwrap_or(false)),
            becomes: "failing-over",
            event: if back { FAILED_BACK } else { FAILED_OVER },
        },
    )
}

pub(super) fn targets(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 38)?;
    let group = of_call(call)?;
    member(call, "group:list_replication_targets")?;
    check_type(call, &group)?;
    let backend = setup::backend(call.transaction, &call.scope())?;
    let targets: Vec<Value> = driver::targets_of(call.transaction, &backend)?
        .into_iter()
        .map(|target| {
            if call.caller.is_admin() {
                // The whole of `replication_device`, token and all.
                json!({
                    "backend_id": target.name,
                    "san_ip": target.name,
                    "api_token": target.token,
                    "type": "async",
                })
            } else {
                json!({"backend_id": target.name})
            }
        })
        .collect();
    Ok(Reply::ok(json!({"replication_targets": targets})))
}

fn found(
    transaction: &Transaction<'_>,
    due: &Due,
) -> Result<Option<(Group, Vec<Volume>, setup::Backend)>, WorldError> {
    let Some(group) = transaction.get::<Group>(&due.scope, &due.subject)? else { return Ok(None) };
    let Some(backend) = unless_broken(setup::backend(transaction, &due.scope))? else { return Ok(None) };
    let members = volumes::of_group(transaction, &due.scope, &group.id)?;
    Ok(Some((group, members, backend)))
}

fn settle(
    transaction: &mut Transaction<'_>,
    scope: &str,
    group: &mut Group,
    members: Vec<Volume>,
    good: bool,
    status: &str,
) -> Result<(), WorldError> {
    let status = if good { status } else { "error" };
    for mut volume in members {
        volume.replication_status = Some(status.to_owned());
        if !good {
            "error".clone_into(&mut volume.status);
        }
        volumes::put(transaction, scope, &mut volume)?;
    }
    status.clone_into(&mut group.replication_status);
    if !good {
        "error".clone_into(&mut group.status);
    }
    put(transaction, scope, group)
}

fn enabled(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, members, backend)) = found(transaction, due)? else { return Ok(()) };
    let good = driver::switch_replication(transaction, &backend, &group, true)?.is_ok();
    settle(transaction, &due.scope, &mut group, members, good, "enabled")
}

fn disabled(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, members, backend)) = found(transaction, due)? else { return Ok(()) };
    let good = driver::switch_replication(transaction, &backend, &group, false)?.is_ok();
    settle(transaction, &due.scope, &mut group, members, good, "disabled")
}

fn failed_over(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, members, backend)) = found(transaction, due)? else { return Ok(()) };
    let Some(there) = driver::fail_over(transaction, &backend, &group, &members)? else {
        return settle(transaction, &due.scope, &mut group, members, false, "failed-over");
    };
    let all = members.iter().all(|volume| there.contains(&volume.id));
    for mut volume in members {
        let arrived = there.contains(&volume.id);
        volume.replication_status = Some(if arrived { "failed-over" } else { "error" }.to_owned());
        if !arrived {
            "error".clone_into(&mut volume.status);
        }
        volumes::put(transaction, &due.scope, &mut volume)?;
    }
    if all { "failed-over" } else { "error" }.clone_into(&mut group.replication_status);
    put(transaction, &due.scope, &mut group)
}

/// The volumes are the old ones again, and stale: an administrator has to say that they may be used.
fn failed_back(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, members, backend)) = found(transaction, due)? else { return Ok(()) };
    let good = driver::switch_replication(transaction, &backend, &group, true)?.is_ok();
    let status = if good { "enabled" } else { "error" };
    for mut volume in members {
        volume.replication_status = Some(status.to_owned());
        "error".clone_into(&mut volume.status);
        volumes::put(transaction, &due.scope, &mut volume)?;
    }
    status.clone_into(&mut group.replication_status);
    put(transaction, &due.scope, &mut group)
}
