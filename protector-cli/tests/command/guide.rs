//! The guide's way from the first real pair to the way home is true: its files make a configuration, and every command is run on
//! a simulated pair whose sites have the names of that configuration.

use crate::bench::Bench;
use crate::page::{commands, files};
use crate::reader::{Reader, running};
use protector_core::config::{Config, Environment, LoadOptions};
use std::fs;
use std::path::Path;
use std::process::Command;

const WEB: &[&str] = &["web-1", "web-2"];

/// A page, and what is at the sites when all of it was done.
struct Story {
    name: &'static str,
    /// Whether nothing at the first site answers from then on.
    is_disaster: bool,
    /// Where the group is said to run, and in which status.
    ends: (&'static str, &'static str),
    /// The group's VMs that run at the first site, and at the second one.
    running: [&'static [&'static str]; 2],
}

const STORIES: &[Story] = &[
    Story { name: "first-pair", is_disaster: false, ends: ("north", "active"), running: [WEB, &[]] },
    Story { name: "drill", is_disaster: false, ends: ("north", "active"), running: [WEB, &[]] },
    // Nobody can stop what still runs at a site that does not answer.
    Story { name: "disaster", is_disaster: true, ends: ("south", "failed_over"), running: [WEB, WEB] },
    Story { name: "going-home", is_disaster: false, ends: ("north", "active"), running: [WEB, &[]] },
];

/// The whole site is silent: its services and its array.
const SILENT: &str = r#"{"rules": [{"target": "site-a/*", "action": "refuse", "times": 0},
    {"target": "array-a", "action": "refuse", "times": 0}]}"#;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(format!("{name}.md"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_pair_to_the_way_home_every_command_does_what_the_guide_says() {
    let bench = Bench::start().await;
    bench.configure(|text| text.replace("  site-a:\n", "  north:\n").replace("  site-b:\n", "  south:\n"));
    let mut reader = Reader::new(bench);
    for story in STORIES {
        let shown = commands(&page(story.name));
        assert!(shown.len() > 4, "{} shows too little: {shown:#?}", story.name);
        if story.is_disaster {
            reader.bench.look.breaks(SILENT).await;
        }
        reader.follow(story.name, &shown).await;
        reader.bench.look.mends().await;
        let bench = &reader.bench;
        for (site, wanted) in ["site-a", "site-b"].into_iter().zip(story.running) {
            assert_eq!(running(bench, site).await, wanted, "at {site} after {}", story.name);
        }
        let group = bench.done(&["protection-group", "show", "web"]).await;
        assert_eq!((group["current_primary_site"].as_str(), group["status"].as_str()), {
            let (site, status) = story.ends;
            (Some(site), Some(status))
        });
    }
}

#[test]
fn the_files_of_the_first_pair_and_its_key_make_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let text = page("first-pair");
    let files = files(&text);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["clouds.yaml", "protector.yaml", "secure.yaml"]);
    for (name, content) in &files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let key = commands(&text).into_iter().find(|shown| shown.command.contains("protector.key")).unwrap();
    let made = Command::new("sh").args(["-c", &key.command]).current_dir(folder.path()).status().unwrap();
    assert!(made.success());
    let options = LoadOptions {
        protector: Some(folder.path().join("protector.yaml")),
        clouds: Some(folder.path().join("clouds.yaml")),
        environment: Environment::given::<&str, &str>([], folder.path(), folder.path()),
    };
    let config = Config::load(&options).unwrap();
    config.resolve_encryption_key().unwrap();
    let clouds: Vec<_> =
        config.clouds.iter().map(|(site, cloud)| (site.as_str(), cloud.auth_url.as_str())).collect();
    assert_eq!(
        clouds,
        [("north", "https://keystone.north.example/v3"), ("south", "https://keystone.south.example/v3")]
    );
}

/// cargo takes one `--path`; what it names has to be a crate with a program.
#[test]
fn every_installation_that_is_shown_is_of_one_program_of_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut installed = Vec::new();
    for text in [readme, page("quick-start")] {
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("cargo install ")) {
            let paths: Vec<&str> = line.split("--path ").skip(1).map(str::trim).collect();
            let [path] = paths.as_slice() else { panic!("{line}: {} paths", paths.len()) };
            let program = root.join(path).join("src/main.rs");
            assert!(program.is_file(), "{line}: there is no {}", program.display());
            installed.push((*path).to_owned());
        }
    }
    installed.sort();
    assert_eq!(installed, ["protector-cli", "protector-cli", "protector-sim"]);
}
