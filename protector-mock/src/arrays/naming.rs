//! What Purity takes for a name: at most 63 characters a part, whatever the case.

use super::Refused;

const LONGEST: usize = 63;

/// The name without its pod or volume group.
pub fn base(name: &str) -> &str {
    let own = name.rsplit("::").next().unwrap_or(name);
    own.rsplit('/').next().unwrap_or(own)
}

/// The pod that a name is in.
pub fn pod(name: &str) -> Option<&str> {
    name.split_once("::").map(|(pod, _)| pod)
}

/// The volume group that a name is in, with that one's pod.
pub fn volume_group(name: &str) -> Option<&str> {
    name.split_once('/').map(|(group, _)| group)
}

fn is_part(part: &str, more: &[char]) -> bool {
    let alphanumeric = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric());
    part.len() <= LONGEST
        && alphanumeric(part.chars().next())
        && alphanumeric(part.chars().next_back())
        && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
}

/// Volumes, hosts, pods, volume groups; `POD::NAME` and `GROUP/NAME` by part.
pub(super) fn check_object(noun: &str, name: &str) -> Result<(), Refused> {
    if name.split("::").flat_map(|part| part.split('/')).all(|part| is_part(part, &['-', '_'])) {
        Ok(())
    } else {
        Err(Refused::new(format!("{noun} name is invalid."), name))
    }
}

/// Protection groups: no underscore.
pub(super) fn check_group(name: &str) -> Result<(), Refused> {
    if name.split("::").all(|part| is_part(part, &['-'])) {
        Ok(())
    } else {
        Err(Refused::new("Protection group name is invalid.", name))
    }
}

/// A snapshot's suffix that a caller gives: not digits alone, these are the array's own.
pub(super) fn check_suffix(suffix: &str) -> Result<(), Refused> {
    if is_part(suffix, &['-']) && !suffix.chars().all(|c| c.is_ascii_digit()) {
        Ok(())
    } else {
        Err(Refused::new("Snapshot suffix is invalid.", suffix))
    }
}

/// Whether a pattern with `*` fits a text, whatever the case.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_by_part() {
        for name in ["a", "Volume-1_b", "pod::group/volume", &"x".repeat(63)] {
            assert!(check_object("Volume", name).is_ok(), "{name}");
        }
        for name in ["", "a b", "a.b", "-a", "a-", "a!", "pod::", &"x".repeat(64)] {
            assert!(check_object("Volume", name).is_err(), "{name}");
        }
        assert!(check_group("a_b").is_err());
        assert!(check_suffix("7").is_err() && check_suffix("7a").is_ok());
    }

    #[test]
    fn a_pattern_fits_whatever_the_case() {
        for (pattern, text, fits) in [
            ("a*", "Array", true),
            ("*.s.*", "g.s.v", true),
            ("g.*.v", "g.v", false),
            ("plain", "plain", true),
            ("plain", "plainer", false),
            ("*", "", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
