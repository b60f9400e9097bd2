//! The steps of an operation, live, on standard error.

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protector_core::engine::{Event, Plan};
use protector_core::faces::documents;
use protector_core::id::OperationId;
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

impl Display {
    /// Nothing is shown yet.
    pub fn new(operation: OperationId, plan: &Arc<Plan>, style: Style) -> Self {
        let way = match style {
            Style::Auto if io::stderr().is_terminal() => Way::Bar(bar()),
            Style::Auto | Style::Lines => Way::Lines,
            Style::Json => Way::Json,
            Style::None => Way::Silent,
        };
        Self { operation, plan: Arc::clone(plan), way }
    }

    /// Shows what has happened.
    pub fn show(&self, progress: &Progress) {
        match &self.way {
            Way::Bar(bar) => match &progress.event {
                Event::StepIntended { step } => {
                    let title =
                        self.plan.step(step).map_or_else(|| step.to_string(), |step| step.title.clone());
                    bar.set_message(title);
                }
                _ => {
                    if let Some(line) = self.line(progress) {
                        bar.set_position(u64::from(progress.progress));
                        bar.println(line);
                    }
                }
            },
            Way::Lines => {
                if let Some(line) = self.line(progress) {
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
        if let Way::Bar(bar) = &self.way {
            bar.finish_and_clear();
        }
    }

    fn line(&self, progress: &Progress) -> Option<String> {
        Some(match &progress.event {
            Event::Started { holder, .. } => format!("begun by {holder}"),
            Event::StepIntended { step } => {
                let title = self.plan.step(step).map_or_else(|| step.to_string(), |step| step.title.clone());
                format!("... {step}: {title}")
            }
            Event::StepDone { step, .. } => format!("ok  {step}"),
            Event::StepTroubled { step, trouble } => {
                format!("again {step} ({}): {}", progress.status, trouble.message)
            }
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
