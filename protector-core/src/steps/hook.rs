//! A person's own program or webhook, as a step.

use crate::domain::HookCall;
use crate::engine::{StepError, StepRun};
use crate::error::{Class, Code, Coded, chain};
use crate::secret::redact;
use crate::steps::machine::Command;
use crate::steps::{Machine, Seen, Site, SiteStep};
use crate::transport::{Call, Caller, Semantics};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// So many characters of what was said stand in an error; the record of a hook that did its work has more.
const TOLD: usize = 1000;

/// Runs a hook. It is not idempotent by itself: one whose end is not known is run again, or, if it must not be, left to a
/// person. Not undone.
#[derive(Debug)]
pub struct RunHook;

/// See [`RunHook`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RunHookInput {
    /// The hook's name.
    pub hook: String,
    /// What it is told: group, operation type, sites, when, and which VM or tier.
    pub about: BTreeMap<String, String>,
    /// What is run.
    pub call: HookCall,
    /// How long it may take, seconds.
    pub within: u64,
    /// Whether the operation is left for a person if it fails.
    pub stops: bool,
    /// Whether it must not be run twice.
    #[serde(default)]
    pub once: bool,
    /// Whether there is what it comes after: nothing is run after a VM that did not come up.
    #[serde(default = "always")]
    pub wanted: bool,
}

fn always() -> bool {
    true
}

/// What became of a hook.
#[derive(Debug, Serialize, Deserialize)]
pub struct HookEnded {
    /// What the program wrote, or the webhook answered: the end of it, without what looks like a secret. None if it was not run.
    pub output: Option<String>,
}

impl RunHookInput {
    /// What it is told, with what is known only now.
    fn told(&self, run: &StepRun) -> BTreeMap<String, String> {
        let mut told = self.about.clone();
        told.insert("hook".to_owned(), self.hook.clone());
        told.insert("group_id".to_owned(), run.group.to_string());
        told.insert("operation_id".to_owned(), run.operation.to_string());
        told
    }

    fn failed(&self, what: &str) -> StepError {
        let message = format!(
            "hook {} ({} {}) failed: {what}; mend it and resume, or skip the step",
            self.hook,
            self.about.get("when").map_or("in", String::as_str),
            self.about.get("of").map_or("the move", String::as_str),
        );
        if self.stops { StepError::conflict(message) } else { StepError::new(Code::StepFailed, message) }
    }

    async fn command(
        &self,
        machine: &dyn Machine,
        run: &StepRun,
        line: &[String],
    ) -> Result<String, StepError> {
        let Some((program, arguments)) = line.split_first() else {
            return Err(self.failed("it names no program").before_any_change());
        };
        let told = self.told(run);
        let command = Command {
            program: program.clone(),
            arguments: arguments.to_vec(),
            environment: told
                .iter()
                .map(|(name, value)| (format!("PROTECTOR_{}", name.to_ascii_uppercase()), value.clone()))
                .collect(),
            input: json!(told).to_string(),
        };
        let context = run.context.within(Duration::from_secs(self.within));
        match context.before_deadline(machine.run(&command)).await {
            Err(_) => {
                Err(self.failed(&format!("{program} has not ended within {} s, and was killed", self.within)))
            }
            Ok(Err(error)) => {
                Err(self.failed(&format!("failed to start {program}: {error}")).before_any_change())
            }
            Ok(Ok(end)) if end.code == Some(0) => Ok(end.output),
            // It has ended: whoever resumes runs it again.
            Ok(Ok(end)) => {
                let how =
                    end.code.map_or("was ended by a signal".to_owned(), |code| format!("ended with {code}"));
                let said = last_words(&redact(&end.output));
                Err(self.failed(&format!("{program} {how}: {said}")).before_any_change())
            }
        }
    }

    async fn webhook(&self, webhooks: &Caller, run: &StepRun, address: &str) -> Result<String, StepError> {
        let url: Url = address
            .parse()
            .map_err(|error| self.failed(&format!("its address is none: {error}")).before_any_change())?;
        let purpose = format!("tell the webhook of hook {}", self.hook);
        let mut call =
            Call::new(purpose, Semantics::Once, Method::POST, url).with_body(json!(self.told(run)));
        call.timeout = Duration::from_secs(self.within);
        match webhooks.call(&run.context.within(call.timeout), &call).await {
            Ok(answer) => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
            Err(error) => {
                let failed = self.failed(&redact(&chain(&error)));
                // One that has answered has come to its end: whoever resumes tells it again.
                Err(if error.class() == Class::Unknown { failed } else { failed.before_any_change() })
            }
        }
    }
}

fn last_words(text: &str) -> String {
    let text = text.trim();
    let from = text.chars().count().saturating_sub(TOLD);
    let words: String = text.chars().skip(from).collect();
    if words.is_empty() { "it said nothing".to_owned() } else { words }
}

impl SiteStep for RunHook {
    const NAME: &'static str = "run_hook";
    const SYSTEM: &'static str = "hook";
    type Input = RunHookInput;
    type Output = HookEnded;

    async fn observe(
        &self,
        _: Site<'_>,
        _: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<HookEnded>, StepError> {
        if !input.once {
            return Ok(Seen::NotDone);
        }
        Ok(Seen::Conflict(format!(
            "hook {} was begun, and whether it has done its work is not known; it must not run twice: see what it did, \
             finish that by hand, then skip the step",
            input.hook
        )))
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<HookEnded, StepError> {
        if !input.wanted {
            return Ok(HookEnded { output: None });
        }
        let output = match &input.call {
            HookCall::Command(line) => input.command(site.machine, run, line).await?,
            HookCall::Webhook(address) => input.webhook(site.webhooks, run, address).await?,
        };
        let kept: String = output.chars().take(16 << 10).collect();
        Ok(HookEnded { output: Some(redact(&kept)) })
    }
}

#[cfg(test)]
mod tests;
