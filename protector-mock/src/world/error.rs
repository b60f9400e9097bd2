use std::path::PathBuf;

/// The world's file cannot be used. It is left as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is something else.
    #[error("{} is not a simulated world: name another file, or move it away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read as what it was.
    #[error("the simulated world in {} is damaged ({what}): move it away to start a new one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A newer release made it.
    #[error(
        "the simulated world in {} has version {found}, and this release knows {known}: use the release that made it, or \
         move it away",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// The file system or SQLite refused.
    #[error("failed to open the simulated world in {}", path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The world could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// SQLite refused.
    #[error("failed to read or write the simulated world")]
    Store {
        /// Why.
        #[from]
        source: rusqlite::Error,
    },
    /// A record is not what it has to be.
    #[error("failed to read {kind} {id} of {scope} in the simulated world")]
    Record {
        /// Its kind.
        kind: &'static str,
        /// Whose it is.
        scope: String,
        /// Its id.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Something is due that this release does not know.
    #[error("the simulated world waits for {name:?}, which this release does not know")]
    UnknownEvent {
        /// Its name.
        name: String,
    },
    /// Events follow each other at one moment without end.
    #[error("more than {limit} things happened in the simulated world at one moment; the last was {name:?}")]
    Endless {
        /// How many were let happen.
        limit: u32,
        /// The last one.
        name: String,
    },
}
