//! `docs/schemas/protector.json` says what the command answers: every document that it writes in a test is judged by it, and it
//! says so of every command.

use crate::bench::Ran;
use boon::{Compiler, SchemaIndex, Schemas};
use clap::{ArgMatches, Command, CommandFactory};
use protector_cli::progress::Style;
use protector_cli::{Arguments, Format};
use protector_core::config::MappingKind;
use protector_core::domain::{Action, GroupPolicy, GroupStatus, OperationStatus, Remnant};
use protector_core::engine::Event;
use protector_core::id::{OperationId, SiteName};
use protector_core::protector::{Due, DueResult, GroupOutcome, GroupResult};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

/// What answers with something else than a document: completions, and the simulator, which is another program.
const WITHOUT_DOCUMENT: &[&str] = &["completion", "simulator start"];

/// Where the validator is told that the schemas are. Nothing is fetched.
const PLACE: &str = "file:///protector.json";

fn schemas() -> Value {
    serde_json::from_str(include_str!("../../../docs/schemas/protector.json")).unwrap()
}

/// One schema.
struct Schema {
    all: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// By its anchor, or by its place in the document.
    fn named(name: &str) -> Self {
        let (mut compiler, mut all) = (Compiler::new(), Schemas::new());
        compiler.enable_format_assertions();
        compiler.add_resource(PLACE, schemas()).unwrap();
        let index = compiler.compile(&format!("{PLACE}#{name}"), &mut all).unwrap();
        Self { all, index }
    }

    /// What a document has that the schema does not, lacks, or has otherwise.
    fn judge(&self, document: &Value) -> Result<(), String> {
        self.all.validate(document, self.index).map_err(|error| format!("{error:#}\n{document:#}"))
    }
}

/// The same, of one document.
fn judge(name: &str, document: &Value) -> Result<(), String> {
    Schema::named(name).judge(document)
}

/// The anchor of a command's schema: its own, or that of the command above it.
fn anchor(path: &[&str]) -> Option<String> {
    let schemas = schemas();
    (1..=path.len()).rev().find_map(|length| {
        let name = path[..length].join(" ");
        schemas["$defs"][name]["$anchor"].as_str().map(str::to_owned)
    })
}

/// The words that name a command, and what was given to it. Options of all commands may stand before them and after them.
fn asked(matches: &ArgMatches) -> (Vec<&str>, &ArgMatches) {
    let (mut path, mut deepest) = (Vec::new(), matches);
    while let Some((name, below)) = deepest.subcommand() {
        path.push(name);
        deepest = below;
    }
    (path, deepest)
}

/// What a run of the binary wrote for programs is what the schemas say.
pub(crate) fn judge_run(arguments: &[&str], ran: &Ran) {
    // To arguments that cannot be used nothing is answered.
    let Ok(matches) = Arguments::command().try_get_matches_from([&["protector"], arguments].concat()) else {
        return;
    };
    let (path, given) = asked(&matches);
    let told = |name: &str, documents: &[Value]| {
        let schema = Schema::named(name);
        for document in documents {
            let judged = schema.judge(document);
            assert!(judged.is_ok(), "{arguments:?} is not of #{name}: {judged:?}");
        }
    };
    let is_document = given.get_one::<Format>("output") == Some(&Format::Json);
    if is_document && !WITHOUT_DOCUMENT.contains(&path.join(" ").as_str()) {
        let document = ran.document();
        match document.get("error") {
            Some(_) => told("error", &[document]),
            None => told(&anchor(&path).unwrap(), &[document]),
        }
    }
    if given.get_one::<Style>("progress") == Some(&Style::Json) {
        let name = if path == ["site", "failover"] { "progress-of-site" } else { "progress" };
        let lines = ran.stderr.lines().filter(|line| line.starts_with('{'));
        told(name, &lines.map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>());
    }
}

/// The commands that do something, by the words that name them.
fn commands(command: &Command, above: &[String], found: &mut Vec<String>) {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let path = [above, &[below.get_name().to_owned()]].concat();
        if below.has_subcommands() {
            commands(below, &path, found);
        } else {
            found.push(path.join(" "));
        }
    }
}

#[test]
fn every_command_has_a_schema_and_every_schema_of_one_a_command() {
    let mut found = Vec::new();
    commands(&Arguments::command(), &[], &mut found);
    found.retain(|name| !WITHOUT_DOCUMENT.contains(&name.as_str()));
    assert!(found.len() > 40, "{found:?}");
    let mut used = BTreeSet::from(["error".to_owned()]);
    for command in found {
        let path: Vec<&str> = command.split(' ').collect();
        used.insert(anchor(&path).unwrap_or_else(|| panic!("`protector {command}` has no schema")));
    }
    // The whole document is a schema, too: of the answer of any command.
    let any = schemas()["anyOf"].as_array().unwrap().clone();
    let any = any.iter().map(|one| one["$ref"].as_str().unwrap().trim_start_matches('#').to_owned());
    assert_eq!(any.collect::<BTreeSet<_>>(), used);
}

#[test]
fn what_is_not_as_a_schema_says_is_found() {
    let finding =
        json!({"code": "drift", "subject": "server web-1", "message": "m", "remedy": "r", "site": "site-a"});
    let with = |name: &str, value: Value| {
        let mut changed = finding.clone();
        changed[name] = value;
        json!([changed])
    };
    judge("protection-group-drift", &json!([finding])).unwrap();
    judge("", &json!([finding])).unwrap();
    for (wrong, said) in [
        (with("colour", json!("red")), "colour"),
        (with("code", json!("No Code")), "/0/code"),
        (with("message", json!(1)), "/0/message"),
        (json!([{"code": "drift"}]), "remedy"),
        (json!({}), "array"),
    ] {
        let found = judge("protection-group-drift", &wrong).unwrap_err();
        assert!(found.contains(said), "{said} is not in {found}");
    }
    let moment = judge("/$defs/Moment", &json!("yesterday")).unwrap_err();
    assert!(moment.contains("date-time"), "{moment}");
}

#[test]
fn words_that_are_chosen_from_are_those_of_the_library() {
    fn words(all: impl IntoIterator<Item = impl Serialize>) -> Value {
        all.into_iter().map(|one| json!(one)).collect()
    }
    let schemas = schemas();
    for (place, all) in [
        ("/$defs/GroupStatus/enum", words(GroupStatus::ALL)),
        ("/$defs/Action/enum", words(Action::ALL)),
        ("/$defs/Mapping/properties/kind/enum", words(MappingKind::ALL)),
    ] {
        assert_eq!(schemas.pointer(place), Some(&all), "{place}");
    }
}

/// Every event in every form that it can have is on record.
#[test]
fn every_event_is_of_its_schema() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protector-core/golden/events-v1.json");
    let events: Vec<Event> = serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let kinds: BTreeSet<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(kinds.len(), 13, "{kinds:?}");
    for event in events {
        judge("/$defs/Event", &json!(event)).unwrap();
    }
}

#[test]
fn what_is_seldom_answered_is_of_its_schema() {
    let operation = OperationId::new(Uuid::nil());
    let remains = vec![Remnant {
        site: SiteName::from("site-b"),
        kind: "volume".to_owned(),
        id: "1".to_owned(),
        name: "web-1-test".to_owned(),
        state: "available".to_owned(),
    }];
    let reason = || "it does not answer".to_owned();
    let due = [
        DueResult::TestEnded { operation, status: OperationStatus::Completed, remains },
        DueResult::TestNotEnded { reason: reason() },
        DueResult::Captured { servers: 2 },
        DueResult::NotCaptured { reason: reason() },
    ];
    let due: Value = due.into_iter().map(|result| json!(Due { group: "web".to_owned(), result })).collect();
    judge("tick", &due).unwrap();
    let outcomes = [
        GroupOutcome::WasDone,
        GroupOutcome::Moved { remark: None },
        GroupOutcome::Moved { remark: Some(reason()) },
        GroupOutcome::Partial { reason: reason() },
        GroupOutcome::NotMoved { status: OperationStatus::RolledBack, reason: reason() },
        GroupOutcome::Refused { findings: Vec::new() },
        GroupOutcome::NotBegun { reason: reason() },
    ];
    let groups: Value = outcomes
        .into_iter()
        .map(|outcome| json!(GroupResult { group: "web".to_owned(), operation: Some(operation), outcome }))
        .collect();
    judge("site-failover", &json!({"site": "site-a", "groups": groups})).unwrap();
    let policy = "\
priority: 3
after_groups: [db]
order: {tiers: [[db-1], [web-1]], after: {web-1: [db-1]}}
stop: {within: 60, otherwise: roll_back}
boot_checks:
- {vm: db-1, sees: {console: ready}}
- {vm: web-1, sees: {tcp: {port: 443, address: 10.0.0.1}}, within: 30, on_failure: continue}
- {vm: web-1, sees: {tcp: {port: 80}}}
hooks:
- {name: tell, when: before, of: group, run: {webhook: 'https://example.org/'}}
- {name: check, when: after, of: {tier: 1}, run: {command: [/bin/true]}, once: true}
- {name: look, when: after, of: {vm: web-1}, run: {command: [/bin/true]}, within: 9, on_failure: roll_back}
";
    let policy = GroupPolicy::parse(Path::new("policy.yaml"), policy).unwrap();
    judge("policy-show", &json!(policy)).unwrap();
    judge("policy-show", &json!(GroupPolicy::default())).unwrap();
}
