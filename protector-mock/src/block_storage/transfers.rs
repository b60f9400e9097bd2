//! `volume-transfers` (since 3.55) and `os-volume-transfer`. Sources: `cinder/api/v3/volume_transfer.py`, `cinder/transfer/api.py`,
//! `views/transfers.py` (2026.2).

use super::access::{all_projects, member, sees, since};
use super::faults::{invalid_snapshot, invalid_volume};
use super::input::{Field, Kind, read};
use super::listing::{Page, SortKey, filters, links, passes, time};
use super::quotas::{self, Claim};
use super::snapshots::{self, Snapshot};
use super::types;
use super::volumes::{self, Volume};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::Record;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = routes![
    GET "/volume-transfers" => list,
    GET "/volume-transfers/detail" => detail,
    POST "/volume-transfers" => create,
    GET "/volume-transfers/{id}" => show,
    DELETE "/volume-transfers/{id}" => delete,
    POST "/volume-transfers/{id}/accept" => accept,
    GET "/os-volume-transfer" => list,
    GET "/os-volume-transfer/detail" => detail,
    POST "/os-volume-transfer" => create,
    GET "/os-volume-transfer/{id}" => show,
    DELETE "/os-volume-transfer/{id}" => delete,
    POST "/os-volume-transfer/{id}/accept" => accept,
];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Transfer {
    id: String,
    volume_id: String,
    name: Option<String>,
    key: String,
    no_snapshots: bool,
    from: String,
    created: Timestamp,
}

impl Record for Transfer {
    const KIND: &'static str = "block_storage.transfer";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("project", self.from.clone())]
    }
}

fn absent(id: &str) -> Fault {
    Fault::not_found(format!("Transfer {id} could not be found."))
}

fn of_call(call: &Call<'_, '_>) -> Result<Transfer, Fault> {
    let id = call.parameter("id");
    let found = call.transaction.get::<Transfer>(&call.scope(), id)?;
    found.filter(|found| sees(call, &found.from)).ok_or_else(|| absent(id))
}

fn checked_version(call: &Call<'_, '_>) -> Result<(), Fault> {
    if call.path.contains("volume-transfers") { since(call, 55) } else { Ok(()) }
}

fn brief(call: &Call<'_, '_>, transfer: &Transfer) -> Value {
    json!({
        "id": transfer.id,
        "volume_id": transfer.volume_id,
        "name": transfer.name,
        "links": links(call, "os-volume-transfer", &transfer.id),
    })
}

fn view(call: &Call<'_, '_>, transfer: &Transfer) -> Value {
    let mut told = brief(call, transfer);
    if let Some(told) = told.as_object_mut() {
        told.insert("created_at".to_owned(), json!(time(transfer.created)));
        if call.since(3, 55) {
            told.insert("no_snapshots".to_owned(), json!(transfer.no_snapshots));
        }
        if call.since(3, 57) {
            told.insert("destination_project_id".to_owned(), Value::Null);
            told.insert("source_project_id".to_owned(), json!(transfer.from));
            told.insert("accepted".to_owned(), json!(false));
        }
    }
    told
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, brief)
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, view)
}

fn listed(call: &mut Call<'_, '_>, view: fn(&Call<'_, '_>, &Transfer) -> Value) -> Result<Reply, Fault> {
    checked_version(call)?;
    let page = Page::of(call)?;
    let wanted = filters(call, &["name", "volume_id"])?;
    let scope = call.scope();
    let mut all = if all_projects(call) {
        call.transaction.list::<Transfer>(&scope)?
    } else {
        call.transaction.find::<Transfer>(&scope, "project", &call.caller.project)?
    };
    for (name, value) in &wanted {
        all.retain(|found| match name.as_str() {
            "id" => passes(name, value, Some(&found.id)),
            "name" => passes(name, value, found.name.as_deref()),
            "volume_id" => passes(name, value, Some(&found.volume_id)),
            _ => false,
        });
    }
    let key = |found: &Transfer, name: &str| match name {
        "created_at" => Some(SortKey::from(found.created)),
        "name" | "display_name" => Some(found.name.as_deref().into()),
        _ => None,
    };
    let shown = page.cut(all, |found| &found.id, key, absent)?;
    let views: Vec<Value> = shown.iter().map(|found| view(call, found)).collect();
    Ok(Reply::ok(json!({"transfers": views})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    Ok(Reply::ok(json!({"transfer": view(call, &found)})))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    checked_version(call)?;
    member(call, "volume:create_transfer")?;
    let mut fields = vec![Field("volume_id", Kind::Uuid, true), Field("name", Kind::Name, false)];
    if call.since(3, 55) {
        fields.push(Field("no_snapshots", Kind::Boolean, false));
    }
    let fields = read(&call.body, "transfer", &fields)?;
    let mut volume = volumes::seen(call, &fields.text("volume_id").unwrap_or_default())?;
    let no_snapshots = fields.flag("no_snapshots").unwrap_or(false);
    if volume.status != "available" {
        return Err(invalid_volume("status must be available"));
    }
    if volume.encryption_key_id.is_some() && !call.since(3, 70) {
        return Err(invalid_volume("transferring encrypted volume is not supported"));
    }
    let scope = call.scope();
    if !no_snapshots {
        let all = snapshots::of_volume(call.transaction, &scope, &volume.id)?;
        if let Some(busy) = all.iter().find(|snapshot| snapshot.status != "available") {
            return Err(invalid_snapshot(format!("snapshot: {} status must be available", busy.id)));
        }
    }
    let drawn = call.transaction.draw()?;
    let key = format!("{:016x}", u64::from_be_bytes(drawn.first_chunk().copied().unwrap_or_default()));
    let transfer = Transfer {
        id: call.transaction.new_uuid()?.to_string(),
        volume_id: volume.id.clone(),
        name: fields.text("name"),
        key,
        no_snapshots,
        from: volume.project.clone(),
        created: call.transaction.now(),
    };
    "awaiting-transfer".clone_into(&mut volume.status);
    volumes::put(call.transaction, &scope, &mut volume)?;
    call.transaction.put(&scope, &transfer)?;
    let mut told = view(call, &transfer);
    if let Some(told) = told.as_object_mut() {
        told.insert("auth_key".to_owned(), json!(transfer.key));
    }
    Ok(Reply::accepted(json!({"transfer": told})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    member(call, "volume:delete_transfer")?;
    let scope = call.scope();
    if let Some(mut volume) = call.transaction.get::<Volume>(&scope, &found.volume_id)? {
        "available".clone_into(&mut volume.status);
        volumes::put(call.transaction, &scope, &mut volume)?;
    }
    call.transaction.remove::<Transfer>(&scope, &found.id)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn accept(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    member(call, "volume:accept_transfer")?;
    let fields = read(&call.body, "accept", &[Field("auth_key", Kind::Word, true)])?;
    let scope = call.scope();
    let id = call.parameter("id").to_owned();
    let found = call.transaction.get::<Transfer>(&scope, &id)?.ok_or_else(|| absent(&id))?;
    if fields.text("auth_key").as_deref() != Some(found.key.as_str()) {
        return Err(Fault::bad_request(format!(
            "Invalid auth key: Attempt to transfer {id} with invalid auth key."
        )));
    }
    let mut volume = volumes::get(call.transaction, &scope, &found.volume_id)?;
    let mut moved: Vec<Snapshot> = Vec::new();
    if !found.no_snapshots {
        moved = snapshots::of_volume(call.transaction, &scope, &volume.id)?;
    }
    let project = call.caller.project.clone();
    let volume_type = types::name_of(call.transaction, &scope, &volume.type_id)?;
    let size = volume.size + moved.iter().map(|snapshot| snapshot.size).sum::<u64>();
    let part = |project| Claim {
        project,
        volumes: 1,
        snapshots: i64::try_from(moved.len()).unwrap_or(0),
        gigabytes: i64::try_from(size).unwrap_or(i64::MAX),
        volume_type: &volume_type,
    };
    quotas::check_size(call.transaction, &scope, &project, volume.size)?;
    quotas::reserve(call.transaction, &scope, part(&project))?;
    quotas::release(call.transaction, &scope, part(&volume.project))?;
    for mut snapshot in moved {
        snapshot.project.clone_from(&project);
        snapshot.user.clone_from(&call.caller.user);
        snapshots::put(call.transaction, &scope, &mut snapshot)?;
    }
    volume.project = project;
    volume.user.clone_from(&call.caller.user);
    "available".clone_into(&mut volume.status);
    volumes::put(call.transaction, &scope, &mut volume)?;
    call.transaction.remove::<Transfer>(&scope, &id)?;
    Ok(Reply::accepted(json!({"transfer": brief(call, &found)})))
}
