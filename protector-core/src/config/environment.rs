//! The environment of the process, read here and nowhere else.

use super::ConfigError;
use super::yaml::MAXIMUM_BYTES;
use crate::secret::{ExposeSecret, SecretReference, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where configuration comes from: environment variables and the folders that are searched.
#[derive(Clone)]
pub struct Environment {
    variables: Variables,
    working_folder: PathBuf,
    system_folder: PathBuf,
}

#[derive(Clone)]
enum Variables {
    Process,
    Given(BTreeMap<String, String>),
}

impl Environment {
    /// The environment of this process.
    pub fn process() -> Self {
        Self {
            variables: Variables::Process,
            working_folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            system_folder: PathBuf::from("/etc"),
        }
    }

    /// An environment of these variables, for a program that runs for somebody else and for tests:
    /// `working_folder` stands for `./`, `system_folder` for `/etc`, and nothing of the process is read.
    pub fn given<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
        working_folder: impl Into<PathBuf>,
        system_folder: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self {
            variables: Variables::Given(variables),
            working_folder: working_folder.into(),
            system_folder: system_folder.into(),
        }
    }

    /// Reads a secret: the environment variable, or the file without one trailing line feed.
    ///
    /// # Errors
    /// The secret is not there, is empty, or its file can be read by others than its owner.
    pub fn resolve_secret(&self, reference: &SecretReference) -> Result<SecretString, ConfigError> {
        let unavailable = |problem: &str, source| ConfigError::SecretUnavailable {
            reference: reference.clone(),
            problem: problem.to_owned(),
            source,
        };
        let secret = match reference {
            SecretReference::Environment(name) => SecretString::from(
                self.variable(name).ok_or_else(|| unavailable("is not set in the environment", None))?,
            ),
            SecretReference::File(path) => {
                let (text, mode) = read_secret(&self.working_folder.join(path))
                    .map_err(|source| unavailable("cannot be read", Some(source)))?;
                if mode & 0o077 != 0 {
                    let problem = format!("can be read by others (mode {mode:04o}): make it 0600");
                    return Err(unavailable(&problem, None));
                }
                SecretString::from(text.strip_suffix('\n').unwrap_or(&text))
            }
        };
        if secret.expose_secret().is_empty() {
            return Err(unavailable("is empty", None));
        }
        Ok(secret)
    }

    /// A variable that is set to something.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        match &self.variables {
            #[expect(clippy::disallowed_methods, reason = "this is the one place")]
            Variables::Process => std::env::var(name).ok(),
            Variables::Given(variables) => variables.get(name).cloned(),
        }
        .filter(|value| !value.is_empty())
    }

    /// A path as the user of a command means it: `~` is the home folder, and what is relative begins in the
    /// working folder.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), self.variable("HOME")) {
            (Some(rest), Some(home)) => Path::new(&home).join(rest),
            _ => self.working_folder.join(path),
        }
    }

    /// The folders that are searched for a file, in the order in which openstacksdk searches them.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.working_folder.clone()];
        if let Some(configuration) = self.variable("XDG_CONFIG_HOME") {
            folders.push(Path::new(&configuration).join("openstack"));
        }
        if let Some(home) = self.variable("HOME") {
            folders.push(Path::new(&home).join(".config/openstack"));
        }
        match self.variable("XDG_CONFIG_DIRS") {
            Some(list) => folders.extend(std::env::split_paths(&list).map(|folder| folder.join("openstack"))),
            None => folders.push(self.system_folder.join("xdg/openstack")),
        }
        folders.push(self.system_folder.join("openstack"));
        folders
    }

    /// Finds a file: the one that `variable` names, which then has to be there, or the first in the folders.
    pub(super) fn find(&self, variable: &str, stem: &str) -> Option<PathBuf> {
        if let Some(named) = self.variable(variable) {
            return Some(self.path(&named));
        }
        self.folders().iter().find_map(|folder| candidate(folder, stem))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Environment")
            .field("working_folder", &self.working_folder)
            .finish_non_exhaustive()
    }
}

/// The file of that stem in a folder; openstacksdk reads JSON too, which is YAML.
pub(super) fn candidate(folder: &Path, stem: &str) -> Option<PathBuf> {
    ["yaml", "yml", "json"]
        .into_iter()
        .map(|suffix| folder.join(format!("{stem}.{suffix}")))
        .find(|file| file.exists())
}

/// Reads a text file of at most the size that configuration may have.
pub(super) fn read(file: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { file: file.to_owned(), source };
    let mut text = String::new();
    File::open(file)
        .and_then(|file| file.take(MAXIMUM_BYTES as u64 + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    Ok(text)
}

/// The text and the permission bits of a file.
fn read_secret(path: &Path) -> std::io::Result<(Zeroizing<String>, u32)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    let mut text = Zeroizing::new(String::new());
    file.take(MAXIMUM_BYTES as u64).read_to_string(&mut text)?;
    Ok((text, mode))
}
