//! What cannot be done is told in one sentence with what to do about it, ends with its exit code, and changes nothing.

use crate::bench::{Bench, Ran};

const CREATE: [&str; 9] = [
    "protection-group",
    "create",
    "web",
    "--primary-site",
    "site-a",
    "--secondary-site",
    "site-b",
    "--member",
    "web-1",
];

/// Runs it twice: for a person and for a program. Both are told the same, and neither changes anything.
async fn refused(bench: &Bench, arguments: &[&str], exit: i32, code: &str, said: &[&str]) {
    let before = bench.look.writes().await;
    let ran = bench.run(arguments).await;
    let document = bench.run(&[&["--output", "json"], arguments].concat()).await;
    assert_eq!(bench.look.writes().await, before, "{arguments:?} changed something");
    assert_eq!((ran.code, document.code), (exit, exit), "{arguments:?}: {ran:#?}");
    assert_eq!(ran.stdout, "", "{arguments:?}");
    let told = document.document();
    let field = |pointer: &str| told.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let (message, hint) = (field("/error/message"), field("/error/hint"));
    assert_eq!(field("/error/code"), code, "{told:#}");
    assert!(!message.contains('\n') && !hint.is_empty(), "{told:#}");
    for line in [format!("error: {message}"), format!("hint: {hint}"), format!("code: {code}")] {
        assert!(ran.stderr.lines().any(|told| told == line), "{line} is not in {}", ran.stderr);
    }
    for said in said {
        assert!(ran.stderr.contains(said), "{said} is not in {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_mistypes_is_named_with_what_there_is_instead() {
    let bench = Bench::start().await;
    refused(
        &bench,
        &["protection-group", "show", "nope"],
        2,
        "group-unknown",
        &["nope", "there is none at all"],
    )
    .await;
    refused(&bench, &["site", "show", "site-c"], 2, "configuration-invalid", &["site-c", "site-a, site-b"])
        .await;
    let nobody = "01234567-89ab-cdef-0123-456789abcdef";
    refused(&bench, &["operation", "show", nobody], 2, "operation-unknown", &[nobody]).await;
    refused(&bench, &["operation", "show"], 2, "operation-unknown", &["there is no operation yet"]).await;
    refused(&bench, &["operation", "resume"], 2, "operation-unknown", &["no unfinished operation"]).await;
    let without = [&CREATE[..8], &["nobody"]].concat();
    refused(&bench, &without, 3, "operation-refused", &["server-missing", "nobody"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_contradict_themselves_are_refused_before_anything_is_read() {
    let bench = Bench::start().await;
    bench.configure(|_| "not read".to_owned());
    for (arguments, said) in [
        (&["protection-group", "failover", "web", "--accept-loss"][..], "--unplanned"),
        (&["protection-group", "failover"][..], "<GROUP>"),
        (&["operation", "show", "not-an-id"][..], "not-an-id"),
        (&["operation", "cancel"][..], "--reason"),
        (&["protection-group", "faiolver", "web"][..], "failover"),
        (&["--output", "xml", "site", "list"][..], "json"),
    ] {
        let ran: Ran = bench.run(arguments).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:#?}");
        for said in [said, "\nhint: Correct the named argument", "\ncode: argument-invalid\n"] {
            assert!(ran.stderr.contains(said), "{said} is not in {}", ran.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_used_is_named_with_the_place() {
    let bench = Bench::start().await;
    let whole = std::fs::read_to_string(bench.file("protector.yaml")).unwrap();
    let list = ["protection-group", "list"];
    for (from, to, code, said) in [
        ("cloud: protector-site-b", "cloud: nobody-knows-me", "cloud-unknown", "nobody-knows-me"),
        ("region: site-b", "regoin: site-b", "configuration-invalid", "regoin"),
        ("driver: pure", "driver: mock", "configuration-invalid", "mock"),
        ("sites:", "sites: [", "configuration-invalid", "protector.yaml"),
        ("file:protector.key", "file:gone.key", "secret-unavailable", "gone.key"),
    ] {
        bench.configure(|_| whole.replacen(from, to, 1));
        refused(&bench, &list, 2, code, &[said]).await;
    }
    std::fs::remove_file(bench.file("protector.yaml")).unwrap();
    refused(&bench, &list, 2, "configuration-invalid", &["protector.yaml"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_vms_is_not_begun_without_the_groups_name() {
    let bench = Bench::start().await;
    bench.done(&CREATE).await;
    let before = bench.done(&["protection-group", "show", "web"]).await;
    let failover = ["protection-group", "failover", "web"];
    refused(&bench, &failover, 2, "not-confirmed", &["failover of group web", "no terminal"]).await;
    let wrong = [&failover[..], &["--confirm", "wbe"]].concat();
    refused(&bench, &wrong, 2, "not-confirmed", &["--confirm names wbe"]).await;
    let id = before["id"].as_str().unwrap();
    let by_id = ["protection-group", "delete", id, "--confirm", id];
    refused(&bench, &by_id, 2, "not-confirmed", &["of group web"]).await;
    let lossy = [&failover[..], &["--unplanned", "--confirm", "web"]].concat();
    refused(&bench, &lossy, 3, "operation-refused", &["loss-not-accepted"]).await;
    let failback = ["protection-group", "failback", "web", "--confirm", "web"];
    refused(&bench, &failback, 2, "status-forbids", &["possible are: `failover`"]).await;
    let again = ["protection-group", "create", "web"];
    refused(&bench, &[&again[..], &CREATE[3..]].concat(), 2, "group-exists", &["web"]).await;
    assert_eq!(bench.done(&["protection-group", "show", "web"]).await, before);
    let planned = bench.done(&[&failover[..], &["--dry-run"]].concat()).await;
    assert_eq!(
        planned["plan"]["hash"],
        bench.done(&["plan", "show", "failover", "web"]).await["plan"]["hash"]
    );
    assert_eq!(bench.done(&["protection-group", "show", "web"]).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_applied_is_named_with_the_place() {
    let bench = Bench::start().await;
    let apply = ["protection-group", "apply", "web.yaml"];
    refused(&bench, &apply, 2, "file-unusable", &["failed to read web.yaml"]).await;
    let sites = "name: web\nprimary_site: site-a\nsecondary_site: site-b\n";
    for (text, code, exit, said) in [
        (format!("{sites}severs: [web-1]"), "configuration-invalid", 2, "did you mean `servers`?"),
        (format!("{sites}servers: []"), "configuration-invalid", 2, "names no server"),
        (format!("{sites}servers: [nobody]"), "operation-refused", 3, "nobody"),
    ] {
        bench.write("web.yaml", &text);
        refused(&bench, &apply, exit, code, &[said]).await;
    }
    bench.done(&CREATE).await;
    let two = format!("{sites}servers: [web-2]");
    bench.write("web.yaml", &two);
    // One VM joins and one leaves: that is confirmed before either is begun.
    refused(&bench, &apply, 2, "not-confirmed", &["remove_member of group web"]).await;
    refused(
        &bench,
        &[&apply[..], &["--confirm", "db"]].concat(),
        2,
        "not-confirmed",
        &["--confirm names db"],
    )
    .await;
    bench.write("web.yaml", &two.replace("primary_site: site-a", "primary_site: site-c"));
    refused(&bench, &apply, 2, "group-exists", &["has its home at site-a"]).await;
    bench.write("web.yaml", &two);
    let planned = bench.done(&[&apply[..], &["--dry-run"]].concat()).await;
    let types = |told: &serde_json::Value| {
        let changes = told["changes"].as_array().unwrap();
        changes.iter().map(|change| change["operation_type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(types(&planned), ["add_member", "remove_member"]);
    let confirmed = |number: usize| planned["changes"][number]["needs_confirmation"].as_bool();
    assert_eq!((confirmed(0), confirmed(1)), (Some(false), Some(true)));
    let shown = bench.run(&[&["--output", "human"], &apply[..], &["--dry-run"]].concat()).await;
    assert!(shown.stdout.contains("to be confirmed, with `--confirm web`: remove_member\n"), "{shown:#?}");
    let applied = bench.done(&[&apply[..], &["--confirm", "web"]].concat()).await;
    assert_eq!(types(&applied), types(&planned));
    let again = bench.done(&apply).await;
    assert_eq!(again["changes"], serde_json::json!([]));
    let folder = ["protection-group", "export", "web", "--file", "no-folder/web.yaml"];
    refused(&bench, &folder, 2, "file-unusable", &["failed to write no-folder/web.yaml"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_is_refused_with_all_that_is_against_it() {
    let bench = Bench::start().await;
    bench.done(&CREATE).await;
    let policy = |verb| ["policy", verb, "web", "policy.yaml"];
    refused(&bench, &policy("set"), 2, "file-unusable", &["failed to read policy.yaml"]).await;
    for (text, code, exit, said) in [
        ("prioritty: 1", "configuration-invalid", 2, &["policy.yaml:1", "prioritty"][..]),
        ("priority: soon", "configuration-invalid", 2, &["policy.yaml:1"]),
        (
            "{order: {tiers: [[db-1]]}, after_groups: [nobody], stop: {within: 0, otherwise: wait}}",
            "operation-refused",
            3,
            &["db-1", "there is no group nobody", "`stop.within` is 0"],
        ),
    ] {
        bench.write("policy.yaml", text);
        for verb in ["validate", "set"] {
            refused(&bench, &policy(verb), exit, code, said).await;
        }
    }
    assert_eq!(bench.done(&["policy", "show", "web"]).await, serde_json::json!({}));
    bench.write("policy.yaml", "{priority: 1}");
    bench.done(&policy("validate")).await;
    assert_eq!(bench.done(&["policy", "show", "web"]).await, serde_json::json!({}));
    bench.done(&policy("set")).await;
    assert_eq!(bench.done(&["policy", "show", "web"]).await, serde_json::json!({"priority": 1}));
    refused(&bench, &["policy", "show", "wbe"], 2, "group-unknown", &["web"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_leads_nowhere_is_named_and_ends_with_its_exit_code() {
    let bench = Bench::start().await;
    bench.configure(|text| text + "mappings: {networks: [{site-a: app-net, site-b: no-net}]}\n");
    let ran = bench.run(&["mapping", "validate"]).await;
    assert_eq!(ran.code, 6, "{ran:#?}");
    assert!(ran.stdout.contains("no-net"), "{ran:#?}");
    let listed = bench.run(&["mapping", "list"]).await;
    assert!(listed.code == 0 && listed.stdout.contains("no-net"), "{listed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_not_left_without_its_name_or_with_a_loss_that_nobody_accepts() {
    let bench = Bench::start().await;
    bench.done(&CREATE).await;
    let failover = ["site", "failover", "site-a"];
    let with = |more: &[&'static str]| [&failover[..], more].concat();
    refused(&bench, &failover, 2, "not-confirmed", &["failover of site site-a", "no terminal"]).await;
    refused(&bench, &with(&["--confirm", "web"]), 2, "not-confirmed", &["names web, not site-a"]).await;
    let nowhere = ["site", "failover", "site-c", "--confirm", "site-c"];
    refused(&bench, &nowhere, 2, "configuration-invalid", &["site-c", "site-a, site-b"]).await;
    let nobody = with(&["--group", "nobody", "--confirm", "site-a"]);
    refused(&bench, &nobody, 2, "group-unknown", &["nobody", "web"]).await;
    let before = bench.look.writes().await;
    for more in [&["--unplanned", "--dry-run"][..], &["--unplanned", "--confirm", "site-a"]] {
        let ran = bench.run(&with(more)).await;
        assert_eq!(ran.code, 3, "{ran:#?}");
        assert!(ran.stdout.contains("loss-not-accepted"), "{ran:#?}");
    }
    assert_eq!(bench.look.writes().await, before);
    let loss = bench.run(&with(&["--accept-loss", "--confirm", "site-a"])).await;
    assert!(loss.code == 2 && loss.stderr.contains("--unplanned"), "{loss:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_over_is_not_removed_without_the_word() {
    let bench = Bench::start().await;
    let run = ["prune", "run"];
    refused(&bench, &run, 2, "not-confirmed", &["prune of what is left over", "no terminal"]).await;
    refused(&bench, &[&run[..], &["--confirm", "web"]].concat(), 2, "not-confirmed", &["names web"]).await;
    let done = bench.done(&[&run[..], &["--confirm", "prune"]].concat()).await;
    assert_eq!(done["operations"], serde_json::json!([]));
}
