//! What goes wrong within one use of a connection, before it is known for whom.

use crate::id::SiteName;
use crate::journal::error::{Cause, Effect, StoreError};
use rusqlite::ErrorCode;
use std::sync::Arc;

/// Why a use of a connection failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite says so.
    Sql(rusqlite::Error),
    /// A value has no form in JSON.
    Json(serde_json::Error),
    /// The operating system says so.
    Io(std::sync::Arc<std::io::Error>),
    /// We say so.
    Store(Box<StoreError>),
}

impl Fault {
    /// Says where, and during what.
    pub(super) fn into_error(self, site: &SiteName, doing: &str, effect: Effect) -> StoreError {
        let source: Cause = match self {
            Self::Store(error) => return *error,
            Self::Sql(error) if shows_damage(&error) => {
                return StoreError::Corrupt {
                    site: site.clone(),
                    what: format!("failed to {doing}: {error}"),
                };
            }
            Self::Sql(error) => Arc::new(error),
            Self::Json(error) => Arc::new(error),
            Self::Io(error) => error,
        };
        StoreError::Unavailable { site: site.clone(), doing: doing.to_owned(), effect, source }
    }
}

/// SQLite finds the file damaged, or a column holds what no release ever wrote there.
fn shows_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
    ) || matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(Box::new(error))
    }
}
