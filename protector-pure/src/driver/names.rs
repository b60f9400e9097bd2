use protector_core::driver::GroupOrigin;
use protector_core::id::{ConsistencyGroupId, VolumeId};
use uuid::Uuid;

/// What Cinder calls a volume on the array.
pub(super) fn volume(id: &VolumeId) -> String {
    format!("volume-{id}-cinder")
}

/// What Cinder calls a consistency group on the array.
pub(super) fn group(id: &ConsistencyGroupId) -> String {
    format!("consisgroup-{id}-cinder")
}

/// What a peer's group is called on the arrays it replicates to.
pub(super) fn replica(origin: &GroupOrigin) -> String {
    format!("{}:{}", origin.array, origin.group)
}

/// What the names of all volumes begin with that keep points of a peer's group: no name that Cinder gives does. Digests, for
/// the names themselves would be longer than arrays take.
pub(super) fn held_origin(origin: &GroupOrigin) -> String {
    format!("protector-hold-{}", digest(&[origin.array.as_str(), &origin.group], 12))
}

/// What the names of those begin with that keep one point.
pub(super) fn held_point(origin: &GroupOrigin, point: &str) -> String {
    format!("{}-{}", held_origin(origin), digest(&[point], 12))
}

/// What the volume is called that keeps a member of a point. The moment (milliseconds since 1970) is in it, for the name of a
/// point that is eradicated is free for another.
pub(super) fn held_member(origin: &GroupOrigin, point: &str, created: u64, member: &str) -> String {
    format!("{}-{}", held_point(origin, point), digest(&[&created.to_string(), member], 16))
}

/// So many digits that stand for texts, whatever their case.
fn digest(texts: &[&str], digits: usize) -> String {
    let text = texts.join("\n").to_ascii_lowercase();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).simple().to_string().chars().take(digits).collect()
}

/// A name without the pod or volume group that it is in.
pub(super) fn without_container(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

/// The rest of a name after `prefix` and a dot. Arrays tell no case apart.
pub(super) fn after<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    if start.eq_ignore_ascii_case(prefix) { rest.strip_prefix('.') } else { None }
}

/// What is wrong with a snapshot's suffix; digits alone are those that arrays give themselves.
pub(super) fn fault_of_suffix(suffix: &str) -> Option<&'static str> {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let bytes = suffix.as_bytes();
    let ends_well = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    if bytes.len() > 63 {
        Some("is longer than 63 characters")
    } else if !bytes.iter().all(|byte| inside(*byte)) {
        Some("holds something else than letters, digits and hyphens")
    } else if !ends_well(bytes.first()) || !ends_well(bytes.last()) {
        Some("does not begin and end with a letter or digit")
    } else if bytes.iter().all(u8::is_ascii_digit) {
        Some("is a number, as the array's own names are")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cinders_names_are_known() {
        assert_eq!(volume(&"1b2c".into()), "volume-1b2c-cinder");
        assert_eq!(group(&"3d4e".into()), "consisgroup-3d4e-cinder");
        let origin = GroupOrigin { array: "array-a".into(), group: "g".to_owned() };
        assert_eq!(replica(&origin), "array-a:g");
    }

    #[test]
    fn what_keeps_a_point_is_named_by_all_that_tells_it_apart_in_any_case_and_fits() {
        let origin = GroupOrigin { array: "array-a".into(), group: "g".to_owned() };
        let name = held_member(&origin, "p", 1, "v");
        assert!(name.starts_with(&format!("{}-", held_point(&origin, "p"))));
        assert!(held_point(&origin, "p").starts_with(&format!("{}-", held_origin(&origin))));
        assert!(name.len() <= 63, "{name}");
        let other = GroupOrigin { array: "array".into(), group: "a-g".to_owned() };
        let others = [
            held_member(&other, "p", 1, "v"),
            held_member(&origin, "q", 1, "v"),
            held_member(&origin, "p", 2, "v"),
            held_member(&origin, "p", 1, "w"),
        ];
        assert!(!others.contains(&name));
        let shouted = GroupOrigin { array: "ARRAY-A".into(), group: "G".to_owned() };
        assert_eq!(held_member(&shouted, "P", 1, "V"), name);
    }

    #[test]
    fn pods_and_volume_groups_are_left_out() {
        for name in
            ["volume-1-cinder", "pod::volume-1-cinder", "vg/volume-1-cinder", "pod::vg/volume-1-cinder"]
        {
            assert_eq!(without_container(name), "volume-1-cinder");
        }
    }

    #[test]
    fn a_prefix_is_taken_off_whole_and_in_any_case() {
        assert_eq!(after("array-a:g.p.v", "array-a:g"), Some("p.v"));
        assert_eq!(after("Array-A:g.p", "array-a:G"), Some("p"));
        for name in ["array-a:g2.p", "array-a:g", "x", "array-a:"] {
            assert_eq!(after(name, "array-a:g"), None);
        }
    }

    #[test]
    fn suffixes_that_arrays_refuse_are_found() {
        for suffix in ["p1", "protector-3-op-0a", "1a", &"x".repeat(63)] {
            assert_eq!(fault_of_suffix(suffix), None, "{suffix}");
        }
        for suffix in ["", "12", "-a", "a-", "a.b", "a_b", "ü", &"x".repeat(64)] {
            assert!(fault_of_suffix(suffix).is_some(), "{suffix}");
        }
    }
}
