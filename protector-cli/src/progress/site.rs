use super::{Style, Way, line, say};
use protector_core::faces::documents;
use protector_core::id::{OperationId, StepId};
use protector_core::protector::{GroupTask, SiteFailoverPlan, SiteProgress};
use std::collections::BTreeMap;

/// Shows what happens to all groups of a site that is left, in one view: each thing that happens with its group, and on a
/// terminal how far all of them are.
#[derive(Debug)]
pub(crate) struct SiteDisplay {
    way: Way,
    titles: BTreeMap<String, BTreeMap<StepId, String>>,
    operations: BTreeMap<String, OperationId>,
    /// How far each group is, 0 to 100; those that have ended are at 100, whatever end.
    reached: BTreeMap<String, u64>,
    ended: usize,
}

impl SiteDisplay {
    /// Nothing is shown yet.
    pub(crate) fn new(plan: &SiteFailoverPlan, style: Style) -> Self {
        let titles = plan.groups.iter().filter_map(|group| {
            let GroupTask::Move(planned) = &group.task else { return None };
            let steps = planned.plan.iter().flat_map(|plan| &plan.steps);
            Some((group.name.clone(), steps.map(|step| (step.id.clone(), step.title.clone())).collect()))
        });
        Self {
            way: Way::of(style),
            titles: titles.collect(),
            operations: BTreeMap::new(),
            reached: plan.groups.iter().map(|group| (group.name.clone(), 0)).collect(),
            ended: 0,
        }
    }

    /// Shows what has happened.
    pub(crate) fn show(&mut self, happened: &SiteProgress) {
        self.note(happened);
        match &self.way {
            Way::Bar(bar) => {
                let all = self.reached.len().max(1) as u64;
                bar.set_position(self.reached.values().sum::<u64>() / all);
                bar.set_message(format!("{} of {} groups", self.ended, self.reached.len()));
                if let Some(line) = self.line(happened) {
                    bar.println(line);
                }
            }
            Way::Lines => {
                if let Some(line) = self.line(happened) {
                    say(&line);
                }
            }
            Way::Json => say(&documents::site_progress(happened, &self.operations).to_string()),
            Way::Silent => {}
        }
    }

    /// Nothing more happens.
    pub(crate) fn end(&self) {
        self.way.end();
    }

    fn note(&mut self, happened: &SiteProgress) {
        match happened {
            SiteProgress::Begun { group, operation } => {
                self.operations.insert(group.clone(), *operation);
            }
            SiteProgress::Went { group, progress } => {
                self.reached.insert(group.clone(), progress.progress.into());
            }
            SiteProgress::Ended(result) => {
                self.reached.insert(result.group.clone(), 100);
                self.ended += 1;
            }
            _ => {}
        }
    }

    fn line(&self, happened: &SiteProgress) -> Option<String> {
        match happened {
            SiteProgress::Begun { group, operation } => Some(format!("{group}: operation {operation}")),
            SiteProgress::Went { group, progress } => {
                let titles = self.titles.get(group);
                let title = |step: &StepId| titles.and_then(|titles| titles.get(step)).cloned();
                let line = line(&progress.event, progress.status, title)?;
                Some(format!("{group}: {:>3} % {line}", progress.progress))
            }
            SiteProgress::Ended(result) => {
                let word = if result.outcome.is_success() { "runs elsewhere" } else { "NOT wholly moved" };
                Some(format!("{}: {word}", result.group))
            }
            _ => None,
        }
    }
}
