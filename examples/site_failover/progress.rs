use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protector_core::engine::{Event, Plan};
use protector_core::protector::Progress;
use std::io::IsTerminal;
use std::sync::Arc;

/// Live progress by step on standard error: a bar on a terminal, plain lines otherwise.
pub(crate) struct Display {
    plan: Arc<Plan>,
    bar: Option<ProgressBar>,
}

impl Display {
    pub(crate) fn new(plan: &Arc<Plan>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:40}] {pos:>3} % {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { plan: Arc::clone(plan), bar }
    }

    pub(crate) fn show(&self, progress: &Progress) {
        let line = match &progress.event {
            Event::Started { holder, .. } => format!("begun by {holder}"),
            Event::StepIntended { step } => {
                let title = self.plan.step(step).map_or_else(|| step.to_string(), |step| step.title.clone());
                if let Some(bar) = &self.bar {
                    bar.set_message(title);
                    return;
                }
                format!("... {step}: {title}")
            }
            Event::StepDone { step, .. } => format!("ok  {step}"),
            Event::StepTroubled { step, trouble } => {
                format!("again {step} ({}): {}", progress.status, trouble.message)
            }
            Event::StepFailed { step, trouble } => format!("FAILED {step}: {}", trouble.message),
            Event::RollbackBegun { reason } => format!("rolling back, because {reason}"),
            Event::RevertIntended { step } => format!("... undoing {step}"),
            Event::RevertDone { step } => format!("undone {step}"),
            Event::RevertFailed { step, trouble } => format!("NOT undone {step}: {}", trouble.message),
            Event::Finished { status, .. } => format!("{status}"),
            _ => return,
        };
        match &self.bar {
            Some(bar) => {
                bar.set_position(u64::from(progress.progress));
                bar.println(line);
            }
            None => eprintln!("{:>3} % {line}", progress.progress),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
