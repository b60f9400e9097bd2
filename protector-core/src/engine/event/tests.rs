use super::*;
use crate::domain::OperationStatus;
use serde_json::json;

/// The form of everything that was ever journaled, one event a line. What is in it stays as it is; a change of form is a
/// new version with a new file.
const GOLDEN: &str = include_str!("../../../golden/events-v1.json");

fn events() -> Vec<Event> {
    let step = || StepId::from("create_port/web-1");
    let trouble =
        |code: Code| Trouble::new(code, code.class(), format!("failed to create port web-1: {code}"));
    let finished =
        |status, message: Option<&str>| Event::Finished { status, error_message: message.map(str::to_owned) };
    vec![
        Event::Started { term: 7, holder: "operator@host, process 42".to_owned() },
        Event::StepIntended { step: step() },
        Event::StepDone {
            step: step(),
            output: json!({"port_id": "p-1", "fixed_ips": ["192.0.2.7"], "mtu": 1450}),
        },
        Event::StepDone { step: step(), output: Value::Null },
        Event::StepTroubled { step: step(), trouble: trouble(Code::ServiceFailed) },
        Event::StepTroubled { step: step(), trouble: trouble(Code::AnswerLost) },
        Event::StepFailed { step: step(), trouble: trouble(Code::QuotaExceeded) },
        Event::StepFailed { step: step(), trouble: trouble(Code::StepConflict) },
        Event::RollbackBegun { reason: "create_port/web-1: \"quota\" exceeded \u{2014} über".to_owned() },
        Event::RevertIntended { step: step() },
        Event::RevertDone { step: step() },
        Event::RevertFailed { step: step(), trouble: trouble(Code::Unreachable) },
        finished(OperationStatus::Completed, None),
        finished(OperationStatus::RolledBack, Some("create_port/web-1: quota exceeded")),
        finished(OperationStatus::Failed, Some("given up")),
        finished(OperationStatus::Cancelled, None),
        Event::StepSkipped { step: step(), reason: "what it builds on is not there".to_owned(), by: None },
        Event::StepSkipped {
            step: step(),
            reason: "made by hand".to_owned(),
            by: Some("operator@host".to_owned()),
        },
        Event::PauseRequested { by: "operator@host".to_owned() },
        Event::CancelRequested { by: "operator@host".to_owned(), reason: "wrong group".to_owned() },
    ]
}

/// The variants in their order. One that is added does not compile here until it is in the golden file.
fn position(event: &Event) -> usize {
    match event {
        Event::Started { .. } => 0,
        Event::StepIntended { .. } => 1,
        Event::StepDone { .. } => 2,
        Event::StepTroubled { .. } => 3,
        Event::StepFailed { .. } => 4,
        Event::RollbackBegun { .. } => 5,
        Event::RevertIntended { .. } => 6,
        Event::RevertDone { .. } => 7,
        Event::RevertFailed { .. } => 8,
        Event::Finished { .. } => 9,
        Event::StepSkipped { .. } => 10,
        Event::PauseRequested { .. } => 11,
        Event::CancelRequested { .. } => 12,
    }
}

#[test]
fn every_event_is_written_as_it_was_ever_written() {
    let lines: Vec<String> = events().iter().map(|event| json!(event).to_string()).collect();
    assert_eq!(format!("[\n{}\n]\n", lines.join(",\n")), GOLDEN);
}

#[test]
fn every_event_that_was_ever_written_is_read() {
    assert_eq!(serde_json::from_str::<Vec<Event>>(GOLDEN).unwrap(), events());
}

#[test]
fn every_kind_of_event_is_in_the_golden_file() {
    let mut positions: Vec<usize> = events().iter().map(position).collect();
    positions.dedup();
    assert_eq!(positions, (0..13).collect::<Vec<_>>());
}

#[test]
fn the_kind_is_the_tag() {
    for event in events() {
        assert_eq!(json!(event)["event"], event.kind());
    }
}

#[test]
fn an_event_of_a_newer_release_is_an_error_and_no_guess() {
    let read = serde_json::from_str::<Event>;
    assert!(read(r#"{"event": "step_teleported", "step": "a"}"#).is_err());
    assert!(read(r#"{"event": "step_intended", "step": "a", "urgency": 3}"#).is_err());
    assert!(read(r#"{"event": "step_intended"}"#).is_err());
    assert!(read(r#"{"event": "finished", "status": "exploded"}"#).is_err());
}
