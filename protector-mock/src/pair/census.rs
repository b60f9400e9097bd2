//! How those who count what exists find it in the world's own file: by queries that a pair's description tells, as it would
//! tell those for a real service's database.

use serde_json::{Map, Value, json};

/// What is counted: its kind to those who count, its kind in the world, what a duplicate would share, whose it is.
const COUNTED: [(&str, &str, &str, &str); 7] = [
    ("servers", "compute.server", "name", "project"),
    ("ports", "network.port", "mac_address", "project_id"),
    ("volumes", "block_storage.volume", "name", "project"),
    ("groups", "block_storage.group", "name", "project"),
    ("group_snapshots", "block_storage.group-snapshot", "name", "project"),
    ("server_groups", "compute.server-group", "name", "project"),
    ("security_groups", "network.security-group", "name", "project_id"),
];

/// The database and the query for each kind of a site; a query takes a project's id. The database is told relative to the
/// description.
pub(super) fn of(site: &str) -> Value {
    COUNTED
        .into_iter()
        .map(|counted| (counted.0.to_owned(), told(site, counted)))
        .collect::<Map<_, _>>()
        .into()
}

fn told(site: &str, (_, kind, shared, project): (&str, &str, &str, &str)) -> Value {
    let query = format!(
        "SELECT id, json_extract(document, '$.{shared}') FROM record WHERE kind = '{kind}' AND scope = '{site}' \
         AND json_extract(document, '$.{project}') = ? AND NOT coalesce(json_extract(document, '$.deleted'), 0)"
    );
    json!({"database": "sqlite:world.db", "query": query})
}
