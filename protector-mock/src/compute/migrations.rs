//! Migrations: resizes and moves. Source: nova/api/openstack/compute/{migrations,server_migrations}.py, views/migrations.py.

use super::flavors::Flavor;
use super::servers::Server;
use super::{paging, timing};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Migration {
    id: String,
    number: u64,
    server: String,
    kind: String,
    status: String,
    source: Option<String>,
    target: Option<String>,
    old_flavor: String,
    new_flavor: String,
    user: String,
    project: String,
    created: Timestamp,
    updated: Timestamp,
}

impl Record for Migration {
    const KIND: &'static str = "compute.migration";

    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-migrations", list),
    Route::new(Method::GET, "/v2.1/servers/{server}/migrations", of_server),
];

/// Notes that one began; returns its id.
pub(super) fn begin(
    call: &mut Call<'_, '_>,
    server: &Server,
    flavor: &Flavor,
    kind: &str,
) -> Result<String, Fault> {
    let scope = call.scope();
    let now = call.transaction.now();
    let migration = Migration {
        id: call.transaction.new_uuid()?.to_string(),
        number: super::next_number(call.transaction, &scope, "migration")?,
        server: server.id.clone(),
        kind: kind.to_owned(),
        status: "migrating".to_owned(),
        source: server.host.clone(),
        target: server.host.clone(),
        old_flavor: server.flavor.id.clone(),
        new_flavor: flavor.id.clone(),
        user: call.caller.user.clone(),
        project: call.caller.project.clone(),
        created: now,
        updated: now,
    };
    call.transaction.put(&scope, &migration)?;
    Ok(migration.id)
}

/// Notes how far it is.
pub(super) fn set(
    transaction: &mut Transaction<'_>,
    scope: &str,
    id: &str,
    status: &str,
) -> Result<(), WorldError> {
    let Some(mut migration) = transaction.get::<Migration>(scope, id)? else { return Ok(()) };
    status.clone_into(&mut migration.status);
    migration.updated = transaction.now();
    transaction.put(scope, &migration)
}

fn view(call: &Call<'_, '_>, migration: &Migration) -> Value {
    let mut view = json!({
        "id": migration.number,
        "instance_uuid": migration.server,
        "status": migration.status,
        "source_compute": migration.source,
        "source_node": migration.source,
        "dest_compute": migration.target,
        "dest_node": migration.target,
        "dest_host": "127.0.0.1",
        "old_instance_type_id": migration.old_flavor.parse::<i64>().unwrap_or(1),
        "new_instance_type_id": migration.new_flavor.parse::<i64>().unwrap_or(1),
        "created_at": timing::plain(migration.created),
        "updated_at": timing::plain(migration.updated),
    });
    if let Some(view) = view.as_object_mut() {
        if call.since(2, 23) {
            view.insert("migration_type".to_owned(), json!(migration.kind));
            let links = if migration.kind == "live-migration" {
                paging::links(
                    call,
                    &format!("servers/{}/migrations", migration.server),
                    &migration.number.to_string(),
                )
            } else {
                Value::Null
            };
            if !links.is_null() {
                view.insert("links".to_owned(), links);
            }
        }
        if call.since(2, 59) {
            view.insert("uuid".to_owned(), json!(migration.id));
        }
        if call.since(2, 80) {
            view.insert("user_id".to_owned(), json!(migration.user));
            view.insert("project_id".to_owned(), json!(migration.project));
        }
    }
    view
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-migrations:index")?;
    let mut migrations: Vec<Migration> = call.transaction.list(&call.site.name)?;
    migrations.reverse();
    let equal = |name: &str, value: &str| call.query.get(name).is_none_or(|asked| asked == value);
    migrations.retain(|migration| {
        equal("instance_uuid", &migration.server)
            && equal("status", &migration.status)
            && equal("migration_type", &migration.kind)
            && equal("user_id", &migration.user)
            && equal("project_id", &migration.project)
            && equal("source_compute", migration.source.as_deref().unwrap_or_default())
            && call.query.get("host").is_none_or(|host| {
                migration.source.as_deref() == Some(host) || migration.target.as_deref() == Some(host)
            })
    });
    let mut next = None;
    if call.since(2, 59) {
        let page =
            paging::by_marker(call, migrations, "os-migrations", |migration| &migration.id, paging::plain)?;
        (migrations, next) = (page.items, page.next);
    }
    let views: Vec<Value> = migrations.iter().map(|migration| view(call, migration)).collect();
    let mut body = json!({"migrations": views});
    if let (Some(body), Some(next)) = (body.as_object_mut(), next) {
        body.insert("migrations_links".to_owned(), next);
    }
    Ok(Reply::ok(body))
}

/// Only those that are under way and live are listed here, and live ones take no time that can be seen.
fn of_server(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    super::require(call, 2, 23)?;
    call.require_admin("os_compute_api:servers:migrations:index")?;
    super::servers::named(call)?;
    Ok(Reply::ok(json!({"migrations": []})))
}
