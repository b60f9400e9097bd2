//! The folder of a pair: its world, its settings, and the files that tell clients where it is.

use super::{PairError, Settings};
use crate::server::Certificates;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where a pair keeps everything.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(path: &Path) -> Result<Self, PairError> {
        if path.exists() && !path.is_dir() {
            return Err(PairError::NoFolder { path: path.to_owned() });
        }
        fs::create_dir_all(path).map_err(failed(path))?;
        let root = path.canonicalize().map_err(failed(path))?;
        let folder = Self { root };
        for name in ["tls", "log"] {
            let path = folder.path(name);
            fs::create_dir_all(&path).map_err(failed(&path))?;
        }
        Ok(folder)
    }

    /// A file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings of the pair that is in it, if there is one.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn settings(&self) -> Result<Option<Settings>, PairError> {
        let path = self.path("pair.json");
        let Some(text) = self.read("pair.json")? else { return Ok(None) };
        let settings = serde_json::from_str(&text)
            .map_err(|error| PairError::Foreign { path, what: error.to_string() })?;
        Ok(Some(settings))
    }

    /// Keeps the settings.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep(&self, settings: &Settings) -> Result<(), PairError> {
        let text = serde_json::to_string_pretty(settings).unwrap_or_default();
        self.write("pair.json", &(text + "\n"))
    }

    /// The pair's certificates, made if there are none.
    ///
    /// # Errors
    /// They cannot be read, made or written.
    pub fn certificates(&self) -> Result<Certificates, PairError> {
        let read = |name: &str| self.read(&format!("tls/{name}"));
        if let (Some(authority), Some(server), Some(expired), Some(key)) =
            (read("authority.pem")?, read("server.pem")?, read("expired.pem")?, read("server.key")?)
        {
            return Ok(Certificates { authority, server, expired, key });
        }
        let made = Certificates::new()?;
        self.write_secret("tls/server.key", &made.key)?;
        self.write("tls/server.pem", &made.server)?;
        self.write("tls/expired.pem", &made.expired)?;
        self.write("tls/authority.pem", &made.authority)?;
        Ok(made)
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<String>, PairError> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path)(error)),
        }
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), PairError> {
        self.put(name, text, 0o644)
    }

    /// Writes a file that its owner only can read.
    pub(super) fn write_secret(&self, name: &str, text: &str) -> Result<(), PairError> {
        self.put(name, text, 0o600)
    }

    /// Whoever reads at this moment reads the old text or the new one.
    fn put(&self, name: &str, text: &str, mode: u32) -> Result<(), PairError> {
        let path = self.path(name);
        let making = self.path(&format!("{name}.new"));
        let written = fs::remove_file(&making)
            .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
            .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&making))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&making, &path));
        written.map_err(failed(&path))
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> PairError {
    let path = path.to_owned();
    move |source| PairError::File { path: path.clone(), source }
}
