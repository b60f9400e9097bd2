//! What stops VMs, or cannot be taken back, is confirmed with a name: the group's, or the site's.

use crate::Error;
use protector_core::domain::OperationType;
use protector_core::engine::Plan;
use protector_core::faces::confirmation::needs_confirmation;
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

/// What is to be confirmed, and the word that does it.
#[derive(Debug)]
pub(crate) struct ToConfirm {
    action: String,
    subject: String,
    /// What the word is: `the name of the group`.
    meaning: &'static str,
    word: String,
    needed: bool,
}

impl ToConfirm {
    /// An operation of a group.
    pub(crate) fn operation(operation: OperationType, group: &str) -> Self {
        Self {
            action: operation.to_string(),
            subject: format!("group {group}"),
            meaning: "the name of the group",
            word: group.to_owned(),
            needed: needs_confirmation(operation),
        }
    }

    /// The move of all groups of a site.
    pub(crate) fn site_failover(site: &str) -> Self {
        Self {
            action: "failover".to_owned(),
            subject: format!("site {site}"),
            meaning: "the name of the site",
            word: site.to_owned(),
            needed: true,
        }
    }

    /// The removal of what is left over, which is about no single group.
    pub(crate) fn prune() -> Self {
        Self {
            action: OperationType::Prune.to_string(),
            subject: "what is left over".to_owned(),
            meaning: "the word",
            word: OperationType::Prune.to_string(),
            needed: true,
        }
    }

    fn refused(&self, why: String) -> Error {
        Error::NotConfirmed { action: self.action.clone(), subject: self.subject.clone(), why }
    }

    /// Judges what was given before anything is read of the sites.
    pub(crate) fn judge(&self, given: Option<&str>, terminal: bool) -> Result<Confirmation, Error> {
        match given {
            Some(given) if given == self.word => Ok(Confirmation::Given),
            Some(given) => Err(self.refused(format!("--confirm names {given}, not {}", self.word))),
            None if !self.needed => Ok(Confirmation::Given),
            None if terminal => Ok(Confirmation::ToBeAsked),
            None => Err(self.refused("it was not confirmed, and there is no terminal to ask on".to_owned())),
        }
    }

    /// Shows what is about to happen, and asks.
    pub(crate) fn ask(
        &self,
        about: &str,
        (mut typed_in, mut shown): (impl BufRead, impl Write),
    ) -> Result<(), Error> {
        let question = format!("{}\nTo go on, type {} ({}): ", about.trim_end(), self.meaning, self.word);
        let mut typed = String::new();
        let asked = shown.write_all(question.as_bytes()).and_then(|()| shown.flush());
        match asked.and_then(|()| typed_in.read_line(&mut typed)) {
            Ok(_) if typed.trim() == self.word => Ok(()),
            Ok(_) => Err(self.refused(format!("what was typed is not {}", self.meaning))),
            Err(error) => Err(self.refused(format!("the answer could not be read: {error}"))),
        }
    }
}

/// Whether a person can be asked.
pub(crate) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// What a person is shown of a plan before they are asked.
pub(crate) fn summary(plan: &Plan, planned: &Planned) -> String {
    let Plan { operation_type, group_name, source_site, target_site, steps, .. } = plan;
    let count = steps.len();
    let mut summary =
        format!("{operation_type} of {group_name} from {source_site} to {target_site}: {count} steps\n");
    for warning in &planned.warnings {
        let _ = writeln!(summary, "  note: {warning}");
    }
    if let Some(loss) = &planned.loss {
        let _ = writeln!(summary, "  what was written after {} is lost", loss.from);
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;
    use protector_core::engine::{PlanBuilder, Recovery};
    use protector_core::id::GroupId;

    #[test]
    fn what_stops_vms_is_begun_only_with_the_groups_own_name() {
        let judged =
            |operation, given, terminal| ToConfirm::operation(operation, "web").judge(given, terminal).ok();
        let failover = OperationType::Failover;
        assert_eq!(judged(failover, Some("web"), false), Some(Confirmation::Given));
        assert_eq!(judged(failover, Some("db"), true), None);
        assert_eq!(judged(failover, None, false), None);
        assert_eq!(judged(failover, None, true), Some(Confirmation::ToBeAsked));
        assert_eq!(judged(OperationType::Sync, None, false), Some(Confirmation::Given));
        assert_eq!(judged(OperationType::Sync, Some("db"), false), None);
        assert!(ToConfirm::site_failover("site-a").judge(None, false).is_err());
        assert!(ToConfirm::site_failover("site-a").judge(Some("site-a"), false).is_ok());
        assert!(ToConfirm::prune().judge(Some("site-a"), false).is_err());
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
            let to_confirm = ToConfirm::operation(OperationType::Failover, "web");
            let asked = to_confirm.ask(&summary(&plan, &planned), (typed.as_bytes(), &mut shown));
            assert_eq!(asked.is_ok(), confirmed, "{typed}");
            let shown = String::from_utf8(shown).unwrap();
            assert!(
                shown.starts_with("failover of web from a to b") && shown.ends_with("(web): "),
                "{shown}"
            );
        }
    }
}
