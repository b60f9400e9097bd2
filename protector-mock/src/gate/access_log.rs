use super::header;
use crate::http::Request;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A line of JSON for every request that an endpoint answered, as the testbed's services write them.
#[derive(Debug)]
pub struct AccessLog {
    file: Mutex<File>,
}

impl AccessLog {
    /// Goes on with a file, or begins one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self { file: Mutex::new(file) })
    }

    pub(super) fn write(&self, request: &Request, status: StatusCode, now: Timestamp, took: Duration) {
        let line = json!({
            "time": now.as_millisecond(),
            "request": format!("{} {} HTTP/1.1", request.method(), request.uri()),
            "method": request.method().as_str(),
            "uri": request.uri().to_string(),
            "status": status.as_u16(),
            "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "agent": header(request.headers(), "user-agent"),
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{line}") {
            tracing::warn!(%error, "a line of an access log was lost");
        }
    }
}
