//! A policy as a person writes it down.

use super::GroupPolicy;
use crate::config::{ConfigError, read_as};
use std::path::Path;

impl GroupPolicy {
    /// Reads one YAML document; an empty one says nothing. `file` is what errors call it.
    ///
    /// # Errors
    /// It is no YAML, a key is not known, or a value is of another kind than it has to be.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        Ok(read_as::<Option<Self>>(file, text)?.unwrap_or_default())
    }

    /// The policy as YAML, which [`Self::parse`] reads; what it does not say is left out.
    pub fn to_yaml(&self) -> String {
        // JSON is YAML, too.
        serde_saphyr::to_string(self).unwrap_or_else(|_| serde_json::json!(self).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BootSign, FailurePolicy, HookCall, HookSubject, NotStopped};

    const TEXT: &str = r#"
priority: 10
after_groups: [directory, database]
order:
  tiers: [[db-1], [app-1, "2"]]
  after: { web-2: [web-1] }
stop: { within: 120, otherwise: roll_back }
boot_checks:
  - { vm: db-1, sees: { console: "login:" } }
  - { vm: web-1, sees: { tcp: { port: 443 } }, within: 120, on_failure: continue }
hooks:
  - { name: quiesce, when: before, of: group, run: { command: [/usr/bin/true, --all] }, on_failure: roll_back }
  - { name: dns, when: after, of: { vm: web-1 }, run: { webhook: "https://dns.example/move" }, within: 30 }
  - { name: warm, when: after, of: { tier: 2 }, run: { command: [/usr/bin/true] }, once: true }
"#;

    fn read(text: &str) -> Result<GroupPolicy, ConfigError> {
        GroupPolicy::parse(Path::new("policy.yaml"), text)
    }

    #[test]
    fn what_the_page_shows_is_read_and_what_is_written_is_read_again() {
        let policy = read(TEXT).unwrap();
        assert_eq!((policy.priority, policy.after_groups.len()), (10, 2));
        assert_eq!(policy.order.tiers, [vec!["db-1"], vec!["app-1", "2"]]);
        assert_eq!(policy.stop.unwrap().otherwise, NotStopped::RollBack);
        assert_eq!(policy.boot_checks[0].sees, BootSign::Console("login:".to_owned()));
        assert_eq!((policy.boot_checks[0].within, policy.boot_checks[1].within), (300, 120));
        assert_eq!(policy.hooks[0].of, HookSubject::Group);
        assert_eq!(policy.hooks[2].of, HookSubject::Tier(2));
        assert_eq!(policy.hooks[1].run, HookCall::Webhook("https://dns.example/move".to_owned()));
        assert_eq!((policy.hooks[2].once, policy.hooks[2].on_failure), (true, FailurePolicy::Stop));
        assert_eq!(read(&policy.to_yaml()).unwrap(), policy);
    }

    #[test]
    fn a_document_that_says_nothing_is_a_policy_that_says_nothing() {
        for text in ["", "# nothing\n", "{}"] {
            assert!(read(text).unwrap().is_unsaid(), "{text}");
        }
        assert!(read(&GroupPolicy::default().to_yaml()).unwrap().is_unsaid());
    }

    #[test]
    fn what_is_not_known_or_cannot_be_is_refused_with_its_line() {
        for (from, to, line, said) in [
            ("tiers:", "teirs:", 5, "teirs"),
            ("priority: 10", "priority: soon", 2, ""),
            ("otherwise: roll_back", "otherwise: shout", 7, "shout"),
            ("of: group,", "", 12, "of"),
            ("{ console: \"login:\" }", "{ screen: x }", 9, "screen"),
            ("hooks:", "hooks: {", 11, ""),
        ] {
            let changed = TEXT.replacen(from, to, 1);
            assert_ne!(changed, TEXT);
            let error = read(&changed).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("policy.yaml:{line}")) && error.contains(said),
                "{to}: {error}"
            );
        }
    }
}
