//! The generated pages of `docs/`.

use crate::tree::Complaint;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use protector_core::domain::attribute::{TABLE, Treatment};
use protector_core::error::{Class, Code};
use std::fs;
use std::path::Path;

/// A generated page.
struct Page {
    path: &'static str,
    text: fn() -> String,
}

const PAGES: &[Page] =
    &[Page { path: "docs/errors.md", text: errors }, Page { path: "docs/attributes.md", text: attributes }];

/// Writes the pages.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    for Page { path, text } in PAGES {
        fs::write(workspace.root.join(path), text()).with_context(|| format!("failed to write {path}"))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// The pages that are not what the code makes of them.
pub(crate) fn outdated(root: &Path) -> Vec<Complaint> {
    let differs = |page: &&Page| fs::read_to_string(root.join(page.path)).ok() != Some((page.text)());
    let say = |page: &Page| format!("{}: is not what `cargo xtask docs` writes", page.path);
    PAGES.iter().filter(differs).map(say).collect()
}

fn errors() -> String {
    let mut page = "\
# Error codes

Every error of protector has one of these codes. A code keeps its name and its meaning once it is released: programs
may rely on it. The message says what was attempted, on what, and where; the hint says what can be done.

| class | what a caller may do |
|---|---|
| `transient` | nothing took effect, and the same call may succeed later |
| `fatal` | the same call fails again until something else changes |
| `unknown` | it is not known whether the call took effect: look before repeating it, which is what `resume` does |
| `needs-operator` | a person has to decide |

An error may know better than its code: then its own class counts.

| code | class | hint |
|---|---|---|
"
    .to_owned();
    for code in Code::ALL {
        page += &["| `", code.as_str(), "` | `", class(code.class()), "` | ", code.hint(), " |\n"].concat();
    }
    page + "\n<!-- Written by `cargo xtask docs` from protector-core/src/error.rs. -->\n"
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Transient => "transient",
        Class::Fatal => "fatal",
        Class::Unknown => "unknown",
        Class::NeedsOperator => "needs-operator",
    }
}

fn attributes() -> String {
    let mut page = "\
# What becomes of a VM's attributes

When a VM moves, every attribute that Nova, Cinder and Neutron know of it is treated as this table says. *Mapped* is by
the `mappings` of `protector.yaml`, and by equal name where they say nothing; *renewed* is made by the other site's
services; *dropped* is said in the plan; what is *refused* is refused at protect, with the finding named here.

| resource | attribute | treatment | |
|---|---|---|---|
"
    .to_owned();
    for row in TABLE {
        let treatment = match row.treatment {
            Treatment::Kept => "kept".to_owned(),
            Treatment::Mapped => "mapped".to_owned(),
            Treatment::Renewed => "renewed".to_owned(),
            Treatment::Dropped => "dropped".to_owned(),
            Treatment::Refused(finding) => format!("refused: `{}`", finding.as_str()),
        };
        page += &["| ", row.resource, " | ", row.name, " | ", &treatment, " | ", row.note, " |\n"].concat();
    }
    page + "\n<!-- Written by `cargo xtask docs` from protector-core/src/domain/attribute.rs. -->\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_row() {
        let page = errors();
        for code in Code::ALL {
            assert_eq!(page.matches(&format!("\n| `{code}` | ")).count(), 1, "{code}");
        }
    }

    #[test]
    fn a_page_that_was_changed_by_hand_is_outdated() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("docs")).unwrap();
        assert_eq!(outdated(root.path()).len(), PAGES.len());
        fs::write(root.path().join("docs/errors.md"), errors()).unwrap();
        assert_eq!(outdated(root.path()).len(), PAGES.len() - 1);
    }
}
