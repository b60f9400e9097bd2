//! Inside protector-core a module uses those above it in the table of `lib.rs`, never those below.

use super::{Complaint, File};

const CORE: &str = "protector-core/src/";

/// Modules that do not use some that stand above them. (The context of a call, which everybody hands on, is
/// transport's.)
const FURTHER: &[(&str, &[&str])] = &[
    ("domain", &["transport", "openstack"]),
    ("journal", &["openstack", "driver", "inventory"]),
    ("engine", &["openstack", "driver", "inventory"]),
];

/// Modules without IO, which nothing has to wait for.
const PURE: &[&str] = &["domain", "engine/decide"];

pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    let Some(guide) = files.iter().find(|file| file.path == format!("{CORE}lib.rs")) else {
        return vec![format!("{CORE}lib.rs: there is none")];
    };
    let modules = modules(&guide.text);
    let declared = guide.text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let unlisted = declared
        .filter(|module| !modules.iter().any(|(_, known)| known == module))
        .map(|module| format!("{CORE}lib.rs: the module {module} is not in the table of modules"));
    unlisted.chain(files.iter().flat_map(|file| complaints(file, &modules))).collect()
}

/// The rows of the table: each module with the number of its row.
fn modules(guide: &str) -> Vec<(usize, String)> {
    let rows = guide.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    rows.enumerate()
        .flat_map(|(row, line)| {
            let names = line.split('|').next().unwrap_or_default().split_whitespace();
            names.map(move |name| (row, name.trim_matches(['[', ']', '`']).to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

fn complaints(file: &File, modules: &[(usize, String)]) -> Vec<Complaint> {
    let Some(inside) = file.path.strip_prefix(CORE).and_then(|path| path.strip_suffix(".rs")) else {
        return Vec::new();
    };
    let own = inside.split('/').next().unwrap_or_default();
    let Some((own_row, _)) = modules.iter().find(|(_, module)| module == own) else { return Vec::new() };
    let apart = FURTHER.iter().find(|(module, _)| *module == own).map_or(&[][..], |(_, apart)| apart);
    let pure = PURE.iter().any(|pure| inside == *pure || inside.starts_with(&format!("{pure}/")));
    let code = without_comments(&file.text);
    let mut complaints = Vec::new();
    for (line, used) in used(&code) {
        let below = modules.iter().any(|(row, module)| *module == used && row > own_row);
        if below || apart.contains(&used.as_str()) {
            let path = &file.path;
            complaints
                .push(format!("{path}:{line}: {own} uses {used}, which the arrows between modules forbid"));
        }
    }
    for (number, line) in code.lines().enumerate().filter(|_| pure) {
        if line.contains("async ") || line.contains(".await") {
            complaints.push(format!("{}:{}: {own} waits for something, but is pure", file.path, number + 1));
        }
    }
    complaints
}

/// The text with whole-line comments left blank.
fn without_comments(text: &str) -> String {
    let comment = |line: &&str| line.trim_start().starts_with("//");
    text.lines()
        .map(|line| Some(line).filter(|line| !comment(line)).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The modules that code names, each with its line: `crate::a::b`, `crate::{a::b, c}`.
fn used(code: &str) -> Vec<(usize, String)> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.match_indices("crate::")
        .flat_map(|(at, root)| {
            let line = code.get(..at).unwrap_or_default().matches('\n').count() + 1;
            let rest = code.get(at + root.len()..).unwrap_or_default();
            let parts = rest.strip_prefix('{').map_or_else(|| vec![rest], top_level);
            parts.into_iter().map(move |part| (line, word(part.trim()))).collect::<Vec<_>>()
        })
        .collect()
}

/// The parts of a group of imports that stand at its first level.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_u32, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.extend(group.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(group.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const GUIDE: &str = "//! | module | what |\n//! |---|---|\n//! | [`id`] [`time`] | words |\n//! | [`transport`] | requests |\n\
        //! | [`domain`] | words |\n//! | [`engine`] | runs |\npub mod engine;\npub mod id;\n";

    fn complaints_of(path: &str, text: &str) -> Vec<Complaint> {
        check(&[file("protector-core/src/lib.rs", GUIDE), file(&format!("protector-core/src/{path}"), text)])
    }

    #[test]
    fn a_module_uses_those_above_it() {
        assert!(
            complaints_of("transport/retry.rs", "use crate::time::Clock;\nuse crate::transport::x;\n")
                .is_empty()
        );
        assert!(complaints_of("time.rs", "use crate::id::SiteName;").is_empty());
        assert!(complaints_of("time.rs", "// crate::engine\nuse crate::domain::x;\n").len() == 1);
        let grouped =
            complaints_of("transport.rs", "use crate::{\n    id::{SiteName, engine},\n    engine::Plan,\n};");
        assert_eq!(
            grouped,
            [
                "protector-core/src/transport.rs:1: transport uses engine, which the arrows between modules forbid"
            ]
        );
        assert_eq!(complaints_of("id.rs", "let x = crate::transport::send(crate::domain::y);").len(), 2);
    }

    #[test]
    fn the_engine_knows_no_cloud_and_the_domain_waits_for_nothing() {
        assert_eq!(complaints_of("engine/run.rs", "use crate::openstack::Session;").len(), 1);
        assert!(
            complaints_of("engine/run.rs", "use crate::transport::Context;\nasync fn run() {}").is_empty()
        );
        assert_eq!(complaints_of("engine/decide.rs", "async fn decide() {}").len(), 1);
        assert_eq!(complaints_of("domain/group.rs", "async fn load() {}").len(), 1);
    }

    #[test]
    fn a_module_that_the_table_lacks_is_found() {
        let guide = format!("{GUIDE}pub mod extra;\n");
        let complaints = check(&[file("protector-core/src/lib.rs", &guide)]);
        assert_eq!(
            complaints,
            ["protector-core/src/lib.rs: the module extra is not in the table of modules"]
        );
    }
}
