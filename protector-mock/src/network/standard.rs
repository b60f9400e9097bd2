use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What all resources of Neutron have.
// neutron/extensions/{standardattrdescription,timestamp,revisions}.py and neutron/extensions/tagging.py, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standard {
    /// What somebody said about it.
    pub(crate) description: String,
    /// Its tags, sorted.
    pub(crate) tags: Vec<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// +1 with each change.
    pub(crate) revision_number: u64,
}

impl Standard {
    /// A resource that is new; which revision it begins with depends on what it is.
    pub(super) fn new(now: Timestamp, description: &str, revision_number: u64) -> Self {
        let (created_at, updated_at) = (now, now);
        Self {
            description: description.to_owned(),
            tags: Vec::new(),
            created_at,
            updated_at,
            revision_number,
        }
    }

    /// Notes a change.
    pub(super) fn touch(&mut self, now: Timestamp) {
        self.touch_times(now, 1);
    }

    /// Notes several changes that one request made.
    pub(super) fn touch_times(&mut self, now: Timestamp, changes: u64) {
        self.updated_at = now;
        self.revision_number += changes;
    }

    /// Replaces the tags.
    pub(super) fn set_tags(&mut self, mut tags: Vec<String>) {
        tags.sort();
        tags.dedup();
        self.tags = tags;
    }

    /// Adds its attributes to an answer.
    pub(super) fn show(&self, view: &mut Map<String, Value>) {
        view.insert("description".to_owned(), json!(self.description));
        view.insert("tags".to_owned(), json!(self.tags));
        view.insert("created_at".to_owned(), json!(stamp(self.created_at)));
        view.insert("updated_at".to_owned(), json!(stamp(self.updated_at)));
        view.insert("revision_number".to_owned(), json!(self.revision_number));
    }
}

/// As Neutron writes a time: whole seconds.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
