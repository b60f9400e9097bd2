//! What stops VMs, or cannot be taken back, is confirmed with the group's name.

use crate::Error;
use protector_core::domain::OperationType;
use protector_core::engine::Plan;
use protector_core::faces::needs_confirmation;
use protector_core::operations::Planned;
use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};

/// How a person says that it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// It has been said, or need not be.
    Given,
    /// They are asked once the plan is there.
    ToBeAsked,
}

/// Judges what was given before anything is read of the sites.
pub(crate) fn judge(
    operation: OperationType,
    group: &str,
    given: Option<&str>,
    terminal: bool,
) -> Result<Confirmation, Error> {
    let refuse = |why: String| {
        Err(Error::NotConfirmed { action: operation.to_string(), group: group.to_owned(), why })
    };
    match given {
        Some(given) if given == group => Ok(Confirmation::Given),
        Some(given) => refuse(format!("--confirm names {given}")),
        None if !needs_confirmation(operation) => Ok(Confirmation::Given),
        None if terminal => Ok(Confirmation::ToBeAsked),
        None => refuse("it was not confirmed, and there is no terminal to ask on".to_owned()),
    }
}

/// Whether a person can be asked.
pub(crate) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Shows what is about to happen, and asks.
pub(crate) fn ask(
    plan: &Plan,
    planned: &Planned,
    (mut typed_in, mut shown): (impl BufRead, impl Write),
) -> Result<(), Error> {
    let Plan { operation_type, group_name, source_site, target_site, steps, .. } = plan;
    let count = steps.len();
    let mut question =
        format!("{operation_type} of {group_name} from {source_site} to {target_site}: {count} steps\n");
    for warning in &planned.warnings {
        let _ = writeln!(question, "  note: {warning}");
    }
    if let Some(loss) = &planned.loss {
        let _ = writeln!(question, "  what was written after {} is lost", loss.from);
    }
    let _ = write!(question, "To go on, type the name of the group ({group_name}): ");
    let mut typed = String::new();
    let asked = shown.write_all(question.as_bytes()).and_then(|()| shown.flush());
    let why = match asked.and_then(|()| typed_in.read_line(&mut typed)) {
        Ok(_) if typed.trim() == group_name => return Ok(()),
        Ok(_) => "what was typed is not its name".to_owned(),
        Err(error) => format!("the answer could not be read: {error}"),
    };
    Err(Error::NotConfirmed { action: operation_type.to_string(), group: group_name.clone(), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protector_core::engine::{PlanBuilder, Recovery};
    use protector_core::id::GroupId;

    #[test]
    fn what_stops_vms_is_begun_only_with_the_groups_own_name() {
        let judged = |operation, given, terminal| judge(operation, "web", given, terminal).ok();
        let failover = OperationType::Failover;
        assert_eq!(judged(failover, Some("web"), false), Some(Confirmation::Given));
        assert_eq!(judged(failover, Some("db"), true), None);
        assert_eq!(judged(failover, None, false), None);
        assert_eq!(judged(failover, None, true), Some(Confirmation::ToBeAsked));
        assert_eq!(judged(OperationType::Sync, None, false), Some(Confirmation::Given));
        assert_eq!(judged(OperationType::Sync, Some("db"), false), None);
    }

    #[test]
    fn whoever_is_asked_sees_what_would_happen_and_has_to_type_the_name() {
        let sites = ("a".into(), "b".into());
        let group: GroupId = "01234567-89ab-cdef-0123-456789abcdef".parse().unwrap();
        let plan = PlanBuilder::new(OperationType::Failover, group, "web", sites, 1, Recovery::ForwardOnly);
        let plan = plan.build().unwrap();
        let (findings, warnings) = (Vec::new(), Vec::new());
        let planned = Planned { plan: None, findings, warnings, loss: None, replication: None };
        for (typed, confirmed) in [("web\n", true), (" web \n", true), ("y\n", false), ("", false)] {
            let mut shown = Vec::new();
            assert_eq!(ask(&plan, &planned, (typed.as_bytes(), &mut shown)).is_ok(), confirmed, "{typed}");
            let shown = String::from_utf8(shown).unwrap();
            assert!(
                shown.starts_with("failover of web from a to b") && shown.ends_with("(web): "),
                "{shown}"
            );
        }
    }
}
