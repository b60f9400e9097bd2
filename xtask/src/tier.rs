//! Tiers: the parts of a long check, each with a heading, a budget and a line in the table at the end.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How a tier ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It ran.
    Passed,
    /// It ran but for this part.
    Partly(String),
    /// It did not run, for this reason.
    Skipped(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Ended(Ending),
    Failed,
    NotRun,
}

struct Line {
    name: String,
    budget: Duration,
    took: Duration,
    outcome: Outcome,
}

/// The tiers of one run. After one has failed, the others are not run.
pub(crate) struct Tiers {
    title: &'static str,
    lines: Vec<Line>,
}

impl Tiers {
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, lines: Vec::new() }
    }

    /// Whether all tiers so far ended well.
    pub(crate) fn well(&self) -> bool {
        !self.lines.iter().any(|line| line.outcome == Outcome::Failed)
    }

    /// Runs a tier, unless one has failed. A budget that is exceeded is named; it is no failure.
    pub(crate) fn run(&mut self, name: &str, seconds: u64, body: impl FnOnce() -> Result<Ending>) {
        if self.well() {
            self.always(name, seconds, body);
        } else {
            let (name, budget) = (name.to_owned(), Duration::from_secs(seconds));
            self.lines.push(Line { name, budget, took: Duration::ZERO, outcome: Outcome::NotRun });
        }
    }

    /// Runs a tier also when one has failed: what cleans up.
    #[expect(clippy::disallowed_methods, reason = "a person's time is measured, not the product's")]
    pub(crate) fn always(&mut self, name: &str, seconds: u64, body: impl FnOnce() -> Result<Ending>) {
        let budget = Duration::from_secs(seconds);
        println!("\n== {name} (budget {})", minutes(budget));
        let started = Instant::now();
        let outcome = match body() {
            Ok(ending) => Outcome::Ended(ending),
            Err(error) => {
                println!("error: {error:#}");
                Outcome::Failed
            }
        };
        let line = Line { name: name.to_owned(), budget, took: started.elapsed(), outcome };
        println!("-- {}", line.told());
        self.lines.push(line);
    }

    /// Prints the table and the closing line; an error if a tier failed.
    pub(crate) fn finish(self) -> Result<()> {
        let width = self.lines.iter().map(|line| line.name.len()).max().unwrap_or_default();
        println!("\n== {}", self.title);
        for line in &self.lines {
            println!("{:width$}  {}", line.name, line.told());
        }
        let took = minutes(self.lines.iter().map(|line| line.took).sum());
        match self.lines.iter().find(|line| line.outcome == Outcome::Failed) {
            None => println!("{} passed in {took}", self.title),
            Some(line) => bail!("{} failed at `{}` after {took}", self.title, line.name),
        }
        Ok(())
    }
}

impl Line {
    fn told(&self) -> String {
        let times = format!("{} of {}", minutes(self.took), minutes(self.budget));
        let over = if self.took > self.budget { ", over its budget" } else { "" };
        match &self.outcome {
            Outcome::Ended(Ending::Passed) => format!("passed   {times}{over}"),
            Outcome::Ended(Ending::Partly(reason)) => format!("passed   {times}{over}, but {reason}"),
            Outcome::Ended(Ending::Skipped(reason)) => format!("skipped  {reason}"),
            Outcome::Failed => format!("FAILED   {times}{over}"),
            Outcome::NotRun => "not run".to_owned(),
        }
    }
}

/// A duration as a person reads it.
fn minutes(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    match tenths / 600 {
        0 => format!("{}.{} s", tenths / 10, tenths % 10),
        whole => format!("{whole} min {:02} s", tenths % 600 / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_only_the_clean_up_runs_and_the_whole_fails() {
        let mut ran = Vec::new();
        let mut tiers = Tiers::new("all");
        tiers.run("first", 1, || {
            ran.push(1);
            bail!("broken")
        });
        tiers.run("second", 1, || {
            ran.push(2);
            Ok(Ending::Passed)
        });
        tiers.always("clean up", 1, || {
            ran.push(3);
            Ok(Ending::Passed)
        });
        let error = tiers.finish().unwrap_err().to_string();
        assert_eq!(ran, [1, 3]);
        assert!(error.starts_with("all failed at `first`"), "{error}");
    }

    #[test]
    fn a_tier_over_its_budget_is_named_and_passes() {
        let line = |took| Line {
            name: String::new(),
            budget: Duration::from_secs(90),
            took: Duration::from_millis(took),
            outcome: Outcome::Ended(Ending::Passed),
        };
        assert_eq!(line(90_000).told(), "passed   1 min 30 s of 1 min 30 s");
        assert_eq!(line(95_260).told(), "passed   1 min 35 s of 1 min 30 s, over its budget");
        assert_eq!(line(4_260).told(), "passed   4.2 s of 1 min 30 s");
    }

    #[test]
    fn skipped_tiers_fail_nothing() {
        let mut tiers = Tiers::new("all");
        tiers.run("first", 1, || Ok(Ending::Skipped("no tool".to_owned())));
        assert!(tiers.well());
        tiers.finish().unwrap();
    }
}
