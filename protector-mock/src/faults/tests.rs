use super::*;
use crate::world::{Reactions, World};
use protector_core::time::SystemClock;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

fn world(path: &Path) -> Arc<World> {
    Arc::new(World::open(path, 1, Arc::new(SystemClock::new()), Reactions::default()).unwrap())
}

fn asked<'r>(method: &'r str, path: &'r str) -> Asked<'r> {
    Asked { target: "array-a", method, path, body: b"" }
}

fn fires(rules: &Rules, path: &str) -> bool {
    rules.fire(&asked("GET", path), jiff::Timestamp::UNIX_EPOCH).decided.is_some()
}

#[test]
fn rules_and_their_counts_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.db");
    let rules = Rules::load(world(&path)).unwrap();
    let told =
        [json!({"action": "drop-before", "nth": 3}), json!({"action": "drop-before", "path": "/other"})];
    rules.add(&told).unwrap().unwrap();
    assert!(!fires(&rules, "/a") && !fires(&rules, "/a"));
    rules.remove(Some(2)).unwrap();
    drop(rules);
    let rules = Rules::load(world(&path)).unwrap();
    assert_eq!(rules.views().len(), 1);
    assert!(fires(&rules, "/a") && !fires(&rules, "/a"));
    let view = rules.add(&[json!({"action": "duplicate"})]).unwrap().unwrap();
    assert_eq!(view[0]["id"], 3, "a number was given twice");
}

#[test]
fn a_rule_that_cannot_be_understood_is_refused_with_a_sentence_and_the_others_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules::load(world(&folder.path().join("world.db"))).unwrap();
    let refused = |told: Value| {
        let good = json!({"action": "drop-before"});
        rules.add(&[good, told]).unwrap().unwrap_err().to_string()
    };
    for (told, part) in [
        (json!([]), "a rule is an object"),
        (json!({}), "action"),
        (json!({"action": "explode"}), "no action is called \"explode\""),
        (json!({"action": "drop-before", "tagret": "x"}), "tagret"),
        (json!({"action": "delay"}), "needs \"seconds\""),
        (json!({"action": "drop-before", "seconds": 1}), "takes no \"seconds\""),
        (json!({"action": "answer"}), "needs \"status\""),
        (json!({"action": "answer", "status": 7}), "7 is no status"),
        (json!({"action": "drop-before", "path": "("}), "not a regular expression"),
        (json!({"action": "drop-before", "nth": "two"}), "invalid type"),
        (json!({"action": "workers", "workers": 0}), "needs \"workers\""),
    ] {
        let sentence = refused(told.clone());
        assert!(sentence.contains(part), "{told}: {sentence}");
    }
    assert!(rules.views().is_empty());
}

#[test]
fn times_of_null_or_zero_are_for_ever_and_losses_happen_once_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules::load(world(&folder.path().join("world.db"))).unwrap();
    let times = |told: Value| rules.add(&[told]).unwrap().unwrap()[0]["times"].clone();
    assert_eq!(times(json!({"action": "drop-before"})), json!(1));
    assert_eq!(times(json!({"action": "drop-before", "times": 0})), json!(null));
    assert_eq!(times(json!({"action": "drop-before", "times": null})), json!(null));
    assert_eq!(times(json!({"action": "delay", "seconds": 1})), json!(null));
    assert_eq!(times(json!({"action": "delay", "seconds": 1, "times": 3})), json!(3));
}

#[test]
fn a_body_is_searched_as_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules::load(world(&folder.path().join("world.db"))).unwrap();
    rules
        .add(&[json!({"action": "drop-before", "times": 0, "body": "\"key\"\\s*:\\s*\"epoch\".*end"})])
        .unwrap()
        .unwrap();
    let fires = |body: &[u8]| {
        let asked = Asked { body, ..asked("PUT", "/tags") };
        rules.fire(&asked, jiff::Timestamp::UNIX_EPOCH).decided.is_some()
    };
    assert!(fires(b"\xff{\"key\" : \"epoch\"}\n end"));
    assert!(!fires(b"{\"key\": \"term\"} end"));
}

#[test]
fn a_profile_is_a_list_of_rules_or_rules_and_settings_in_yaml_or_json() {
    let rules = Profile::parse("[{\"action\": \"delay\", \"seconds\": 1}]").unwrap();
    assert_eq!(rules.rules, [json!({"action": "delay", "seconds": 1})]);
    let both = Profile::parse(
        "settings:\n  duration/compute.server-built: 0.5\nrules:\n- action: delay\n  target: 'site-a/*'\n  \
         seconds: {log_normal: {median: 0.05, sigma: 0.6}}\n",
    )
    .unwrap();
    assert_eq!(both.settings["duration/compute.server-built"], json!(0.5));
    assert_eq!(both.rules[0]["seconds"]["log_normal"]["median"], json!(0.05));
    assert!(Profile::parse("rulez: []").is_err() && Profile::parse("3").is_err());
}
