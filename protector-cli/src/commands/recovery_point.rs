use crate::arguments::RecoveryPointCommand;
use crate::tables::{columns, or_none};
use crate::{Answer, Error};
use protector_core::faces::documents;
use protector_core::protector::{Protector, RecoveryPointView};
use serde_json::Value;

pub(super) async fn carry_out(
    protector: &Protector,
    command: &RecoveryPointCommand,
) -> Result<Answer, Error> {
    match command {
        RecoveryPointCommand::List { group } => Ok(all(group, &protector.recovery_points(group).await?)),
    }
}

fn all(group: &str, points: &[RecoveryPointView]) -> Answer {
    let document: Value = points.iter().map(documents::recovery_point).collect();
    if points.is_empty() {
        return Answer::new(
            format!("no recovery point of group {group} has come to the other site"),
            document,
        );
    }
    let rows = points.iter().map(|view| {
        [
            view.point.name.clone(),
            view.point.created.to_string(),
            or_none(view.point.completed),
            or_none(view.size),
            view.eligibility.is_eligible().to_string(),
            view.eligibility.reason.clone().unwrap_or_default(),
        ]
    });
    let names = ["name", "created", "completed", "size", "eligible", "reason"];
    Answer::new(columns(names, rows), document)
}
