use crate::{Answer, Error};
use protector_core::domain::{OperationStatus, Remnant};
use protector_core::faces::exit;
use protector_core::protector::{Due, DueResult, Protector};
use serde_json::json;

pub(super) async fn carry_out(protector: &Protector) -> Result<Answer, Error> {
    let done = Box::pin(protector.tick()).await?;
    let text = if done.is_empty() {
        "nothing was due".to_owned()
    } else {
        done.iter().map(told).collect::<Vec<_>>().join("\n")
    };
    let well = done.iter().all(is_well);
    Ok(Answer::new(text, json!(done)).with_exit(if well { exit::DONE } else { exit::ATTENTION }))
}

fn told(due: &Due) -> String {
    let group = &due.group;
    match &due.result {
        DueResult::TestEnded { operation, status, remains } => {
            let remaining = remains.iter().filter(|remnant| remnant.is_there()).count();
            format!(
                "{group}: its test was past its time: {operation} is {status}, {remaining} objects remain"
            )
        }
        DueResult::TestNotEnded { reason } => {
            format!("{group}: its test is past its time and could not be ended: {reason}")
        }
        DueResult::Captured { servers } => format!("{group}: the definitions of {servers} VMs were captured"),
        DueResult::NotCaptured { reason } => {
            format!("{group}: the definitions are old and could not be captured: {reason}")
        }
        other => format!("{group}: {other:?}"),
    }
}

/// Whether nobody has to look at it.
fn is_well(due: &Due) -> bool {
    match &due.result {
        DueResult::TestEnded { status, remains, .. } => {
            *status == OperationStatus::Completed && !remains.iter().any(Remnant::is_there)
        }
        DueResult::Captured { .. } => true,
        _ => false,
    }
}
