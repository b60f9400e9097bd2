//! `cargo xtask testbed`: two real OpenStack sites on this machine, and the scenario on them.

use crate::bindings;
use crate::differences::{self, Judged};
use crate::pair;
use crate::process::run as run_command;
use crate::programs;
use crate::python::interpreter;
use crate::simulated;
use crate::tier::{Ending, Tiers};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The bed's folder; what PROTECTOR_TESTBED_DIR says, else `testbed` below the target folder
    #[arg(long, global = true, value_name = "DIR")]
    work: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Installs what is missing and starts both sites; the second time is quick
    Up(Options),
    /// Stops both sites; what they hold stays
    Down,
    /// Says what runs
    Status,
    /// Makes a server with a volume on each site, and removes it
    Check,
    /// Restarts the programs whose names contain a word
    Restart(Options),
    /// Stops both sites and forgets all but what was downloaded
    Clean,
    /// Starts both sites, runs the scenario on them, stops them
    Test(Scenario),
}

#[derive(Args)]
struct Options {
    /// What testbed/bed.py takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

#[derive(Args)]
struct Scenario {
    /// Also the whole kill matrix, about 20 minutes more
    #[arg(long, conflicts_with = "kill_share")]
    kill: bool,
    /// Also this share of the kill matrix
    #[arg(long, value_name = "N/M")]
    kill_share: Option<String>,
    /// What chooses the share, usually a commit's hash
    #[arg(long, value_name = "TEXT", default_value = "0", requires = "kill_share")]
    kill_seed: String,
    /// Leave the sites running
    #[arg(long)]
    keep: bool,
    /// Add what the sites answer to the recording that simulated sites are compared with
    #[arg(long)]
    record: bool,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let folder = match arguments.work.clone().or_else(folder_of_the_environment) {
        Some(folder) => std::path::absolute(folder).context("failed to find the working folder")?,
        None => workspace.target.join("testbed"),
    };
    let bed = Bed { workspace, folder };
    match &arguments.action {
        Action::Up(more) => bed.start("up", &more.options),
        Action::Down => bed.act("down", &[]),
        Action::Status => bed.act("status", &[]),
        Action::Check => bed.act("check", &[]),
        Action::Restart(more) => bed.start("restart", &more.options),
        Action::Clean => bed.act("clean", &[]),
        Action::Test(scenario) => bed.test(scenario),
    }
}

#[expect(clippy::disallowed_methods, reason = "the testbed's own variable, which testbed/bed.py reads, too")]
fn folder_of_the_environment() -> Option<PathBuf> {
    std::env::var_os("PROTECTOR_TESTBED_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

struct Bed<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
}

impl Bed<'_> {
    /// Has the testbed's own script do something.
    fn act(&self, action: &str, options: &[String]) -> Result<()> {
        let mut script = Command::new(interpreter::find(interpreter::USUAL)?);
        script.arg(self.workspace.root.join("testbed/bed.py")).arg("--work").arg(&self.folder);
        script.arg("--simulator").arg(self.workspace.target.join("debug/protector-sim"));
        run_command(script.arg(action).args(options))
    }

    /// Builds the program that simulates the arrays, and the others with it, then has the testbed's own script start something.
    fn start(&self, action: &str, options: &[String]) -> Result<()> {
        programs::build(self.workspace)?;
        self.act(action, options)
    }

    fn test(&self, scenario: &Scenario) -> Result<()> {
        let mut tiers = Tiers::new("cargo xtask testbed test");
        tiers.run("programs", 300, || passed(programs::build(self.workspace)));
        let mut faces = Vec::new();
        tiers.run("faces in Python", 300, || {
            faces = bindings::options(self.workspace)?;
            Ok(Ending::Passed)
        });
        tiers.run("sites", 480, || passed(self.act("up", &[])));
        let tests = Tests::of(scenario);
        tiers.run("scenario", tests.budget, || passed(self.scenario(&tests, &faces)));
        tiers.run("recording", 10, || passed(self.recording(scenario.record)));
        if !scenario.keep {
            tiers.always("sites down", 60, || passed(self.act("down", &[])));
        }
        tiers.finish()
    }

    /// Runs the scenario in one process: the estate that it plays in takes longer to make than most tests.
    fn scenario(&self, tests: &Tests, faces: &[String]) -> Result<()> {
        let path = |path: PathBuf| path.to_string_lossy().into_owned();
        let told = [
            ["--bed".to_owned(), path(self.folder.join("bed.json"))],
            ["--artifacts".to_owned(), path(self.folder.join("reports"))],
        ];
        let programs = programs::options(self.workspace);
        let files: Vec<_> = tests.files.iter().map(|file| format!("testbed/scenario/{file}")).collect();
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        self.pytest(&files, &[&told.concat(), &programs[..], faces, tests.options.as_slice()].concat())
    }

    /// Says what the sites answered that the recording does not know, and whether the same program has asked the same of
    /// simulated sites, if it has run on them.
    fn recording(&self, add: bool) -> Result<()> {
        let (python, record) = (self.python(), self.folder.join("log/proxy-requests.jsonl"));
        if add {
            differences::record(self.workspace, &python, &record)?;
        }
        // What real sites answer is no mistake of anybody's: it is worth recording.
        if differences::compare(self.workspace, &python, &record, Judged::Recording).is_err() {
            println!("there is news: `cargo xtask testbed test --record` adds it to the recording");
        }
        let simulated = self.workspace.target.join(simulated::FOLDER).join(pair::REQUESTS);
        if newer(&simulated, &programs::site_failover(self.workspace)) {
            return differences::compare_asked(self.workspace, &python, &record, &simulated);
        }
        println!("no simulated sites were asked by this program: `cargo xtask test scenario` does");
        Ok(())
    }

    fn python(&self) -> PathBuf {
        self.folder.join("venv/bin/python")
    }

    /// Runs pytest with the Python that the bed has installed.
    fn pytest(&self, tests: &[&str], options: &[String]) -> Result<()> {
        let mut pytest = Command::new(self.python());
        pytest.current_dir(&self.workspace.root).env("PYTHONDONTWRITEBYTECODE", "1");
        run_command(pytest.args(["-m", "pytest", "-p", "no:cacheprovider"]).args(tests).args(options))
    }
}

fn passed(result: Result<()>) -> Result<Ending> {
    result.map(|()| Ending::Passed)
}

/// What of the scenario runs.
#[derive(Debug, PartialEq, Eq)]
struct Tests {
    files: Vec<&'static str>,
    options: Vec<String>,
    budget: u64,
}

impl Tests {
    fn of(scenario: &Scenario) -> Self {
        let (kills, options): (_, Vec<&str>) = match (scenario.kill, &scenario.kill_share) {
            (true, _) => (Some(1200), vec!["--kill-all"]),
            (false, Some(share)) => {
                (Some(480), vec!["--kill-share", share, "--kill-seed", &scenario.kill_seed])
            }
            (false, None) => (None, Vec::new()),
        };
        let mut files = vec!["test_scenario.py", "test_operations.py", "test_faces.py", "test_bad_input.py"];
        files.extend(kills.map(|_| "test_kills.py"));
        // The last leave the estate otherwise than they found it: with VMs that have grown, and in ruins.
        files.extend(["test_members.py", "test_refusals.py"]);
        let options = options.into_iter().map(ToOwned::to_owned).collect();
        Self { files, options, budget: 1000 + kills.unwrap_or_default() }
    }
}

/// Whether a file is there that was written after another.
fn newer(file: &Path, than: &Path) -> bool {
    let written = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
    written(file).zip(written(than)).is_some_and(|(file, than)| file >= than)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn asked(words: &[&str]) -> Option<Tests> {
        let whole = Whole::try_parse_from([&["testbed", "test"], words].concat()).ok()?;
        match whole.arguments.action {
            Action::Test(scenario) => Some(Tests::of(&scenario)),
            _ => None,
        }
    }

    #[test]
    fn kills_run_only_when_asked_for_whole_or_a_share() {
        let without = asked(&[]).unwrap();
        assert_eq!(
            without.files,
            [
                "test_scenario.py",
                "test_operations.py",
                "test_faces.py",
                "test_bad_input.py",
                "test_members.py",
                "test_refusals.py"
            ]
        );
        assert_eq!(without.options, [""; 0]);
        let whole = asked(&["--kill"]).unwrap();
        assert!(whole.files.contains(&"test_kills.py"));
        assert_eq!(whole.options, ["--kill-all"]);
        let share = ["--kill-share", "1/3", "--kill-seed", "abc"];
        assert_eq!(asked(&share).unwrap().options, share);
        assert_eq!(asked(&["--kill", "--kill-share", "1/3"]), None);
    }

    #[test]
    fn what_ruins_the_estate_runs_last() {
        for words in [&[][..], &["--kill"][..]] {
            assert_eq!(asked(words).unwrap().files.last(), Some(&"test_refusals.py"));
        }
    }
}
