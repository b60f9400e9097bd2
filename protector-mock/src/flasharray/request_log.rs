use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const KEPT: usize = 50_000;

/// The record of what arrays were asked, numbered from 1 on. It never holds a header, so never a token.
#[derive(Debug, Default)]
pub struct RequestLog {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    entries: VecDeque<(u64, Value)>,
    file: Option<File>,
}

impl RequestLog {
    /// One that also appends every entry to a file, a line of JSON each.
    ///
    /// # Errors
    /// The file cannot be opened for writing.
    pub fn appending(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self { kept: Mutex::new(Kept { file: Some(file), ..Kept::default() }) })
    }

    /// Adds an entry, which is an object; tells its number.
    pub fn add(&self, mut entry: Value) -> u64 {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let number = kept.last;
        if let Some(fields) = entry.as_object_mut() {
            fields.insert("seq".to_owned(), json!(number));
        }
        if let Some(file) = &mut kept.file
            && let Err(error) = file.write_all(format!("{entry}\n").as_bytes())
        {
            tracing::warn!(%error, "a request to an array was not written to its file");
        }
        kept.entries.push_back((number, entry));
        if kept.entries.len() > KEPT {
            kept.entries.pop_front();
        }
        number
    }

    /// The entries after a number, oldest first.
    pub fn since(&self, number: u64) -> Vec<Value> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries.iter().filter(|(at, _)| *at > number).map(|(_, entry)| entry.clone()).collect()
    }
}
