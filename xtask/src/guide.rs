//! The guide: the tree's pages and generated references as a site that needs nothing from elsewhere.

use crate::process::{run, written};
use crate::python::Environment;
use crate::python::interpreter::USUAL;
use crate::workspace::Workspace;
use crate::{bindings, programs, tree};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What builds it.
const SITE: Environment = Environment {
    name: "xtask-guide",
    packages: &["furo", "myst-parser", "sphinx"],
    versions: "guide/requirements.lock",
    oldest: USUAL,
};

/// Its home page. It lies at the root of the site, with the navigation that every page has to be in.
const HOME: &str = "guide/index.md";

/// What pages link to and is none.
const LINKED: &[&str] =
    &["docs/differences.yaml", "docs/schemas/protector.json", "docs/schemas/modules.json"];

/// Builds it, and says where it is. A dead link, or a page that is in no navigation, is an error; so is a command, a module or
/// a public name without documentation.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let pages = workspace.target.join("guide-pages");
    let site = workspace.target.join("guide");
    for folder in [&pages, &site] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("failed to empty {}", folder.display()))?;
        }
    }
    let python = SITE.python(workspace)?;
    lay_out(&workspace.root, &pages)?;
    refer(workspace, &python, &pages)?;
    let mut sphinx = Command::new(&python);
    sphinx.args([
        "-m",
        "sphinx",
        "--builder",
        "html",
        "--fail-on-warning",
        "--keep-going",
        "--nitpicky",
        "--quiet",
    ]);
    sphinx.args(["--jobs", "2", "--fresh-env", "--conf-dir"]).arg(workspace.root.join("guide"));
    run(sphinx.arg("--doctree-dir").arg(workspace.target.join("guide-trees")).arg(&pages).arg(&site))?;
    let foreign = foreign(&site)?;
    if !foreign.is_empty() {
        bail!("pages of the guide load something from elsewhere:\n{}", foreign.join("\n"));
    }
    println!("the guide is {}", site.join("index.html").display());
    Ok(())
}

/// Puts every page where it is in the tree, so that their links lead where they lead there.
fn lay_out(root: &Path, pages: &Path) -> Result<()> {
    for (path, text) in tree::pages(root)? {
        if path == HOME {
            // One folder higher than in the tree.
            write(&pages.join("index.md"), &text.replace("../", ""))?;
        } else {
            write(&pages.join(&path), &text)?;
        }
    }
    for linked in LINKED {
        let page = pages.join(linked);
        if let Some(folder) = page.parent() {
            fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
        }
        fs::copy(root.join(linked), page).with_context(|| format!("failed to copy {linked}"))?;
    }
    Ok(())
}

/// Writes the generated pages.
fn refer(workspace: &Workspace, python: &Path, pages: &Path) -> Result<()> {
    let generators = workspace.root.join("guide/reference");
    let of = |python: &Path, name: &str| {
        let mut generator = Command::new(python);
        generator.env("PYTHONDONTWRITEBYTECODE", "1").arg(generators.join(name));
        generator
    };
    programs::build(workspace)?;
    let mut openstack = of(&bindings::openstack_client(workspace)?, "openstack.py");
    openstack.env("PYTHONPATH", workspace.root.join("bindings/openstackclient"));
    let references = [
        ("command", Command::new(programs::command_reference(workspace))),
        ("openstack", openstack),
        ("ansible", of(python, "ansible.py")),
        ("python", of(python, "python.py")),
    ];
    for (name, mut generator) in references {
        let page = written(&mut generator)?;
        write(&pages.join("reference").join(format!("{name}.md")), &page)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// What pages load from other hosts, each with its page: a guide is read where there is no network.
fn foreign(site: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![site.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))? {
            let path: PathBuf = entry.with_context(|| format!("failed to list {}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("failed to read {}", path.display()))?;
                let loaded = loaded(&text).into_iter();
                found.extend(loaded.map(|tag| format!("{}: {tag}", path.display())));
            }
        }
    }
    Ok(found)
}

/// The tags of a page that load something from another host; links that a person follows are none.
fn loaded(html: &str) -> Vec<&str> {
    let tags = html.split('<').filter_map(|rest| rest.split('>').next());
    tags.filter(|tag| ["script ", "link ", "img ", "iframe "].iter().any(|kind| tag.starts_with(kind)))
        .filter(|tag| {
            ["src=\"http", "href=\"http", "src=\"//", "href=\"//"].iter().any(|address| tag.contains(address))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_from_elsewhere_is_noticed_and_a_link_is_not() {
        let page = "<p><a href=\"https://example.org/\">x</a><script src=\"_static/x.js\"></script>\
            <link rel=\"stylesheet\" href=\"https://fonts.example/x.css\"><script src=\"//cdn.example/x.js\"></script>";
        assert_eq!(
            loaded(page),
            [
                "link rel=\"stylesheet\" href=\"https://fonts.example/x.css\"",
                "script src=\"//cdn.example/x.js\""
            ]
        );
    }

    #[test]
    fn the_home_lies_at_the_root_and_every_other_page_where_it_is_in_the_tree() {
        let (tree, pages) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let written =
            [("guide/index.md", "[a](../docs/a.md)"), ("docs/a.md", "[b](../README.md)"), ("README.md", "b")];
        for (path, text) in written.into_iter().chain(LINKED.iter().map(|linked| (*linked, "linked"))) {
            write(&tree.path().join(path), text).unwrap();
        }
        lay_out(tree.path(), pages.path()).unwrap();
        let laid = |path: &str| fs::read_to_string(pages.path().join(path)).ok();
        assert_eq!(laid("index.md").as_deref(), Some("[a](docs/a.md)"));
        assert_eq!(laid("docs/a.md").as_deref(), Some("[b](../README.md)"));
        assert_eq!(laid("guide/index.md"), None);
        assert!(LINKED.iter().all(|linked| laid(linked).as_deref() == Some("linked")));
    }
}
