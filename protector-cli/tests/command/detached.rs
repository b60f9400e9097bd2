//! An operation goes on in a process of its own: it outlives whoever asked for it, and their terminal.

use crate::bench::Bench;
use std::fs;

const CREATE: &str =
    "protection-group create web --primary-site site-a --secondary-site site-b --member web-1";

async fn protected() -> Bench {
    let bench = Bench::start().await;
    bench.done(&CREATE.split_whitespace().collect::<Vec<_>>()).await;
    bench.look.takes("compute.server-stopped", 3.0).await;
    bench
}

/// The session, and the terminal if there is one, of the processes that were started with a word in their arguments.
fn sessions(word: &str) -> Vec<(u32, i32)> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let folder = entry.ok()?.path();
        let number: u32 = folder.file_name()?.to_str()?.parse().ok()?;
        let arguments = String::from_utf8(fs::read(folder.join("cmdline")).ok()?).ok()?;
        let status = fs::read_to_string(folder.join("stat")).ok()?;
        // Behind the name, which may hold anything: state, parent, group, session, terminal.
        let (_, fields) = status.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        assert!(number > 0 && fields.len() > 4, "{status}");
        let runs = arguments.contains("--detached") && arguments.contains(word) && fields[0] != "Z";
        runs.then(|| (fields[3].parse().unwrap(), fields[4].parse().unwrap()))
    });
    processes.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_waiting_the_operation_has_begun_and_is_followed_to_its_end() {
    let bench = protected().await;
    let begun = bench.done(&["protection-group", "failover", "web", "--confirm", "web", "--no-wait"]).await;
    let id = begun["operation"]["id"].as_str().unwrap();
    assert_eq!(begun["operation"]["status"], "running", "{begun:#}");
    let runners = sessions(id);
    assert!(matches!(runners.as_slice(), [(_, 0)]), "one runner without a terminal: {runners:?}");
    let group = bench.done(&["protection-group", "show", "web"]).await;
    assert_eq!(group["current_primary_site"], "site-a");
    // Nobody else may work on the group meanwhile, and whoever tries is told who does.
    let other = bench.run(&["operation", "resume", id]).await;
    assert!(other.code == 1 && other.stderr.contains("protector"), "{other:#?}");
    let watched = bench.done(&["--progress", "none", "operation", "watch", id]).await;
    assert_eq!(watched["status"], "completed");
    let group = bench.done(&["protection-group", "show", "web"]).await;
    assert_eq!((&group["current_primary_site"], &group["status"]), (&"site-b".into(), &"failed_over".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_terminal_does_not_end_the_operation() {
    let bench = protected().await;
    // `script` gives it a terminal of its own, which hangs up when the command is over.
    let protector = env!("CARGO_BIN_EXE_protector");
    let command = format!("{protector} --output json protection-group failover web --confirm web --no-wait");
    let ran = bench.tool("script", &["--quiet", "--return", "--command", &command, "/dev/null"]).await;
    assert_eq!(ran.code, 0, "{ran:#?}");
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let id = told["operation"]["id"].as_str().unwrap();
    let watched = bench.done(&["--progress", "none", "operation", "watch", id]).await;
    assert_eq!(
        (&watched["status"], watched["steps_failed"].as_array().unwrap().len()),
        (&"completed".into(), 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_time_is_told_the_outcome_or_that_it_goes_on() {
    let bench = protected().await;
    let failover =
        ["--progress", "none", "protection-group", "failover", "web", "--confirm", "web", "--timeout"];
    let ran = bench.run(&[&failover[..], &["1"]].concat()).await;
    assert_eq!(ran.code, 5, "{ran:#?}");
    assert!(
        ran.stdout.contains("it goes on in a process of its own: `protector operation watch"),
        "{ran:#?}"
    );
    let watched = bench.done(&["--progress", "none", "operation", "watch"]).await;
    assert_eq!((&watched["operation_type"], &watched["status"]), (&"failover".into(), &"completed".into()));
    let failback = ["protection-group", "failback", "web", "--confirm", "web", "--timeout", "300"];
    let outcome = bench.done(&failback).await;
    assert_eq!(outcome["operation"]["status"], "completed");
    assert_eq!(outcome["group"]["current_primary_site"], "site-a");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_refused_before_anything_is_on_record() {
    let bench = protected().await;
    let before = bench.done(&["operation", "list"]).await;
    let failover = ["protection-group", "failover", "web", "--no-wait"];
    for (more, exit, said) in [
        (&[][..], 2, "not-confirmed"),
        (&["--unplanned", "--confirm", "web"], 3, "loss-not-accepted"),
        (&["--confirm", "web", "--timeout", "1"], 2, "cannot be used with"),
    ] {
        let ran = bench.run(&[&failover[..], more].concat()).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (exit, ""), "{ran:#?}");
        assert!(ran.stderr.contains(said), "{ran:#?}");
    }
    let planned = bench.done(&[&failover[..], &["--dry-run"]].concat()).await;
    assert!(planned["plan"]["hash"].is_string(), "{planned:#}");
    assert_eq!(bench.done(&["operation", "list"]).await, before);
}
