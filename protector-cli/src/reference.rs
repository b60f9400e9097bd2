//! The command tree as a page of the guide: from what clap knows, so that it says what `--help` says.

use clap::{Arg, Command};

/// The page, as Markdown, and what in it has no documentation.
#[derive(Debug)]
pub struct Reference {
    /// Every command with its arguments.
    pub page: String,
    /// The commands and arguments that do not say what they are.
    pub undocumented: Vec<String>,
}

/// Describes a command and all below it.
///
/// # Panics
/// As clap does in debug builds, if two arguments of one command contradict each other.
pub fn describe(mut command: Command) -> Reference {
    command.build();
    let name = command.get_name().to_owned();
    let mut reference = Reference { page: format!("# The `{name}` command\n\n"), undocumented: Vec::new() };
    reference.text(&name, &command);
    let shared: Vec<&Arg> = command.get_arguments().filter(|argument| argument.is_global_set()).collect();
    reference.page += "Every command takes these, too:\n\n";
    reference.arguments(&name, &shared);
    if let Some(after) = command.get_after_help() {
        reference.line(&format!("{after}\n"));
    }
    for below in command.get_subcommands() {
        reference.command(&name, below);
    }
    reference
}

impl Reference {
    fn command(&mut self, above: &str, command: &Command) {
        if command.is_hide_set() || command.get_name() == "help" {
            return;
        }
        let name = format!("{above} {}", command.get_name());
        let level = if command.has_subcommands() { "##" } else { "###" };
        self.line(&format!("{level} `{name}`\n"));
        self.text(&name, command);
        if !command.has_subcommands() {
            let usage = command.clone().render_usage().to_string();
            self.line(&format!("```text\n{}\n```\n", usage.trim_start_matches("Usage: ")));
            let own: Vec<&Arg> = command.get_arguments().filter(|argument| is_own(argument)).collect();
            self.arguments(&name, &own);
        }
        for below in command.get_subcommands() {
            self.command(&name, below);
        }
    }

    fn text(&mut self, name: &str, command: &Command) {
        match command.get_about() {
            Some(about) => self.line(&format!("{about}.\n")),
            None => self.undocumented.push(name.to_owned()),
        }
    }

    fn arguments(&mut self, command: &str, arguments: &[&Arg]) {
        if arguments.is_empty() {
            return;
        }
        self.line("| argument | |\n|---|---|");
        for argument in arguments {
            let written = argument.to_string().replace('|', "\\|");
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            if help.is_empty() {
                self.undocumented.push(format!("{command}: {written}"));
            }
            self.line(&format!("| `{written}` | {}{} |", help.replace('|', "\\|"), possible(argument)));
        }
        self.line("");
    }

    fn line(&mut self, line: &str) {
        self.page.push_str(line);
        self.page.push('\n');
    }
}

/// Whether it is the command's own: neither one that all have nor `--help`.
fn is_own(argument: &Arg) -> bool {
    let of_clap = matches!(argument.get_id().as_str(), "help" | "version");
    !of_clap && !argument.is_global_set() && !argument.is_hide_set()
}

/// What it can be, where that is a list.
fn possible(argument: &Arg) -> String {
    let values = argument.get_possible_values();
    let is_switch = !argument.get_action().takes_values();
    if values.is_empty() || is_switch {
        return String::new();
    }
    let names: Vec<String> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
    format!(": {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arguments;
    use clap::CommandFactory;

    #[test]
    fn every_command_and_argument_says_what_it_is() {
        let reference = describe(Arguments::command());
        assert_eq!(reference.undocumented, Vec::<String>::new());
        for line in [
            "## `protector protection-group`",
            "### `protector protection-group failover`",
            "| `--accept-loss` | Accepts the loss",
            "### `protector plan show failover`",
            "Exit codes: 0 done",
        ] {
            assert!(reference.page.contains(&format!("\n{line}")), "{line} is not in {}", reference.page);
        }
    }

    #[test]
    fn what_says_nothing_of_itself_is_named() {
        let silent = Command::new("silent").arg(Arg::new("name").long("name").num_args(1));
        let command = Command::new("tool").about("A tool").subcommand(silent);
        assert_eq!(describe(command).undocumented, ["tool silent", "tool silent: --name <name>"]);
    }
}
