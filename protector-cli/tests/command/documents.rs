//! What programs read keeps its form: the fields of every command's document, and of what kind each is.

use crate::bench::Bench;
use serde_json::{Value, json};

/// The kinds of a document's values in their places; items of a list are taken together.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => match items.iter().map(shape).reduce(|one, other| both(&one, &other)) {
            Some(item) => json!([item]),
            None => json!([]),
        },
        Value::Object(fields) => fields.iter().fold(json!({}), |shapes, (name, value)| {
            // What is found by its id has another name in every run.
            let has_id = name.len() > 36 && name.matches('-').count() >= 4;
            let name = if has_id { "(name with an id)" } else { name };
            both(&shapes, &json!({ name: shape(value) }))
        }),
    }
}

/// What is of the one or of the other shape.
fn both(one: &Value, other: &Value) -> Value {
    match (one, other) {
        _ if one == other => one.clone(),
        (Value::Object(one), Value::Object(other)) => {
            let mut fields = one.clone();
            for (name, value) in other {
                let merged = fields.get(name).map_or_else(|| value.clone(), |known| both(known, value));
                fields.insert(name.clone(), merged);
            }
            fields.into()
        }
        (Value::Array(one), Value::Array(other)) => match (one.first(), other.first()) {
            (Some(one), Some(other)) => json!([both(one, other)]),
            (item, None) | (None, item) => json!(item.into_iter().collect::<Vec<_>>()),
        },
        (Value::String(one), Value::String(other)) => {
            let mut kinds: Vec<&str> = one.split('|').chain(other.split('|')).collect();
            kinds.sort_unstable();
            kinds.dedup();
            json!(kinds.join("|"))
        }
        _ => json!([one, other]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_of_every_command_has_the_form_that_is_on_record() {
    let bench = Bench::start().await;
    bench.write(
        "shop.yaml",
        "{name: web, primary_site: site-a, secondary_site: site-b, servers: [web-1], policy: {rpo_minutes: 20}}",
    );
    bench.write(
        "policy.yaml",
        "{priority: 10, order: {tiers: [[web-1]]}, stop: {within: 60, otherwise: wait}}",
    );
    for (name, command) in [
        ("plan_show", "plan show create web --primary-site site-a --secondary-site site-b --member web-1"),
        (
            "create",
            "protection-group create web --primary-site site-a --secondary-site site-b --member web-1",
        ),
        ("site_list", "site list"),
        ("site_show", "site show site-b"),
        ("site_validate", "site validate site-a"),
        ("site_list_volume_types", "site list-volume-types site-a"),
        ("protection_group_list", "protection-group list"),
        ("protection_group_show", "protection-group show web"),
        ("protection_group_drift", "protection-group drift web"),
        ("protection_group_export", "protection-group export web"),
        ("protection_group_apply", "protection-group apply shop.yaml"),
        ("mapping_list", "mapping list"),
        ("mapping_validate", "mapping validate"),
        ("recovery_point_list", "recovery-point list web"),
        ("rpo_check", "rpo check"),
        ("tick", "tick"),
        ("sync", "protection-group sync web"),
        ("test_failover", "protection-group test-failover web"),
        ("test_cleanup", "protection-group test-cleanup web"),
        ("plan_show_unplanned", "plan show failover web --unplanned --accept-loss"),
        ("unplanned_failover", "protection-group failover web --unplanned --accept-loss --confirm web"),
        ("operation_list", "operation list"),
        ("operation_show", "operation show"),
        ("operation_watch", "operation watch --progress none"),
        ("operation_report", "operation report"),
        ("reprotect", "protection-group reprotect web --confirm web"),
        ("site_failover_plan", "site failover site-b --dry-run"),
        ("site_failover", "site failover site-b --confirm site-b"),
        ("prune_list", "prune list --older-than 0"),
        ("prune_run", "prune run --older-than 0 --confirm prune"),
        ("prune_run_journals", "prune run --journals-older-than 0 --confirm prune"),
        ("operation_list_summaries", "operation list"),
        ("policy_validate", "policy validate web policy.yaml"),
        ("policy_set", "policy set web policy.yaml"),
        ("policy_show", "policy show web"),
        ("delete", "protection-group delete web --confirm web"),
    ] {
        let words: Vec<&str> = command.split_whitespace().collect();
        let document = bench.done(&words).await;
        insta::assert_json_snapshot!(name, shape(&document));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_one_json_document_a_line_if_it_is_asked_for() {
    let bench = Bench::start().await;
    let words = "--output json --progress json protection-group create web --primary-site site-a \
                 --secondary-site site-b --member web-1";
    let ran = bench.run(&words.split_whitespace().collect::<Vec<_>>()).await;
    assert_eq!(ran.code, 0, "{ran:#?}");
    let operation = ran.document()["operation"]["id"].clone();
    let lines: Vec<Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["operation"] == operation), "{lines:#?}");
    let first_and_last = [&lines[0], &lines[lines.len() - 1]].map(|line| line["event"]["event"].clone());
    assert_eq!(first_and_last, ["started", "finished"]);
    let progress: Vec<u64> = lines.iter().map(|line| line["progress"].as_u64().unwrap()).collect();
    assert!(progress.is_sorted() && progress.last() == Some(&100), "{progress:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_the_version_need_no_configuration() {
    let bench = Bench::start().await;
    bench.configure(|_| "not read".to_owned());
    let ran = bench.run(&["completion", "bash"]).await;
    assert!(ran.code == 0 && ran.stdout.contains("protection-group"), "{ran:#?}");
    let ran = bench.run(&["--version"]).await;
    assert_eq!((ran.code, ran.stdout), (0, format!("protector {}\n", env!("CARGO_PKG_VERSION"))));
}
