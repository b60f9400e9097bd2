//! What the tree itself has to keep: checked by reading files only.

mod arrows;
mod dependencies;
mod links;
mod secrets;
mod sizes;

use crate::docs;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// What holds nothing of ours.
const FOREIGN: &[&str] = &["target", ".git", "__pycache__", ".pytest_cache", ".venv", "venv", "node_modules"];

/// A text file of the tree.
#[derive(Debug)]
struct File {
    /// The path below the workspace's root, with `/`.
    path: String,
    text: String,
}

impl File {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = Path::new(&self.path).extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    }
}

/// Something that breaks a rule: where, and what.
pub(crate) type Complaint = String;

/// Checks the tree, and prints everything that breaks a rule.
pub(crate) fn check(root: &Path) -> Result<()> {
    let files = read(root)?;
    let mut complaints = Vec::new();
    complaints.extend(sizes::check(&files));
    complaints.extend(secrets::check(&files));
    complaints.extend(dependencies::check(&files));
    complaints.extend(arrows::check(&files));
    complaints.extend(links::check(root, &files));
    complaints.extend(docs::outdated(root));
    for complaint in &complaints {
        println!("{complaint}");
    }
    match complaints.len() {
        0 => println!("{} files keep the rules of the tree", files.len()),
        count => bail!("the tree breaks {count} of its rules"),
    }
    Ok(())
}

/// All pages of the tree: their paths, and what is in them.
pub(crate) fn pages(root: &Path) -> Result<Vec<(String, String)>> {
    let files = read(root)?.into_iter().filter(|file| file.has_extension(&["md"]));
    Ok(files.map(|file| (file.path, file.text)).collect())
}

/// All text files, in the order of their paths.
fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if FOREIGN.contains(&entry.file_name().to_string_lossy().as_ref()) {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.extend(text_file(root, &path)?);
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn text_file(root: &Path, path: &PathBuf) -> Result<Option<File>> {
    let bytes = fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(String::from_utf8(bytes).ok().map(|text| File { path, text }))
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
