//! Random bytes are written to twenty volumes while they are replicated; the process that simulates everything is killed in
//! five ways, started again, and the volumes are promoted at the other array. What is there then is the group's snapshot, byte
//! by byte, and all of it is of one point in time.
//!
//! Whoever writes, replicates, promotes and looks is a client of the arrays' API. What happens when is chosen by a seed, which
//! is printed; `SEED` chooses it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as it has to be ends the test"
)]

#[path = "killed_transfers/checker.rs"]
mod checker;
#[path = "killed_transfers/client.rs"]
mod client;
#[path = "killed_transfers/history.rs"]
mod history;
#[path = "killed_transfers/process.rs"]
mod process;
#[path = "killed_transfers/random.rs"]
mod random;
#[path = "killed_transfers/writer.rs"]
mod writer;

use client::{Client, Gone};
use history::{SECTOR, SECTORS, VOLUMES};
use http::Method;
use process::Process;
use random::Random;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use tempfile::TempDir;
use writer::{SOURCE, Writer, volume};

const TARGET: &str = "array-b";
/// Seconds of the world that a transfer takes.
const TRANSFER: f64 = 100.0;

/// When the process is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// With a write under way, and a transfer in flight.
    Write,
    /// Somewhere in a transfer.
    Transfer,
    /// When the last of it is due.
    LastSlice,
    /// When some volumes are promoted.
    Promotion,
    /// In a transfer, and again while the next process makes up for what has become due.
    CatchUp,
}

const KILLS: [Kill; 5] = [Kill::Write, Kill::Transfer, Kill::LastSlice, Kill::Promotion, Kill::CatchUp];

#[expect(clippy::disallowed_methods, reason = "a run can be repeated only if its seed can be told")]
#[expect(clippy::print_stdout, reason = "and only if it is known")]
fn seed() -> u64 {
    let told = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = told.unwrap_or_else(|| getrandom::u64().unwrap());
    println!("SEED={seed}");
    seed
}

fn twin(number: usize) -> String {
    format!("twin-{number}")
}

fn names(name: fn(usize) -> String) -> String {
    (0..VOLUMES).map(name).collect::<Vec<_>>().join(",")
}

/// A point of the group, and between which writes it was taken.
struct Point {
    name: String,
    taken: RangeInclusive<u64>,
}

struct Scene {
    process: Process,
    directory: TempDir,
    client: Arc<Client>,
    random: Random,
    /// Points that were looked at.
    seen: BTreeSet<String>,
}

impl Scene {
    /// Two arrays, a group of twenty volumes at one of them, and twins at the other.
    async fn new(seed: u64) -> Result<Self, Gone> {
        let directory = tempfile::tempdir().unwrap();
        let mut process = Process::spawn(directory.path(), &["--virtual-time"]);
        let client = process.client();
        let size = json!({"provisioned": SECTORS * SECTOR as u64});
        let post =
            async |array: &str, path: &str, body: Value| client.items(array, Method::POST, path, body).await;
        client.set(SOURCE, &json!({"transfer_base": TRANSFER, "transfer_per_extent": 0})).await?;
        post(SOURCE, &format!("volumes?names={}", names(volume)), size.clone()).await?;
        post(TARGET, &format!("volumes?names={}", names(twin)), size).await?;
        post(SOURCE, "protection-groups?names=g", Value::Null).await?;
        let members = format!("protection-groups/volumes?group_names=g&member_names={}", names(volume));
        post(SOURCE, &members, Value::Null).await?;
        post(SOURCE, "protection-groups/targets?group_names=g&member_names=array-b", Value::Null).await?;
        let allowed = "protection-groups/targets?group_names=array-a:g";
        client.items(TARGET, Method::PATCH, allowed, json!({"allowed": true})).await?;
        Ok(Self { directory, process, client, random: Random::new(seed), seen: BTreeSet::new() })
    }

    /// Kills the process.
    fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts another one in the same folder.
    fn restart(&mut self) {
        self.process = Process::spawn(self.directory.path(), &["--virtual-time"]);
        self.client = self.process.client();
    }

    /// Lets the scheduler be for a moment of a length that the seed chooses, so that what was just begun is somewhere.
    async fn somewhere(&mut self) {
        for _ in 0..self.random.below(300) {
            tokio::task::yield_now().await;
        }
    }

    async fn schedule(&self, enabled: bool) -> Result<(), Gone> {
        let schedule = json!({"replication_schedule": {"enabled": enabled, "frequency": 300_000}});
        self.client.items(SOURCE, Method::PATCH, "protection-groups?names=g", schedule).await?;
        Ok(())
    }

    /// All points at the target: how far each has come, and whether it is complete.
    async fn arrivals(&self) -> Result<Vec<(String, f64, bool)>, Gone> {
        let path = "protection-group-snapshots/transfer?names=array-a:g";
        let items = self.client.items(TARGET, Method::GET, path, Value::Null).await?;
        let told = |item: &Value| {
            let name = item["name"].as_str().unwrap().to_owned();
            (name, item["progress"].as_f64().unwrap(), !item["completed"].is_null())
        };
        Ok(items.iter().map(told).collect())
    }

    async fn arrival(&self, point: &Point) -> Result<(f64, bool), Gone> {
        let found = self.arrivals().await?.into_iter().find(|(name, ..)| *name == point.name);
        let (_, progress, complete) = found.unwrap();
        Ok((progress, complete))
    }

    /// Lets time pass until a point is complete.
    async fn complete(&self, point: &Point) -> Result<(), Gone> {
        for _ in 0..50 {
            if self.arrival(point).await?.1 {
                return Ok(());
            }
            self.client.advance(TRANSFER / 2.0).await?;
        }
        panic!("{} does not arrive", point.name)
    }

    /// Has the group replicated, now.
    async fn replicate(&self, suffix: &str, earliest: u64) -> Result<Point, Gone> {
        let path = "protection-group-snapshots?source_names=g&replicate_now=true";
        self.client.items(SOURCE, Method::POST, path, json!({"suffix": suffix})).await?;
        Ok(Point { name: format!("array-a:g.{suffix}"), taken: earliest..=earliest })
    }

    /// The other array's volumes become what a point holds.
    async fn promote(&self, point: &Point, numbers: impl Iterator<Item = usize>) -> Result<(), Gone> {
        for number in numbers {
            promote(&self.client, &point.name, number).await?;
        }
        Ok(())
    }

    /// Reads every volume of an array.
    async fn all(&self, array: &str, what: impl Fn(usize) -> String) -> Result<Vec<Vec<u8>>, Gone> {
        let mut read = Vec::new();
        for number in 0..VOLUMES {
            read.push(self.client.read(array, &what(number)).await?);
        }
        Ok(read)
    }

    /// Compares what is promoted with the snapshots at both arrays, and all of it with the order of writes.
    async fn check(&mut self, writer: &Writer, point: &Point) -> Result<(), String> {
        let gone = |Gone| "nobody answers".to_owned();
        let promoted = self.all(TARGET, |number| format!("volume={}", twin(number))).await.map_err(gone)?;
        for (array, group) in [(TARGET, &*point.name), (SOURCE, point.name.trim_start_matches("array-a:"))] {
            let held = self.all(array, |number| format!("snapshot={group}.{}", volume(number)));
            for (number, held) in held.await.map_err(gone)?.into_iter().enumerate() {
                if held != promoted[number] {
                    return Err(format!("{} is not {} of {array}'s {group}", twin(number), volume(number)));
                }
            }
        }
        let cuts = checker::cuts(&writer.history, &promoted).map_err(|wrong| wrong.to_string())?;
        if cuts.start() > point.taken.end() || cuts.end() < point.taken.start() {
            return Err(format!(
                "{}, taken at {:?}, holds what was there at {cuts:?}",
                point.name, point.taken
            ));
        }
        self.seen.insert(point.name.clone());
        Ok(())
    }

    /// Looks at the points that the schedule made.
    async fn check_the_others(&mut self, writer: &Writer) -> Result<usize, Gone> {
        let mut found = 0;
        for (name, _, complete) in self.arrivals().await? {
            if complete && self.seen.insert(name.clone()) {
                let held = self.all(TARGET, |number| format!("snapshot={name}.{}", volume(number))).await?;
                let cuts = checker::cuts(&writer.history, &held);
                assert!(cuts.is_ok(), "{name}: {}", cuts.unwrap_err());
                found += 1;
            }
        }
        Ok(found)
    }
}

async fn promote(client: &Client, point: &str, number: usize) -> Result<(), Gone> {
    let path = format!("volumes?names={}&overwrite=true", twin(number));
    let source = json!({"source": {"name": format!("{point}.{}", volume(number))}});
    client.items(TARGET, Method::POST, &path, source).await?;
    Ok(())
}

/// One replication that is killed, and what comes of it.
async fn replicate_and_kill(scene: &mut Scene, writer: Writer, kill: Kill) -> Result<Writer, Gone> {
    let mut writing = writer.write(Arc::clone(&scene.client));
    writing.allow(30);
    writing.begun(VOLUMES as u64 + scene.random.below(8)).await;
    let mut point = scene.replicate(&format!("{kill:?}").to_lowercase(), writing.progress().done).await?;
    point.taken = *point.taken.start()..=writing.progress().begun;
    scene.client.advance(TRANSFER / 20.0).await?;
    assert!(!scene.arrival(&point).await?.1, "{kill:?}: it is complete at once");
    match kill {
        Kill::Write => {
            let some = 1 + scene.random.below(6);
            writing.allow(40);
            writing.begun(some).await;
            scene.somewhere().await;
            scene.kill();
        }
        Kill::Transfer => {
            writing.allow(6);
            let share = scene.random.below(900) as f64 / 1000.0;
            scene.client.advance(TRANSFER * share).await?;
            let (progress, complete) = scene.arrival(&point).await?;
            assert!(progress >= share && !complete, "{progress} of {share}");
            scene.kill();
        }
        Kill::LastSlice => {
            scene.client.advance(TRANSFER * 0.949).await?;
            let (progress, complete) = scene.arrival(&point).await?;
            assert!(progress > 0.99 && !complete, "{progress}");
            let client = Arc::clone(&scene.client);
            let last = tokio::spawn(async move { client.advance(1.0).await });
            writing.allow(2);
            scene.somewhere().await;
            scene.kill();
            // It may have had its answer, or not.
            drop(last.await);
        }
        Kill::Promotion => {
            scene.complete(&point).await?;
            let some = scene.random.below(VOLUMES as u64) as usize;
            scene.promote(&point, 0..some).await?;
            let (client, name) = (Arc::clone(&scene.client), point.name.clone());
            let next = tokio::spawn(async move { promote(&client, &name, some).await });
            writing.allow(2);
            scene.somewhere().await;
            scene.kill();
            drop(next.await);
        }
        Kill::CatchUp => {
            scene.schedule(true).await?;
            scene.client.advance(TRANSFER * 0.5).await?;
            // Much has become due when the next process comes.
            scene.client.hurry(600.0).await?;
            writing.allow(4);
            writing.begun(2).await;
            scene.kill();
            Process::spawn(scene.directory.path(), &[]).kill_when_it_writes();
        }
    }
    let mut writer = writing.end().await;
    scene.restart();
    writer.look_again(&scene.client).await;
    if matches!(kill, Kill::CatchUp) {
        scene.client.advance(700.0).await?;
        scene.schedule(false).await?;
        scene.client.advance(10.0 * TRANSFER).await?;
    }
    // Who writes goes on: what is promoted is not what the source holds now.
    let writing = writer.write(Arc::clone(&scene.client));
    writing.allow(10);
    scene.complete(&point).await?;
    scene.promote(&point, 0..VOLUMES).await?;
    let writer = writing.end().await;
    let checked = scene.check(&writer, &point).await;
    assert_eq!(checked, Ok(()), "killed: {kill:?}");
    if matches!(kill, Kill::CatchUp) {
        assert!(scene.check_the_others(&writer).await? > 0, "the schedule made no point meanwhile");
    }
    Ok(writer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_promoted_after_kills_is_the_snapshot_and_all_of_it_of_one_point_in_time() {
    let seed = seed();
    let mut scene = Scene::new(seed).await.unwrap();
    let mut writer = Writer::new(seed);
    for kill in KILLS {
        writer = replicate_and_kill(&mut scene, writer, kill).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_array_that_leaves_out_one_overwrite_is_found_out() {
    let seed = seed();
    let mut scene = Scene::new(seed).await.unwrap();
    let left_out = scene.random.below(VOLUMES as u64) as usize;
    let rule = json!({
        "target": TARGET, "method": "POST", "path": "overwrite=true", "nth": left_out + 1, "times": 1,
        "action": "answer", "status": 200, "answer_body": {"items": []},
    });
    scene.client.rule(&rule).await.unwrap();
    let writing = Writer::new(seed).write(Arc::clone(&scene.client));
    writing.allow(30);
    let writer = writing.end().await;
    let point = scene.replicate("s", 30).await.unwrap();
    scene.complete(&point).await.unwrap();
    scene.promote(&point, 0..VOLUMES).await.unwrap();
    let found = scene.check(&writer, &point).await.unwrap_err();
    assert!(found.starts_with(&format!("twin-{left_out} is not ")), "{found}");
    promote(&scene.client, &point.name, left_out).await.unwrap();
    assert_eq!(scene.check(&writer, &point).await, Ok(()));
}
