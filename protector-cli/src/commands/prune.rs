use crate::arguments::PruneCommand;
use crate::confirmation::{Confirmation, ToConfirm, has_terminal};
use crate::tables::{columns, list, or_none};
use crate::{Answer, Error};
use protector_core::domain::Leftover;
use protector_core::faces::exit;
use protector_core::protector::{Housekeeping, Protector, Pruned, Unread};
use serde_json::json;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

pub(super) async fn carry_out(protector: &Protector, command: &PruneCommand) -> Result<Answer, Error> {
    match command {
        PruneCommand::List(age) => {
            let mut found = Box::pin(protector.housekeeping()).await?;
            found.leftovers = found.older_than(age.least());
            Ok(listed(&found, age.least()))
        }
        PruneCommand::Run { age, confirm } => {
            let to_confirm = ToConfirm::prune();
            let confirmation = to_confirm.judge(confirm.as_deref(), has_terminal())?;
            let mut found = Box::pin(protector.housekeeping()).await?;
            found.leftovers = found.older_than(age.least());
            if confirmation == Confirmation::ToBeAsked && !found.leftovers.is_empty() {
                to_confirm.ask(&listed(&found, age.least()).text, (io::stdin().lock(), io::stderr()))?;
            }
            Ok(accounted(&Box::pin(protector.prune(&found.leftovers, age.least())).await?))
        }
    }
}

fn listed(found: &Housekeeping, least: Duration) -> Answer {
    let Housekeeping { leftovers, unread, .. } = found;
    let mut text = if leftovers.is_empty() {
        format!("nothing is left over that is {} seconds old", least.as_secs())
    } else {
        table(leftovers)
    };
    text += &unseen(unread);
    let exit = if unread.is_empty() { exit::DONE } else { exit::UNKNOWN };
    Answer::new(text, json!(found)).with_exit(exit)
}

fn table(leftovers: &[Leftover]) -> String {
    let rows = leftovers.iter().map(|one| {
        [
            one.site.to_string(),
            one.kind.to_string(),
            one.name.clone(),
            or_none(one.since),
            or_none(one.bytes),
            list(one.quota.iter().map(|(resource, held)| format!("{resource} {held}"))),
            one.reason.clone(),
        ]
    });
    columns(["site", "kind", "name", "since", "bytes", "quota", "reason"], rows)
}

fn unseen(unread: &[Unread]) -> String {
    unread.iter().fold(String::new(), |text, Unread { site, subject, reason }| {
        text + &format!("\nnot looked at: {subject} at {site}: {reason}")
    })
}

fn accounted(pruned: &Pruned) -> Answer {
    let Pruned { operations, kept, remains, unread } = pruned;
    let mut text = String::new();
    for operation in operations {
        let _ = writeln!(text, "{} of {}: {}", operation.id, operation.group_name, operation.status);
    }
    for kept in kept {
        let Leftover { site, kind, name, .. } = &kept.leftover;
        let _ = writeln!(text, "kept at {site}: {kind} {name}: {}", kept.reason);
    }
    for Leftover { site, kind, name, .. } in remains {
        let _ = writeln!(text, "still at {site}: {kind} {name}");
    }
    let gone = match operations.as_slice() {
        [] => "nothing was removed",
        _ if remains.is_empty() && unread.is_empty() => "all of it is gone",
        _ => "not all of it is known to be gone",
    };
    text += gone;
    text += &unseen(unread);
    let well = kept.is_empty() && remains.is_empty() && unread.is_empty();
    Answer::new(text, json!(pruned)).with_exit(if well { exit::DONE } else { exit::ATTENTION })
}
