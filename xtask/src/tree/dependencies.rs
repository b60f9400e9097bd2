//! What the workspace links: read from Cargo.lock and the manifests, so that it holds where cargo-deny is not
//! installed.

use super::{Complaint, File};

/// Crates that never come in: a second TLS or clock library, or C that has to be built.
const FORBIDDEN: &[&str] =
    &["openssl-sys", "openssl", "native-tls", "aws-lc-sys", "aws-lc-rs", "chrono", "serde_yaml"];

/// Crates of which there is exactly one version: they link C, or their types are in our signatures.
const SINGLE: &[&str] =
    &["rusqlite", "libsqlite3-sys", "reqwest", "rustls", "ring", "tokio", "jiff", "serde"];

/// What a member must not depend on. Drivers are handed to the core, and know nothing of each other; SQLite is
/// linked by the journal and the mock only.
const APART: &[(&str, &[&str])] = &[
    ("protector-core", &["protector-pure", "protector-mock", "anyhow", "clap"]),
    ("protector-pure", &["protector-mock", "rusqlite", "anyhow", "clap"]),
    ("protector-mock", &["protector-pure", "anyhow", "clap"]),
];

/// What a program must not link, though its tests may: the command that works on real sites carries no simulator, and all
/// that it does goes through the core.
const NOT_LINKED: &[(&str, &[&str])] =
    &[("protector-cli", &["protector-mock", "rusqlite", "reqwest", "anyhow"])];

pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    let lock = files.iter().filter(|file| file.path == "Cargo.lock").flat_map(lock_complaints);
    let whole = |text: &str| text.to_owned();
    let linked = |text: &str| text.split("[dev-dependencies]").next().unwrap_or_default().to_owned();
    let apart = APART.iter().flat_map(|rule| manifest_complaints(files, rule, whole));
    let not_linked = NOT_LINKED.iter().flat_map(|rule| manifest_complaints(files, rule, linked));
    lock.chain(apart).chain(not_linked).collect()
}

/// Which of these a member depends on, by a part of its manifest.
fn manifest_complaints(
    files: &[File],
    (member, others): &(&str, &[&str]),
    part: impl Fn(&str) -> String,
) -> Vec<Complaint> {
    let path = format!("{member}/Cargo.toml");
    let manifest = files.iter().find(|file| file.path == path);
    let part = manifest.map(|manifest| part(&manifest.text)).unwrap_or_default();
    let named = others.iter().filter(|other| depends_on(&part, other));
    named.map(|other| format!("{path}: depends on {other}")).collect()
}

fn lock_complaints(lock: &File) -> Vec<Complaint> {
    let locked: Vec<_> =
        lock.text.lines().filter_map(|line| line.strip_prefix("name = ")).map(unquoted).collect();
    let forbidden = FORBIDDEN.iter().filter(|name| locked.contains(*name)).map(|name| {
        format!("Cargo.lock: {name} came in, which is banned (`cargo tree --invert {name}` says how)")
    });
    let several = SINGLE.iter().filter_map(|name| {
        let count = locked.iter().filter(|locked| *locked == name).count();
        (count > 1).then(|| format!("Cargo.lock: {count} versions of {name}, one is allowed"))
    });
    forbidden.chain(several).collect()
}

fn unquoted(text: &str) -> &str {
    text.trim_matches('"')
}

/// Whether a manifest names the dependency, in any of its tables.
fn depends_on(manifest: &str, name: &str) -> bool {
    manifest.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '='])))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn banned_and_doubled_crates_are_found() {
        let lock = "[[package]]\nname = \"chrono\"\n[[package]]\nname = \"reqwest\"\nversion = \"0.12.0\"\n\
            [[package]]\nname = \"reqwest\"\nversion = \"0.13.5\"\n[[package]]\nname = \"serde\"\n";
        let complaints = check(&[file("Cargo.lock", lock)]);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].contains("chrono") && complaints[1].contains("2 versions of reqwest"));
    }

    #[test]
    fn members_that_have_to_stay_apart_are_found_together() {
        let manifest = "[dependencies]\nprotector-core.workspace = true\n[dev-dependencies]\nprotector-mock = { path = \"x\" }\n";
        assert_eq!(
            check(&[file("protector-pure/Cargo.toml", manifest)]),
            ["protector-pure/Cargo.toml: depends on protector-mock"]
        );
        assert!(check(&[file("tests/Cargo.toml", manifest)]).is_empty());
    }

    #[test]
    fn what_a_program_must_not_link_may_be_in_its_tests() {
        let manifest =
            "[dependencies]\nclap.workspace = true\n[dev-dependencies]\nprotector-mock.workspace = true\n";
        assert!(check(&[file("protector-cli/Cargo.toml", manifest)]).is_empty());
        let linked = manifest.replace("clap", "protector-mock");
        assert_eq!(
            check(&[file("protector-cli/Cargo.toml", &linked)]),
            ["protector-cli/Cargo.toml: depends on protector-mock"]
        );
    }
}
