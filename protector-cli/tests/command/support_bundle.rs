//! Whoever is given a bundle sees what was done and why, and no secret.

use crate::bench::Bench;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const CREATE: &str =
    "protection-group create web --primary-site site-a --secondary-site site-b --member web-1";

/// Secrets in every place that a person may put one.
const POLICY: &str = r#"{hooks: [
    {name: tell, when: before, of: group, on_failure: continue, run: {command: [/bin/echo, argument-secret]}},
    {name: login, when: before, of: group, run: {command: [/bin/echo, "--password output-secret"]}},
    {name: call, when: after, of: group, on_failure: continue, within: 1,
     run: {webhook: "http://user-secret:password-secret@127.0.0.1:9/path-secret?token=query-secret"}}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_tells_what_was_done_and_no_secret() {
    let bench = Bench::start().await;
    bench.done(&CREATE.split_whitespace().collect::<Vec<_>>()).await;
    bench.write("policy.yaml", POLICY);
    bench.done(&["policy", "set", "web", "policy.yaml"]).await;
    bench.done(&["protection-group", "failover", "web", "--confirm", "web"]).await;
    let read = |name: &str| fs::read_to_string(bench.file(name)).unwrap().trim().to_owned();
    let token = |name: &str| read(name);
    let mut secrets = vec![read("protector.key"), "simulated-secret".to_owned()];
    for entry in fs::read_dir(bench.file("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if std::path::Path::new(&name).extension().is_some_and(|kind| kind == "token") {
            secrets.push(token(&name));
        }
    }
    assert!(secrets.len() >= 4 && read("clouds.yaml").contains("simulated-secret"), "{}", secrets.len());
    for place in ["argument", "user", "password", "path", "query", "output"] {
        secrets.push(format!("{place}-secret"));
    }

    let told = bench.done(&["support-bundle", "bundle.tar"]).await;
    assert_eq!(told["file"], "bundle.tar");
    let mode = fs::metadata(bench.file("bundle.tar")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let unpacked = bench.tool("tar", &["--extract", "--file", "bundle.tar"]).await;
    assert_eq!(unpacked.code, 0, "{unpacked:#?}");
    let documents = documents(&bench, &told);
    for (name, text) in &documents {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in {name}: {text}");
        }
    }
    let operations = documents.iter().filter(|(name, _)| name.starts_with("operations/"));
    let kinds: Vec<String> = operations
        .map(|(_, text)| {
            let operation: Value = serde_json::from_str(text).unwrap();
            assert!(operation["events"].as_array().unwrap().len() > 5, "{text}");
            operation["report"]["operation"]["operation_type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds, ["protect", "failover"]);
    for (name, said) in [
        ("about.json", env!("CARGO_PKG_VERSION")),
        ("configuration.json", "\"api_token\": \"file:"),
        ("groups.json", "\"name\": \"login\""),
        ("sites/site-a.json", "\"checks\""),
        ("sites/site-b.json", "\"checks\""),
        ("objectives.json", "\"objective\""),
        ("mappings.json", "app-net"),
        ("left-over.json", "\"leftovers\""),
    ] {
        let text = documents.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", documents.keys()));
        assert!(text.contains(said), "{said} is not in {name}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_in_its_place() {
    let bench = Bench::start().await;
    let nothing = r#"{"target": "site-b/*", "action": "refuse"}"#;
    bench.look.breaks(nothing).await;
    let ran = bench.run(&["support-bundle", "bundle.tar"]).await;
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert!(ran.stdout.contains("say why there is nothing in them"), "{ran:#?}");
    let nowhere = bench.run(&["support-bundle", "no-folder/bundle.tar"]).await;
    assert_eq!((nowhere.code, nowhere.stdout.as_str()), (2, ""), "{nowhere:#?}");
    assert!(nowhere.stderr.contains("failed to write no-folder/bundle.tar"), "{nowhere:#?}");
}

fn documents(bench: &Bench, told: &Value) -> BTreeMap<String, String> {
    let names = told["documents"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let text = |name: &str| fs::read_to_string(bench.file("protector-support").join(name)).unwrap();
    names.map(|name| (name.to_owned(), text(name))).collect()
}
