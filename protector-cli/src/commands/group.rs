use super::{document, run};
use crate::arguments::{GroupCommand, Runner};
use crate::progress::Style;
use crate::tables::{columns, list, or_none};
use crate::{Answer, Error, tables};
use protector_core::domain::{Finding, ProtectionGroup, possible};
use protector_core::faces::{documents, exit};
use protector_core::protector::Protector;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

pub(super) async fn carry_out(
    protector: &Protector,
    command: &GroupCommand,
    (style, config): (Style, Option<&Path>),
) -> Result<Answer, Error> {
    match command {
        GroupCommand::List => Ok(all(&protector.groups().await?)),
        GroupCommand::Show { group } => Ok(one(&protector.group(group).await?)),
        GroupCommand::Drift { group } => Ok(drifted(group, &Box::pin(protector.drift(group)).await?)),
        GroupCommand::Export { group, file } => {
            document::export(&protector.export(group).await?, file.as_deref())
        }
        GroupCommand::Apply { file, run } => Box::pin(document::apply(protector, file, run, style)).await,
        GroupCommand::Change(wanted) => {
            let (request, run) = (wanted.request(), wanted.run());
            match run.runner() {
                Runner::Here => Box::pin(run::change(protector, &request, &run.confirm, style)).await,
                Runner::Detached(limit) => {
                    let shown = (style, config);
                    Box::pin(run::change_detached(protector, &request, &run.confirm, shown, limit)).await
                }
            }
        }
    }
}

fn all(groups: &[ProtectionGroup]) -> Answer {
    let document: Value = groups.iter().map(documents::group).collect();
    if groups.is_empty() {
        return Answer::new("there is no Protection Group yet", document);
    }
    let rows = groups.iter().map(|group| {
        [
            group.id.to_string(),
            group.name.clone(),
            group.status.to_string(),
            group.current_primary_site.to_string(),
            group.members.len().to_string(),
            or_none(group.last_failover_at),
        ]
    });
    let names = ["id", "name", "status", "current_primary_site", "members", "last_failover_at"];
    Answer::new(columns(names, rows), document)
}

fn one(group: &ProtectionGroup) -> Answer {
    let mut text = tables::group(group) + "\n";
    let mut members: Vec<_> = group.members.values().collect();
    members.sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
    let _ = writeln!(text, "members: {}", list(members.iter().map(|member| &member.name)));
    for member in members {
        if let Some(absence) = &member.absent {
            let _ = writeln!(text, "{} does not run: {}", member.name, absence.reason);
        }
    }
    if let Some(test) = &group.test {
        let end = test.ends_at.map(|at| format!(", until {at}")).unwrap_or_default();
        let _ = writeln!(text, "a test runs at {} on {}{end}", test.site, test.point);
    }
    if let Some(loss) = &group.last_loss {
        let _ = writeln!(
            text,
            "lost at the last unplanned move: what was written from {} to {}",
            loss.from, loss.until
        );
    }
    let _ = write!(text, "possible: {}", list(possible(group)));
    Answer::new(text, documents::group(group))
}

fn drifted(group: &str, findings: &[Finding]) -> Answer {
    if findings.is_empty() {
        return Answer::new(format!("the VMs of group {group} are as they were captured"), json!(findings));
    }
    let rows = findings.iter().map(|finding| {
        let Finding { code, subject, message, remedy, .. } = finding;
        [code.as_str().to_owned(), subject.clone(), message.clone(), remedy.clone()]
    });
    Answer::new(columns(["code", "subject", "message", "remedy"], rows), json!(findings))
        .with_exit(exit::ATTENTION)
}
