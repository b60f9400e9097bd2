//! A page's `console` blocks: commands, and what they print. `…` stands for anything in a line, and alone in a line for any
//! number of lines. Its `yaml` blocks are files, each with its name in the first line.

use std::collections::BTreeMap;

/// A command of a page, and what the page says of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) command: String,
    pub(crate) printed: Vec<String>,
}

/// The commands of a page, in order. Every block of code in it has to be one of them, or a file.
pub(crate) fn commands(page: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for (language, lines) in blocks(page) {
        if language == "yaml" {
            continue;
        }
        assert!(language == "console", "a block of {language:?} is not run by any test");
        for line in lines {
            if let Some(command) = line.strip_prefix("$ ") {
                shown.push(Shown { command: command.to_owned(), printed: Vec::new() });
            } else {
                shown.last_mut().expect("a block begins with a command").printed.push(line.to_owned());
            }
        }
    }
    shown
}

/// The files of a page: their names and what is in them.
pub(crate) fn files(page: &str) -> BTreeMap<String, String> {
    let files = blocks(page).into_iter().filter(|(language, _)| *language == "yaml");
    files
        .map(|(_, lines)| {
            let name = lines[0].strip_prefix("# ").expect("a file begins with its name");
            (name.to_owned(), lines.join("\n"))
        })
        .collect()
}

/// The blocks of code: in which language, and their lines.
fn blocks(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push((language, Vec::new()));
            }
        } else if inside {
            blocks.last_mut().expect("a block was begun").1.push(line);
        }
    }
    blocks
}

/// A command's words; what stands in double quotes is one.
pub(crate) fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('"').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Whether what was printed is what the page shows. How wide columns are does not count.
pub(crate) fn is_as_shown(shown: &[String], printed: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else { return printed.is_empty() };
    if first.trim() == "…" {
        return (0..=printed.len()).any(|skipped| is_as_shown(rest, &printed[skipped..]));
    }
    printed.split_first().is_some_and(|(line, others)| fits(first, line) && is_as_shown(rest, others))
}

fn fits(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (narrow(shown), narrow(printed));
    let mut parts = shown.split('…');
    let Some(mut left) = printed.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return left.is_empty() };
    for part in between {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

/// The line with one space for several, and one dash, of a table's rules too.
fn narrow(line: &str) -> String {
    let mut narrow = String::new();
    for character in line.trim_end().chars() {
        if !(matches!(character, ' ' | '-' | '=') && narrow.ends_with(character)) {
            narrow.push(character);
        }
    }
    narrow
}

#[test]
fn what_is_printed_otherwise_than_shown_is_noticed() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let printed = lines("+-----+---+\n| id  | a1b2 |\n| name | web |\n+-----+");
    for (shown, fit) in [
        ("+--+--+\n| id | … |\n| name   | web |\n+--+", true),
        ("…\n| name | web |\n…", true),
        ("…", true),
        ("…\n| name | db |\n…", false),
        ("| name | web |\n…", false),
        ("…\n| name | web |", false),
        ("…\n| id | a…b2 |\n…", true),
        ("…\n| id | a…c2 |\n…", false),
        ("", false),
    ] {
        assert_eq!(is_as_shown(&lines(shown), &printed), fit, "{shown}");
    }
}

#[test]
fn a_page_is_its_commands_and_what_they_print() {
    let page = "# A\n\n```console\n$ protector site list\n…\n$ protector x --reason \"two words\"\n```\nb\n";
    let shown = commands(page);
    assert_eq!(shown.len(), 2);
    assert_eq!((shown[0].command.as_str(), shown[0].printed.len()), ("protector site list", 1));
    assert_eq!(words(&shown[1].command), ["protector", "x", "--reason", "two words"]);
}

#[test]
fn a_file_of_a_page_has_its_name_in_its_first_line() {
    let page = "```yaml\n# a.yaml\nx: 1\n```\ntext\n```console\n$ protector tick\n```\n";
    assert_eq!(files(page), [("a.yaml".to_owned(), "# a.yaml\nx: 1".to_owned())].into());
    assert_eq!(commands(page).len(), 1);
}
