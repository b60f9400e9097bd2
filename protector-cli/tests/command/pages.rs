//! The pages of `docs/operations/` are true: every command in them is run, in their order, on one simulated pair. It prints
//! what the page shows and ends with the exit code that the page shows (0 where it shows none); what is at both sites
//! afterwards is asked of their own services.

use crate::bench::Bench;
use crate::page::commands;
use crate::reader::{Reader, running};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A page, and what is at the sites when all of it was done.
struct Page {
    name: &'static str,
    /// What takes so many seconds from then on.
    slow: Option<(&'static str, f64)>,
    /// What goes wrong once: a rule of the simulator.
    fault: Option<&'static str>,
    /// The group's VMs that run at site-a.
    at_a: &'static [&'static str],
    /// Those at site-b.
    at_b: &'static [&'static str],
    /// The volumes at site-b: the twins of what is protected.
    twins: usize,
}

const WEB: &[&str] = &["web-1", "web-2"];
const COPIES: &[&str] = &["web-1-test", "web-2-test"];

const fn page(
    name: &'static str,
    at_a: &'static [&'static str],
    at_b: &'static [&'static str],
    twins: usize,
) -> Page {
    Page { name, slow: None, fault: None, at_a, at_b, twins }
}

/// The other site refuses to start a VM.
const NO_START: &str = r#"{"target": "site-b/compute", "method": "POST", "path": "/action$", "body": "os-start",
    "action": "answer", "status": 403, "times": 1,
    "answer_body": {"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:servers:start"}}}"#;

const PAGES: &[Page] = &[
    page("sites", WEB, &[], 0),
    page("protect", WEB, &[], 2),
    page("mappings", WEB, &[], 2),
    page("recovery-points", WEB, &[], 2),
    page("sync", WEB, &[], 2),
    page("members", WEB, &[], 2),
    page("documents", WEB, &[], 2),
    page("policy", WEB, &[], 2),
    page("test-failover", WEB, COPIES, 4),
    page("test-cleanup", WEB, &[], 2),
    page("planned-failover", &[], WEB, 2),
    page("failback", WEB, &[], 2),
    page("site-failover", WEB, &[], 2),
    page("in-the-background", WEB, &[], 2),
    page("undo", WEB, &[], 2),
    page("commit", WEB, &[], 2),
    page("housekeeping", WEB, &[], 2),
    Page { fault: Some(NO_START), ..page("partial-results", WEB, &[], 2) },
    page("unplanned-failover", &[], WEB, 2),
    page("reprotect", &[], WEB, 2),
    // Stopping takes longer than it takes another process to have the operation paused or cancelled.
    Page { slow: Some(("compute.server-stopped", 3.0)), ..page("pause-cancel-resume", WEB, &[], 2) },
    page("reports", WEB, &[], 2),
    page("support", WEB, &[], 2),
    page("unprotect", WEB, &[], 0),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations")
}

#[test]
fn no_page_is_left_out() {
    let files =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = PAGES.iter().map(|page| format!("{}.md", page.name));
    assert_eq!(files.collect::<BTreeSet<_>>(), pages.collect::<BTreeSet<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_pages_does_what_they_say() {
    let mut reader = Reader::new(Bench::start().await);
    for page in PAGES {
        if let Some((event, seconds)) = page.slow {
            reader.bench.look.takes(event, seconds).await;
        }
        if let Some(rule) = page.fault {
            reader.bench.look.breaks(rule).await;
        }
        let text = fs::read_to_string(folder().join(format!("{}.md", page.name))).unwrap();
        let shown = commands(&text);
        assert!(!shown.is_empty(), "{} shows no command", page.name);
        reader.follow(page.name, &shown).await;
        let bench = &reader.bench;
        assert_eq!(running(bench, "site-a").await, page.at_a, "at site-a after {}", page.name);
        assert_eq!(running(bench, "site-b").await, page.at_b, "at site-b after {}", page.name);
        assert_eq!(bench.look.volumes("site-b").await, page.twins, "at site-b after {}", page.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_start_does_what_it_says() {
    let mut reader = Reader::new(Bench::start().await);
    let text = fs::read_to_string(folder().join("../quick-start.md")).unwrap();
    let shown = commands(&text);
    assert!(shown.len() > 10, "{shown:#?}");
    reader.follow("quick-start", &shown).await;
    assert_eq!(running(&reader.bench, "site-a").await, WEB);
    assert_eq!(running(&reader.bench, "site-b").await, Vec::<String>::new());
}
