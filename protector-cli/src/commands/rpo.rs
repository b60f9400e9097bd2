use crate::arguments::RpoCommand;
use crate::tables::{columns, or_none};
use crate::{Answer, Error};
use protector_core::domain::{RpoReport, ScheduleState};
use protector_core::faces::exit;
use protector_core::protector::Protector;
use serde_json::json;
use std::fmt::Write as _;

pub(super) async fn carry_out(protector: &Protector, command: &RpoCommand) -> Result<Answer, Error> {
    match command {
        RpoCommand::Check { group } => Ok(checked(&protector.rpo(group.as_deref()).await?)),
    }
}

fn checked(reports: &[RpoReport]) -> Answer {
    if reports.is_empty() {
        return Answer::new("there is no Protection Group yet", json!(reports));
    }
    let rows = reports.iter().map(|report| {
        let schedule = match report.schedule {
            ScheduleState::On => "on",
            ScheduleState::Off => "off",
            ScheduleState::Unknown => "unknown",
        };
        [
            report.group_name.clone(),
            report.status.to_string(),
            or_none(report.age),
            report.objective.to_string(),
            or_none(report.newest.as_ref().map(|point| &point.name)),
            schedule.to_owned(),
        ]
    });
    let mut text = columns(["group_name", "status", "age", "objective", "newest", "schedule"], rows);
    for finding in reports.iter().flat_map(|report| &report.findings) {
        let _ = write!(text, "\n{finding}");
    }
    Answer::new(text, json!(reports))
        .with_exit(exit::of_objectives(reports.iter().map(|report| report.status)))
}
