use std::fmt;

/// A version of the interface, 2.`minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    minor: u16,
}

/// Versions that were never published.
const UNPUBLISHED: [u16; 2] = [12, 18];

impl Version {
    /// The oldest that has all that is needed: array connections and `replicate_now` came with it, tags with 2.2.
    pub const OLDEST: Self = Self::new(4);

    /// The newest that this client was tested with; a newer array speaks it, too.
    pub const NEWEST: Self = Self::new(36);

    /// 2.`minor`.
    pub const fn new(minor: u16) -> Self {
        Self { minor }
    }

    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        if major == "2" { minor.parse().ok().map(Self::new) } else { None }
    }

    fn is_known(self) -> bool {
        (Self::OLDEST..=Self::NEWEST).contains(&self) && !UNPUBLISHED.contains(&self.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "2.{}", self.minor)
    }
}

/// The newest version that is known here and offered there; the order of the offer says nothing.
pub(super) fn negotiated(offered: &[String]) -> Option<Version> {
    offered.iter().filter_map(|text| Version::parse(text)).filter(|version| version.is_known()).max()
}

/// The newest version of any kind that is offered, for messages.
pub(super) fn newest_offered(offered: &[String]) -> String {
    let numbers = |text: &&String| -> Vec<u32> {
        text.split('.').map(|part| part.parse().unwrap_or_default()).collect()
    };
    offered.iter().max_by_key(numbers).map_or_else(|| "none".to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(offered: &[&str]) -> Option<String> {
        let offered: Vec<String> = offered.iter().map(|text| (*text).to_owned()).collect();
        negotiated(&offered).map(|version| version.to_string())
    }

    #[test]
    fn the_newest_that_both_know_is_spoken() {
        assert_eq!(of(&["1.19", "2.2", "2.26", "2.4"]).as_deref(), Some("2.26"));
        assert_eq!(of(&["2.9", "2.10"]).as_deref(), Some("2.10"), "by number, not by text");
    }

    #[test]
    fn a_newer_array_is_spoken_to_in_the_newest_tested_version() {
        assert_eq!(of(&["2.35", "2.36", "2.58", "3.0"]).as_deref(), Some("2.36"));
    }

    #[test]
    fn an_array_that_is_too_old_is_not_spoken_to() {
        assert_eq!(of(&["1.19", "2.0", "2.3", "nonsense"]), None);
        assert_eq!(newest_offered(&["2.3".to_owned(), "1.19".to_owned()]), "2.3");
        assert_eq!(newest_offered(&[]), "none");
    }
}
