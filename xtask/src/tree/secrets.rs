//! What belongs to one machine stays there: home folders, build folders, addresses of registries.

use super::{Complaint, File};

/// Folders that are absolute and somebody's own.
const FOLDERS: &[&str] = &["/root/", "/home/", "/Users/", "/work/", "/var/tmp/"];

/// Where packages are served from. Manifests name none: that is a setting of the machine.
const REGISTRIES: &[&str] = &[
    "static.crates.io",
    "index.crates.io",
    "files.pythonhosted.org",
    "pypi.org/simple",
    "proxy.golang.org",
    "registry.npmjs.org",
    "deb.debian.org",
    "--index-url",
    "--extra-index-url",
];

/// The one source that Cargo.lock may name.
const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    files.iter().filter(|file| file.path != "xtask/src/tree/secrets.rs").flat_map(complaints).collect()
}

fn complaints(file: &File) -> Vec<Complaint> {
    let lock = file.path == "Cargo.lock";
    let line = |(number, line): (usize, &str)| {
        let found = match FOLDERS.iter().find(|folder| names_folder(line, folder)) {
            Some(folder) => Some(format!("names a folder of one machine, {folder}")),
            None => REGISTRIES
                .iter()
                .find(|host| line.contains(**host))
                .map(|host| format!("names where packages come from, {host}")),
        };
        let foreign = lock && line.starts_with("source = ") && line != CRATES_IO;
        found
            .or_else(|| foreign.then(|| "names another source than crates.io".to_owned()))
            .map(|what| format!("{}:{}: {what}", file.path, number + 1))
    };
    file.text.lines().enumerate().filter_map(line).collect()
}

/// Whether the folder stands at the beginning of a path, not in the middle of a longer one.
fn names_folder(line: &str, folder: &str) -> bool {
    let within =
        |before: char| before.is_alphanumeric() || matches!(before, '.' | '_' | '-' | '}' | ')' | '~' | '*');
    line.match_indices(folder).any(|(at, _)| !line.get(..at).is_some_and(|before| before.ends_with(within)))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn folders_of_a_machine_are_found_at_the_beginning_of_a_path_only() {
        for (text, bad) in [
            ("see /home/someone/notes", true),
            ("key = \"/work/main\"", true),
            ("PATH=/root/.cargo/bin", true),
            ("-I/var/tmp/x", false),
            ("$WORK/home/x and ../work/y and https://example.org/home/", false),
            ("~/work/x", false),
        ] {
            assert_eq!(!check(&[file("README.md", text)]).is_empty(), bad, "{text}");
        }
    }

    #[test]
    fn another_source_of_packages_is_found_in_lock_and_requirements() {
        assert!(check(&[file("Cargo.lock", CRATES_IO)]).is_empty());
        for (path, text) in [
            ("Cargo.lock", "source = \"registry+https://mirror.example/index\""),
            ("Cargo.lock", "source = \"git+https://example.org/x?rev=1#1\""),
            ("requirements.txt", "--index-url https://mirror.example/simple"),
            ("requirements.txt", "x @ https://files.pythonhosted.org/packages/x.whl"),
        ] {
            assert_eq!(check(&[file(path, text)]).len(), 1, "{text}");
        }
    }
}
