use crate::arguments::PruneCommand;
use crate::confirmation::{Confirmation, ToConfirm, has_terminal};
use crate::tables::{columns, list, or_none};
use crate::{Answer, Error};
use protector_core::domain::{Held, Leftover};
use protector_core::faces::{documents, exit};
use protector_core::protector::{
    GroupJournals, Housekeeping, KeptJournal, Protector, Pruned, PrunedJournals, Unread,
};
use serde_json::json;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

pub(super) async fn carry_out(protector: &Protector, command: &PruneCommand) -> Result<Answer, Error> {
    match command {
        PruneCommand::List { age, all } => {
            let mut found = Box::pin(protector.housekeeping()).await?;
            found.leftovers = found.older_than(age.least());
            Ok(listed(&found, age.least(), *all))
        }
        PruneCommand::Run { age, journals_older_than, confirm } => {
            let to_confirm = ToConfirm::prune();
            let confirmation = to_confirm.judge(confirm.as_deref(), has_terminal())?;
            let mut found = Box::pin(protector.housekeeping()).await?;
            found.leftovers = found.older_than(age.least());
            if confirmation == Confirmation::ToBeAsked
                && (!found.leftovers.is_empty() || journals_older_than.is_some())
            {
                to_confirm.ask(
                    &listed(&found, age.least(), journals_older_than.is_some()).text,
                    (io::stdin().lock(), io::stderr()),
                )?;
            }
            let pruned = Box::pin(protector.prune(&found.leftovers, age.least())).await?;
            let journals = match journals_older_than {
                Some(least) => Some(Box::pin(protector.prune_journals(Duration::from_secs(*least))).await?),
                None => None,
            };
            Ok(accounted(&pruned, journals.as_ref()))
        }
    }
}

fn listed(found: &Housekeeping, least: Duration, all: bool) -> Answer {
    let Housekeeping { leftovers, held, journals, unread, .. } = found;
    let mut text = if leftovers.is_empty() {
        format!("nothing is left over that is {} seconds old", least.as_secs())
    } else {
        table(leftovers)
    };
    if all {
        text += "\n";
        text += &if held.is_empty() { "no group holds anything".to_owned() } else { in_use(held) };
        if !journals.is_empty() {
            text += "\n";
            text += &written(journals);
        }
    }
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

fn in_use(held: &[Held]) -> String {
    let rows = held.iter().map(|one| {
        [
            one.group_name.clone(),
            one.site.to_string(),
            one.kind.to_string(),
            one.name.clone(),
            or_none(one.since),
            or_none(one.bytes),
            list(one.quota.iter().map(|(resource, held)| format!("{resource} {held}"))),
            list(&one.released_by),
            one.reason.clone(),
        ]
    });
    columns(["group", "site", "kind", "name", "since", "bytes", "quota", "released_by", "reason"], rows)
}

fn written(journals: &[GroupJournals]) -> String {
    let rows = journals.iter().map(|one| {
        [
            one.group_name.clone(),
            one.operations.to_string(),
            one.unfinished.to_string(),
            one.summaries.to_string(),
            one.bytes.to_string(),
            or_none(one.oldest),
            or_none(one.newest),
        ]
    });
    columns(["group", "journals", "unfinished", "summaries", "bytes", "oldest", "newest"], rows)
}

fn unseen(unread: &[Unread]) -> String {
    unread.iter().fold(String::new(), |text, Unread { site, subject, reason }| {
        text + &format!("\nnot looked at: {subject} at {site}: {reason}")
    })
}

fn accounted(pruned: &Pruned, journals: Option<&PrunedJournals>) -> Answer {
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
    if let Some(PrunedJournals { removed, bytes, kept }) = journals {
        for KeptJournal { operation, group_name, reason, .. } in kept {
            let _ = write!(text, "\nkept: the journal of {operation} of {group_name}: {reason}");
        }
        let _ = write!(text, "\n{} journals were removed, {bytes} bytes in each store", removed.len());
    }
    text += &unseen(unread);
    let journals_well = journals.is_none_or(|journals| journals.kept.iter().all(|journal| journal.needed));
    let well = kept.is_empty() && remains.is_empty() && unread.is_empty() && journals_well;
    Answer::new(text, documents::pruned(pruned, journals)).with_exit(if well {
        exit::DONE
    } else {
        exit::ATTENTION
    })
}
