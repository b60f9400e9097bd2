//! A large estate: made, and opened again by the next process.

use crate::process::{Used, peak_megabytes};
use anyhow::{Result, ensure};
use protector_core::time::{Clock, SystemClock};
use protector_mock::estate::Estate;
use protector_mock::pair::{Beginning, EmbeddedPair, Folder, SITES, Wanted};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Nova's limit of servers is never reached, an array's of connections to a host would be.
const COMPUTE_HOSTS: u32 = 8;

fn estate(servers: u32) -> Result<Estate> {
    let like = |site: &str, count: u32| {
        json!({
            "name": format!("{site}-vm"), "count": count, "site": site, "flavor": "small", "networks": ["net"],
            "volumes": [
                {"name": "root", "size": 10, "type": "replicated"}, {"name": "data", "size": 50, "type": "replicated"},
                {"name": "log", "size": 10, "type": "replicated"}, {"name": "scratch", "size": 5},
            ],
        })
    };
    let [a, b] = SITES;
    let told = json!({
        "compute_hosts": COMPUTE_HOSTS,
        "flavors": [{"name": "small", "vcpus": 1, "ram": 512}],
        "volume_types": [{"name": "replicated", "replicated": true}],
        "projects": [{
            "name": "app",
            "users": [{"name": "app-owner", "roles": ["member"]}],
            "networks": [{"name": "net", "subnet": "subnet", "cidr": "10.0.0.0/16"}],
            "servers": [like(a, servers - servers / 2), like(b, servers / 2)],
        }],
    });
    Estate::parse(&told.to_string()).map_err(anyhow::Error::msg)
}

fn start(folder: &Path, beginning: Beginning) -> Result<EmbeddedPair> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let wanted = Wanted { beginning, ..Wanted::default() };
    Ok(EmbeddedPair::start(Folder::open(folder)?, &wanted, &clock)?)
}

/// How many records of a kind the world has.
fn counted(folder: &Path, kind: &str) -> Result<u32> {
    let world = rusqlite::Connection::open(folder.join("world.db"))?;
    let sql = "SELECT count(*) FROM record WHERE kind = ?1";
    Ok(world.query_row(sql, (kind,), |row| row.get(0))?)
}

pub(crate) fn measure(servers: u32) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let beginning = Beginning::Told(Box::new(estate(servers)?));
    let begun = Used::now();
    drop(start(folder.path(), beginning)?);
    let made = begun.since();
    let begun = Used::now();
    drop(start(folder.path(), Beginning::Empty)?);
    let opened = begun.since();
    let memory = peak_megabytes()?;
    let volumes = counted(folder.path(), "block_storage.volume")?;
    ensure!(counted(folder.path(), "compute.server")? == servers, "there are not {servers} servers");
    ensure!(volumes == 4 * servers, "there are {volumes} volumes");
    Ok(json!({
        "servers": servers,
        "volumes": volumes,
        "made": {"seconds": made.seconds, "processor_seconds": made.processor_seconds},
        "opened_again": {"seconds": opened.seconds, "processor_seconds": opened.processor_seconds},
        "peak_megabytes": memory,
        "file_megabytes": fs::metadata(folder.path().join("world.db"))?.len() as f64 / 1e6,
    }))
}
