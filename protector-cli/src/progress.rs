//! The steps of an operation, live, on standard error.

mod site;

pub(crate) use site::SiteDisplay;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protector_core::domain::OperationStatus;
use protector_core::engine::{Event, Plan};
use protector_core::faces::documents;
use protector_core::id::{OperationId, StepId};
use protector_core::protector::Progress;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

/// How the steps are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// A bar on a terminal, lines elsewhere
    Auto,
    /// A line for each thing that happens
    Lines,
    /// A JSON document for each thing that happens, one a line
    Json,
    /// Not at all
    None,
}

/// Shows what happens in one operation.
#[derive(Debug)]
pub struct Display {
    operation: OperationId,
    plan: Arc<Plan>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Bar(ProgressBar),
    Lines,
    Json,
    Silent,
}

impl Way {
    fn of(style: Style) -> Self {
        match style {
            Style::Auto if io::stderr().is_terminal() => Self::Bar(bar()),
            Style::Auto | Style::Lines => Self::Lines,
            Style::Json => Self::Json,
            Style::None => Self::Silent,
        }
    }

    fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Display {
    /// Nothing is shown yet.
    pub fn new(operation: OperationId, plan: &Arc<Plan>, style: Style) -> Self {
        Self { operation, plan: Arc::clone(plan), way: Way::of(style) }
    }

    /// Shows what has happened.
    pub fn show(&self, progress: &Progress) {
        let title = |step: &StepId| self.plan.step(step).map(|step| step.title.clone());
        let line = || line(&progress.event, progress.status, title);
        match &self.way {
            Way::Bar(bar) => match &progress.event {
                Event::StepIntended { step } => {
                    bar.set_message(title(step).unwrap_or_else(|| step.to_string()));
                }
                _ => {
                    if let Some(line) = line() {
                        bar.set_position(u64::from(progress.progress));
                        bar.println(line);
                    }
                }
            },
            Way::Lines => {
                if let Some(line) = line() {
                    say(&format!("{:>3} % {line}", progress.progress));
                }
            }
            Way::Json => {
                say(&documents::progress(self.operation, progress).to_string());
            }
            Way::Silent => {}
        }
    }

    /// Nothing more happens.
    pub fn end(&self) {
        self.way.end();
    }
}

/// What has happened, for a person; `title` is what the plan says of a step.
fn line(event: &Event, status: OperationStatus, title: impl Fn(&StepId) -> Option<String>) -> Option<String> {
    Some(match event {
        Event::Started { holder, .. } => format!("begun by {holder}"),
        Event::StepIntended { step } => match title(step) {
            Some(title) => format!("... {step}: {title}"),
            None => format!("... {step}"),
        },
        Event::StepDone { step, .. } => format!("ok  {step}"),
        Event::StepTroubled { step, trouble } => format!("again {step} ({status}): {}", trouble.message),
        Event::StepFailed { step, trouble } => format!("FAILED {step}: {}", trouble.message),
        Event::StepSkipped { step, reason, .. } => format!("skipped {step}: {reason}"),
        Event::PauseRequested { by } => format!("paused by {by}"),
        Event::CancelRequested { by, reason } => format!("cancelled by {by}: {reason}"),
        Event::RollbackBegun { reason } => format!("rolling back, because {reason}"),
        Event::RevertIntended { step } => format!("... undoing {step}"),
        Event::RevertDone { step } => format!("undone {step}"),
        Event::RevertFailed { step, trouble } => format!("NOT undone {step}: {}", trouble.message),
        Event::Finished { status, .. } => format!("{status}"),
        _ => return None,
    })
}

/// A line on standard error. If nobody reads it, nothing is lost: all of it is in the journal.
pub(crate) fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:40}] {pos:>3} % {msg}") {
        bar.set_style(style);
    }
    bar
}
