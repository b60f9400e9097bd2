//! `cargo xtask bench`: measures what goals are set for, and writes `bench/report.json` and `bench/report.md` below the target
//! folder. A goal that is missed is told, and is no failure: how long something takes is the machine's matter, too.

mod faces;

use crate::process::{cargo, run};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// A group is starved if it ends so much later than half of those that began with it.
const STARVED: f64 = 2.0;

/// A goal, and what came of it.
struct Goal {
    what: &'static str,
    most: f64,
    unit: &'static str,
    is: f64,
}

impl Goal {
    fn is_met(&self) -> bool {
        self.is <= self.most
    }
}

pub(crate) fn measure(workspace: &Workspace) -> Result<()> {
    let packages = ["protector-benches", "protector-examples", "protector-sim", "protector-cli"];
    let built = ["build", "--release", "--locked", "--bins", "--example", "dr_drill"];
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    run(&mut cargo(&workspace.root, built.into_iter().chain(packages)))?;
    let release = workspace.target.join("release");
    let goal = |arguments: &[&str]| told(Command::new(release.join("goal")).args(arguments));
    let drill = told(
        Command::new(release.join("examples").join("dr_drill"))
            .args(["--driver", "mock", "--output", "json"]),
    )?;
    let events = number(&drill, "/processor_seconds/events");
    // Each event is written to both sites' stores.
    let commits = goal(&["commits", &format!("{}", 2.0 * events)])?;
    let estate = goal(&["estate"])?;
    let simulator = release.join("protector-sim").to_string_lossy().into_owned();
    let one = ["apart", "--simulator", &simulator, "--servers", "500", "--volumes", "4", "--ports", "2"];
    let one = goal(&one)?;
    let many = ["groups", "--groups", "50", "--servers", "10", "--volumes", "1", "--ports", "1"];
    let many = goal(&many)?;
    let faces = faces::measure(workspace)?;
    let drilled =
        number(&drill, "/processor_seconds/operations") + number(&drill, "/processor_seconds/checks");
    let mut goals = vec![
        Goal {
            what: "dr_drill's operations and checks, processor time",
            most: 10.0,
            unit: "ms",
            is: 1e3 * drilled,
        },
        Goal {
            what: "10,000 servers with 40,000 volumes, loaded",
            most: 5.0,
            unit: "s",
            is: number(&estate, "/made/seconds"),
        },
        Goal {
            what: "10,000 servers with 40,000 volumes, most memory",
            most: 400.0,
            unit: "MB",
            is: number(&estate, "/peak_megabytes"),
        },
        Goal {
            what: "500 VMs with 4 volumes and 2 ports each, failover planned",
            most: 1.0,
            unit: "s",
            is: number(&one, "/plan/seconds"),
        },
        Goal {
            what: "500 VMs, failover planned, protector's processor time",
            most: 1.0,
            unit: "s",
            is: number(&one, "/plan/processor_seconds"),
        },
        Goal {
            what: "500 VMs, protector's most memory",
            most: 150.0,
            unit: "MB",
            is: number(&one, "/peak_megabytes"),
        },
        Goal {
            what: "500 VMs, those not as they should be after the failover",
            most: 0.0,
            unit: "VMs",
            is: number(&one, "/servers_not_as_they_should_be"),
        },
        Goal {
            what: "50 groups of 10 VMs at once, those not moved",
            most: 0.0,
            unit: "groups",
            is: number(&many, "/groups_not_done"),
        },
        Goal {
            what: "50 groups of 10 VMs at once, the last over the median",
            most: STARVED,
            unit: "",
            is: number(&many, "/ended_after/last") / number(&many, "/ended_after/median"),
        },
    ];
    goals.extend(faces::goals(&faces));
    let baseline = number(&commits, "/processor_seconds");
    let mut text = report(&goals, &drill, &commits, drilled / baseline.max(f64::MIN_POSITIVE), &estate);
    text += &moves(&one, &many);
    text += &faces::text(&faces);
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let document = json!({
        "goals": goals.iter().map(|goal| json!({
            "goal": goal.what, "most": goal.most, "unit": goal.unit, "is": goal.is, "met": goal.is_met(),
        })).collect::<Vec<_>>(),
        "dr_drill": {"processor_seconds": drill.pointer("/processor_seconds"), "seconds": drill.pointer("/seconds")},
        "commits": commits,
        "estate": estate,
        "one_group": one,
        "many_groups": many,
        "faces": faces,
    });
    for (name, text) in [("report.json", format!("{document:#}\n")), ("report.md", text.clone())] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    println!("\n{text}\nwritten to {}", folder.display());
    Ok(())
}

/// Runs a program that tells its result as JSON.
fn told(command: &mut Command) -> Result<Value> {
    let name = command.get_program().to_string_lossy().into_owned();
    println!("$ {name}");
    let output = command.output().with_context(|| format!("failed to start {name}"))?;
    if !output.status.success() {
        bail!("{name} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{name} told no JSON"))
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn moves(one: &Value, many: &Value) -> String {
    format!(
        "\nThe failover of 500 VMs has {:.0} steps and {:.0} journaled events; the sites are a process of their own, asked over \
         HTTP. Protector took {:.1} s of processor time for it, {:.1} s for the protection before and {:.2} s for the plan, and \
         {:.0} s, {:.0} s and {:.2} s by the clock; for the plan the sites took {:.2} s of processor time.\n\n\
         The 50 groups ended after {:.0} s (the first), {:.0} s (the median) and {:.0} s (the last) by the sites' clock; the \
         longest time in which nothing happened in one of them was {:.0} s.\n",
        number(one, "/plan/steps"),
        number(one, "/failover/events"),
        number(one, "/failover/processor_seconds"),
        number(one, "/protect/processor_seconds"),
        number(one, "/plan/processor_seconds"),
        number(one, "/failover/seconds"),
        number(one, "/protect/seconds"),
        number(one, "/plan/seconds"),
        number(one, "/plan/processor_seconds_of_sites"),
        number(many, "/ended_after/first"),
        number(many, "/ended_after/median"),
        number(many, "/ended_after/last"),
        number(many, "/longest_without_an_event"),
    )
}

fn report(goals: &[Goal], drill: &Value, commits: &Value, ratio: f64, estate: &Value) -> String {
    let mut text = "# Goals\n\n| goal | at most | is | |\n|---|---|---|---|\n".to_owned();
    for goal in goals {
        let Goal { what, most, unit, is } = goal;
        let met = if goal.is_met() { "met" } else { "**missed**" };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| {what} | {most} {unit} | {is:.2} {unit} | {met} |");
    }
    let milliseconds = |path: &str| 1e3 * number(drill, path);
    let _ = write!(
        text,
        "\n`dr_drill` (driver mock, sites and guests in the same process): operations {:.1} ms, checks {:.1} ms of processor \
         time, {} journaled events. As many bare commits of SQLite at both sites, as durable: {:.1} ms of processor time, \
         {:.1} ms in all. Ratio {ratio:.1}.\n\nThe estate is a file of {:.0} MB; made with {:.1} s of processor time, opened again \
         in {:.1} s.\n",
        milliseconds("/processor_seconds/operations"),
        milliseconds("/processor_seconds/checks"),
        number(drill, "/processor_seconds/events"),
        1e3 * number(commits, "/processor_seconds"),
        1e3 * number(commits, "/seconds"),
        number(estate, "/file_megabytes"),
        number(estate, "/made/processor_seconds"),
        number(estate, "/opened_again/seconds"),
    );
    text
}
