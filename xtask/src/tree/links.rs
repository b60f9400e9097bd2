//! A link from one page to another leads somewhere.

use super::{Complaint, File};
use std::path::Path;

pub(super) fn check(root: &Path, files: &[File]) -> Vec<Complaint> {
    files.iter().filter(|file| file.has_extension(&["md"])).flat_map(|page| complaints(root, page)).collect()
}

fn complaints(root: &Path, page: &File) -> Vec<Complaint> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let dead = |target: &&str| !root.join(folder).join(target).exists();
    let lines = page.text.lines().enumerate();
    lines
        .flat_map(|(number, line)| {
            let say = move |target: &str| {
                format!("{}:{}: the link to {target} leads nowhere", page.path, number + 1)
            };
            targets(line).into_iter().filter(dead).map(say).collect::<Vec<_>>()
        })
        .collect()
}

/// The files that a line links to, without their anchors.
fn targets(line: &str) -> Vec<&str> {
    line.match_indices("](")
        .filter_map(|(at, mark)| line.get(at + mark.len()..)?.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with(['#', '<']))
        .filter_map(|target| target.split('#').next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn dead_links_are_found_with_their_line() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("docs")).unwrap();
        std::fs::write(root.path().join("docs/there.md"), "").unwrap();
        let text = "[a](there.md#part) [b](https://example.org/x.md)\n[c](../docs/there.md) [d](gone.md)\n[e](#part)";
        let complaints = check(root.path(), &[file("docs/page.md", text)]);
        assert_eq!(complaints, ["docs/page.md:2: the link to gone.md leads nowhere"]);
    }
}
