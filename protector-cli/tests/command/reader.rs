//! Somebody who types what a page shows, and compares.

use crate::bench::{Bench, Ran, ended};
use crate::page::{Shown, is_as_shown, words};
use std::process::Child;

/// The VMs of the group that run at a site, or copies of them.
pub(crate) async fn running(bench: &Bench, site: &'static str) -> Vec<String> {
    let servers = bench.look.servers(site).await.into_iter();
    let of_group = servers.filter(|(name, status)| name.starts_with("web") && status == "ACTIVE");
    of_group.map(|(name, _)| name).collect()
}

/// Somebody who types what the pages show.
pub(crate) struct Reader {
    pub(crate) bench: Bench,
    /// What was started with `&`.
    background: Option<Child>,
}

impl Reader {
    pub(crate) fn new(bench: Bench) -> Self {
        Self { bench, background: None }
    }

    /// Runs every command; each has to print what the page shows and end as the page says.
    pub(crate) async fn follow(&mut self, page: &str, shown: &[Shown]) {
        for (number, Shown { command, printed }) in shown.iter().enumerate() {
            let next = shown.get(number + 1).filter(|next| next.command == "echo $?");
            let exit = next.map_or(0, |next| next.printed[0].parse().unwrap());
            let Some(ran) = self.type_in(page, command).await else { continue };
            assert_eq!(ran.code, exit, "{page}: {command}: {ran:#?}");
            // An error is told where progress is, but before anything was begun there is none.
            let refused = matches!(exit, 1..=3);
            let told = if refused { &ran.stderr } else { &ran.stdout };
            let lines: Vec<String> = told.lines().map(str::to_owned).collect();
            assert!(
                is_as_shown(printed, &lines),
                "{page}: {command}\nshown:\n{}\n\nprinted:\n{told}",
                printed.join("\n")
            );
        }
    }

    /// Runs a command; nothing if it leaves nothing to be compared.
    async fn type_in(&mut self, page: &str, command: &str) -> Option<Ran> {
        if command == "echo $?" {
            return None;
        }
        if command == "wait $!" {
            let ran = ended(self.background.take().expect("something was started with &")).await;
            return Some(Ran { stdout: String::new(), stderr: String::new(), ..ran });
        }
        if command.starts_with("ansible-playbook ") {
            // The collection's own tests run it, on a pair of theirs.
            return None;
        }
        if command.starts_with('(') {
            return Some(self.bench.tool("sh", &["-c", command]).await);
        }
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["protector", arguments @ .., "&"] => {
                self.background = Some(self.bench.begin(arguments));
                self.until_it_runs().await;
                None
            }
            ["protector", arguments @ ..] => Some(self.bench.run(arguments).await),
            ["echo", text, ">", file] => {
                self.bench.write(file, text);
                None
            }
            [tool @ ("sed" | "tar"), arguments @ ..] => Some(self.bench.tool(tool, arguments).await),
            _ => panic!("{page}: {command} is nothing that is run here"),
        }
    }

    /// Waits until the operation that was started has begun.
    async fn until_it_runs(&mut self) {
        loop {
            let operation = self.bench.done(&["operation", "show"]).await;
            if operation["status"] == "running" && operation["started_at"].is_string() {
                return;
            }
            let ended = self.background.as_mut().and_then(|child| child.try_wait().unwrap());
            assert_eq!(ended, None, "it ended before it was seen to run");
        }
    }
}
