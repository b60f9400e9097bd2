//! A group as a person writes it down: one YAML document, read strictly.

use super::ConfigError;
use super::place::Place;
use super::yaml::Node;
use crate::id::SiteName;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const KEYS: &[&str] = &["name", "primary_site", "secondary_site", "servers", "policy"];
const POLICY_KEYS: &[&str] = &["replication_interval", "retention", "rpo_minutes"];

/// What a group is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupDocument {
    /// Its name.
    pub name: String,
    /// Its home.
    pub primary_site: SiteName,
    /// The other site.
    pub secondary_site: SiteName,
    /// Its VMs, by name, or by id where they run.
    pub servers: Vec<String>,
    /// Its replication policy; what is not said stays, or is the default.
    pub policy: PolicyDocument,
}

/// What a group's replication policy is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyDocument {
    /// The time between two scheduled points; whole seconds.
    pub replication_interval: Option<Duration>,
    /// How long the target keeps scheduled points; whole seconds.
    pub retention: Option<Duration>,
    /// The recovery point objective, minutes.
    pub rpo_minutes: Option<u32>,
}

impl GroupDocument {
    /// A document without a policy of its own.
    pub fn new(name: impl Into<String>, primary_site: SiteName, secondary_site: SiteName) -> Self {
        let policy = PolicyDocument::default();
        Self { name: name.into(), primary_site, secondary_site, servers: Vec::new(), policy }
    }

    /// Reads a document; `file` is what errors call it.
    ///
    /// # Errors
    /// It is no YAML, a key is not known (the nearest known one is named) or is missing, or a value cannot be used.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let node = Node::parse(file, text)?;
        let place = Place::root(&node);
        place.only(KEYS)?;
        let site = |key: &str| Ok::<_, ConfigError>(SiteName::from(place.require(key)?.text()?));
        let mut document =
            Self::new(place.require("name")?.text()?, site("primary_site")?, site("secondary_site")?);
        let servers = place.require("servers")?;
        for server in servers.list()? {
            let name = server.text()?;
            if document.servers.iter().any(|known| known == name) {
                return Err(server.invalid(format!("names server `{name}`, which is named above already")));
            }
            document.servers.push(name.to_owned());
        }
        if document.servers.is_empty() {
            return Err(servers.invalid("names no server"));
        }
        if let Some(policy) = place.find("policy") {
            document.policy = policy_of(&policy)?;
        }
        Ok(document)
    }

    /// The document as YAML, which [`Self::parse`] reads.
    pub fn to_yaml(&self) -> String {
        // A JSON string is a YAML scalar, whatever is in it.
        let quoted = |text: &str| json!(text).to_string();
        let mut yaml = format!(
            "name: {}\nprimary_site: {}\nsecondary_site: {}\nservers:\n",
            quoted(&self.name),
            quoted(self.primary_site.as_str()),
            quoted(self.secondary_site.as_str())
        );
        for server in &self.servers {
            let _ = writeln!(yaml, "- {}", quoted(server));
        }
        let PolicyDocument { replication_interval, retention, rpo_minutes } = self.policy;
        let entries = [
            ("replication_interval", replication_interval.map(|duration| duration.as_secs())),
            ("retention", retention.map(|duration| duration.as_secs())),
            ("rpo_minutes", rpo_minutes.map(u64::from)),
        ];
        if entries.iter().any(|(_, value)| value.is_some()) {
            yaml.push_str("policy:\n");
        }
        for (key, value) in entries {
            if let Some(value) = value {
                let _ = writeln!(yaml, "  {key}: {value}");
            }
        }
        yaml
    }
}

fn policy_of(place: &Place<'_>) -> Result<PolicyDocument, ConfigError> {
    place.only(POLICY_KEYS)?;
    let whole = |key: &str| {
        let Some(entry) = place.find(key) else { return Ok(None) };
        let seconds = entry.positive_seconds()?;
        if seconds.subsec_nanos() != 0 {
            return Err(entry.invalid("is not a whole number of seconds"));
        }
        Ok(Some(seconds))
    };
    Ok(PolicyDocument {
        replication_interval: whole("replication_interval")?,
        retention: whole("retention")?,
        rpo_minutes: place.find("rpo_minutes").map(|entry| entry.count()).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name: shop\nprimary_site: site-a\nsecondary_site: site-b\nservers: [web-1, 'yes', db-1]\n\
                        policy: {replication_interval: 600, rpo_minutes: 30}\n";

    fn read(text: &str) -> Result<GroupDocument, ConfigError> {
        GroupDocument::parse(Path::new("shop.yaml"), text)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let document = read(TEXT).unwrap();
        assert_eq!(document.servers, ["web-1", "yes", "db-1"]);
        assert_eq!(document.policy.replication_interval, Some(Duration::from_mins(10)));
        assert_eq!((document.policy.retention, document.policy.rpo_minutes), (None, Some(30)));
        assert_eq!(read(&document.to_yaml()).unwrap(), document);
        let mut odd = GroupDocument::new("a: \"b\" # c", "null".into(), "0123".into());
        odd.servers = vec!["- x\n".to_owned(), "ü".to_owned()];
        assert_eq!(read(&odd.to_yaml()).unwrap(), odd);
    }

    #[test]
    fn what_is_not_known_or_cannot_be_is_refused_with_its_place() {
        for (from, to, said) in [
            ("servers:", "server:", "did you mean `servers`?"),
            ("rpo_minutes", "rpo_minute", "did you mean `rpo_minutes`?"),
            ("name: shop\n", "", "`name` is missing"),
            ("[web-1, 'yes', db-1]", "[]", "names no server"),
            ("'yes'", "web-1", "named above already"),
            ("600", "0", "is zero"),
            ("600", "1.5", "whole number of seconds"),
            ("30", "-1", "whole number above zero"),
        ] {
            let changed = TEXT.replace(from, to);
            assert_ne!(changed, TEXT);
            let error = read(&changed).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("shop.yaml"), "{to}: {error}");
        }
    }
}
