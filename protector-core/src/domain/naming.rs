//! Names and markers of what protector makes. Derived, never random: a lost answer is looked up by them.
//!
//! | what | carrier of the marker | looked up by |
//! |---|---|---|
//! | Cinder group | description | name |
//! | twin | metadata | metadata |
//! | server | metadata | a port's user |
//! | port | tag | network and MAC address |
//! | keypair | name | name |
//! | server group | name | name |
//! | recovery point, safety snapshot | suffix | suffix |
//! | epoch, content | tag on the array | volume id |
//! | volume, server of a test | metadata: the test's operation, the lineage | the same metadata |
//! | network of a test | description and tag: the test's operation | name and description |
//! | port of a test | tag: the test's operation | network and MAC address |
//! | floating IP of a test | description and tag: the test's operation | port and description |
//!
//! What a test makes never bears the marker of a lineage: nothing that looks for a group's own objects finds it.

use super::OperationType;
use crate::id::{GroupId, LineageId, OperationId, ProjectId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Every key and tag of ours begins so.
pub const MARKER_PREFIX: &str = "protector:";
/// The key under which the group's id is kept.
pub const GROUP_KEY: &str = "protector:group";
/// The key under which the lineage is kept.
pub const LINEAGE_KEY: &str = "protector:lineage";
/// The key under which the operation is kept that made something for a test.
pub const TEST_KEY: &str = "protector:test";
/// The key under which the lineage is kept that something of a test is a copy of.
pub const TEST_LINEAGE_KEY: &str = "protector:test-lineage";

const NAMESPACE: Uuid = Uuid::from_u128(0x6d2c_8a44_1d5f_4f0b_9c1e_5b7f_3f0a_7e11);

/// A group's id: the same for the same project and name, so that the same plan is made twice.
pub fn group_id(project: &ProjectId, name: &str) -> GroupId {
    GroupId::new(Uuid::new_v5(&NAMESPACE, format!("{project}/{name}").as_bytes()))
}

/// A lineage's id: the same for the same group and first object.
pub fn lineage_id(group: GroupId, kind: &str, first: &str) -> LineageId {
    LineageId::new(Uuid::new_v5(&group.uuid(), format!("{kind}/{first}").as_bytes()))
}

/// The name of the Cinder group at either site.
pub fn consistency_group(group: GroupId) -> String {
    format!("protector-{}", group.uuid())
}

/// The description of the Cinder group, which says whose it is.
pub fn consistency_group_description(group: GroupId, name: &str) -> String {
    format!("{GROUP_KEY}={group} ({name}); made by protector, changed by it only")
}

/// The markers of a twin or a server.
pub fn markers(group: GroupId, lineage: LineageId) -> BTreeMap<String, String> {
    [(GROUP_KEY.to_owned(), group.to_string()), (LINEAGE_KEY.to_owned(), lineage.to_string())].into()
}

/// Whether metadata says that protector made something as this lineage's: originals bear no marker.
pub fn is_of_lineage(metadata: &BTreeMap<String, String>, group: GroupId, lineage: LineageId) -> bool {
    let bears = |key: &str, value: String| metadata.get(key) == Some(&value);
    bears(GROUP_KEY, group.to_string()) && bears(LINEAGE_KEY, lineage.to_string())
}

/// The marker of a port.
pub fn port_tag(group: GroupId) -> String {
    format!("{MARKER_PREFIX}{group}")
}

/// The markers of a test's volume or server.
pub fn test_markers(group: GroupId, test: OperationId, lineage: LineageId) -> BTreeMap<String, String> {
    [
        (GROUP_KEY.to_owned(), group.to_string()),
        (TEST_KEY.to_owned(), test.to_string()),
        (TEST_LINEAGE_KEY.to_owned(), lineage.to_string()),
    ]
    .into()
}

/// The marker of a test's port, floating IP or network; of the last two it is the description, too.
pub fn test_tag(test: OperationId) -> String {
    format!("{TEST_KEY}:{test}")
}

/// Whether metadata says that something was made by a test.
pub fn is_of_test(metadata: &BTreeMap<String, String>, test: OperationId) -> bool {
    metadata.get(TEST_KEY).is_some_and(|marker| *marker == test.to_string())
}

/// The name of a test's copy.
pub fn test_copy(name: &str) -> String {
    format!("{name}-test")
}

/// The name of a point made on demand: unique within the group, at most 63 characters.
pub fn point(operation: OperationType, epoch: u64, attempt: u64) -> String {
    // An array takes letters, digits and hyphens.
    let operation = operation.as_str().replace('_', "-");
    format!("protector-{operation}-e{epoch}-a{attempt}")
}

/// The epoch in the name of a point that protector made; of others' points `None`.
pub fn epoch_of_point(name: &str) -> Option<u64> {
    let (rest, attempt) = name.strip_prefix("protector-")?.rsplit_once("-a")?;
    let (_, epoch) = rest.rsplit_once("-e")?;
    attempt.parse::<u64>().ok()?;
    epoch.parse().ok()
}

/// The name of the safety snapshot that goes before an overwrite.
pub fn safety_snapshot(operation: OperationType, epoch: u64, attempt: u64) -> String {
    format!("protector-safety-{operation}-e{epoch}-a{attempt}")
}

/// Whether a snapshot's name is that of a safety snapshot.
pub fn is_safety_snapshot(name: &str) -> bool {
    name.starts_with("protector-safety-") && epoch_of_point(name).is_some()
}

/// The test that a tag or description is the marker of.
pub fn test_of_tag(tag: &str) -> Option<OperationId> {
    let test = tag.strip_prefix(TEST_KEY)?.strip_prefix(':')?.parse().ok()?;
    (test_tag(test) == tag).then_some(test)
}

/// The reason that a fenced server's lock gives.
pub fn lock_reason(group: &str, site: &str) -> String {
    format!("protector: group {group} runs at {site}")
}

/// Whether a metadata key or tag is one of ours.
pub fn is_marker(text: &str) -> bool {
    text.starts_with(MARKER_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_every_time_and_differ_between_groups() {
        let project = ProjectId::from("p1");
        assert_eq!(group_id(&project, "web"), group_id(&project, "web"));
        assert_ne!(group_id(&project, "web"), group_id(&project, "db"));
        let group = group_id(&project, "web");
        assert_ne!(lineage_id(group, "volume", "x"), lineage_id(group, "server", "x"));
    }

    #[test]
    fn a_points_name_tells_its_epoch_and_others_names_tell_none() {
        for operation in [OperationType::Protect, OperationType::Failback, OperationType::AddMember] {
            assert_eq!(epoch_of_point(&point(operation, 12, 3)), Some(12));
        }
        for name in ["217", "protector-", "protector-e1", "protector-failover-e-a1", "failover-e1-a1"] {
            assert_eq!(epoch_of_point(name), None, "{name}");
        }
    }

    #[test]
    fn what_a_test_makes_bears_its_operation_and_no_lineage_of_the_group() {
        let group = group_id(&ProjectId::from("p1"), "web");
        let (one, other) = (OperationId::new(Uuid::from_u128(1)), OperationId::new(Uuid::from_u128(2)));
        let lineage = lineage_id(group, "server", "x");
        let markers = test_markers(group, one, lineage);
        assert!(is_of_test(&markers, one) && !is_of_test(&markers, other));
        assert!(!markers.contains_key(LINEAGE_KEY));
        assert!(markers.keys().all(|key| is_marker(key)) && is_marker(&test_tag(one)));
        assert!(!is_of_test(&super::markers(group, lineage), one));
        // Neutron before 2023 takes no tag of more than 60 characters; none holds a comma.
        assert!(test_tag(one).len() <= 60 && !test_tag(one).contains(','));
        assert_eq!(test_of_tag(&test_tag(one)), Some(one));
        for tag in ["protector:test", "protector:test:web", "my-protector:test:op-1", &port_tag(group)] {
            assert_eq!(test_of_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn point_names_fit_the_array() {
        let name = safety_snapshot(OperationType::Unprotect, u64::MAX, u64::MAX);
        assert!(
            name.len() <= 71 && point(OperationType::Failback, 9_999_999, 9_999_999).len() <= 63,
            "{name}"
        );
        let name = point(OperationType::RemoveMember, 1, 1);
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'), "{name}");
    }

    #[test]
    fn only_what_bears_both_markers_is_the_lineages() {
        let group = group_id(&ProjectId::from("p1"), "web");
        let (one, other) = (lineage_id(group, "volume", "x"), lineage_id(group, "volume", "y"));
        assert!(is_of_lineage(&markers(group, one), group, one));
        assert!(!is_of_lineage(&markers(group, one), group, other));
        assert!(!is_of_lineage(&BTreeMap::new(), group, one));
        let foreign = group_id(&ProjectId::from("p2"), "web");
        assert!(!is_of_lineage(&markers(foreign, one), group, one));
    }
}
