use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

const KEPT: usize = 50_000;

/// The record of what arrays were asked, numbered from 1 on. It never holds a header, so never a token.
#[derive(Debug, Default)]
pub struct RequestLog {
    kept: Mutex<(u64, VecDeque<(u64, Value)>)>,
}

impl RequestLog {
    /// Adds an entry, which is an object; tells its number.
    pub fn add(&self, mut entry: Value) -> u64 {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        let number = kept.0;
        if let Some(fields) = entry.as_object_mut() {
            fields.insert("seq".to_owned(), json!(number));
        }
        kept.1.push_back((number, entry));
        if kept.1.len() > KEPT {
            kept.1.pop_front();
        }
        number
    }

    /// The entries after a number, oldest first.
    pub fn since(&self, number: u64) -> Vec<Value> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.iter().filter(|(at, _)| *at > number).map(|(_, entry)| entry.clone()).collect()
    }
}
