//! What an answer holds, by version: the fields that came later than their end-point, written from the vendor's OpenAPI files
//! (2.4, 2.26, 2.36) and, for the versions between them, the models of py-pure-client 1.96.

use serde_json::Value;

/// End-points (none: all of them), the field of an item whose fields these are ("": the item itself), and fields with the N of
/// the 2.N that they came with. One without a number is there to be picked and filtered by, and never told.
type Row = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const LATER: &[Row] = &[
    ("", "space",
        "snapshots_effective@9 total_effective@9 unique_effective@9 replication_effective@23 shared_effective@23 \
         used_provisioned@23 total_used@26 footprint@34"),
    ("array-connections", "", "encryption@33 encryption_mode@33"),
    ("array-connections/path", "", "encryption@33"),
    ("arrays", "", "encryption@6 eradication_config@6 _as_of@26 time_zone@26"),
    ("arrays", "eradication_config", "manual_eradication@10 enabled_delay@26 disabled_delay@26"),
    ("connections", "", "nsid@27"),
    ("controllers", "", "mode_since@30"),
    ("host-groups", "", "destroyed@36 time_remaining@36"),
    ("hosts", "", "vlan@16 destroyed@36 time_remaining@36"),
    ("pods", "", "eradication_config@13 quota_limit@23 members@36"),
    ("pods", "arrays", "member@36"),
    ("pods/arrays", "member", "resource_type"),
    ("pods/space volume-groups/space volumes/space", "", "destroyed"),
    ("protection-group-snapshots", "", "eradication_config@13 id@26"),
    ("protection-group-snapshots/transfer", "", "id@26"),
    ("protection-groups", "", "eradication_config@13 retention_lock@13 id@26"),
    ("protection-groups/host-groups protection-groups/hosts protection-groups/targets protection-groups/volumes \
      host-groups/protection-groups hosts/protection-groups volumes/protection-groups", "group", "id@26"),
    ("protection-groups/space", "", "id@26 destroyed pod"),
    ("protection-groups/volumes volumes/protection-groups", "member", "destroyed@9 id@9"),
    ("volume-groups", "", "priority_adjustment@10 pod@20"),
    ("volumes", "", "priority@10 priority_adjustment@10 protocol_endpoint@33"),
];

/// Removes from an item of an end-point what clients of REST 2.`version` do not know.
pub(in crate::flasharray) fn reduce(version: u32, path: &str, item: &mut Value) {
    for (paths, place, fields) in LATER {
        if !paths.is_empty() && !paths.split_whitespace().any(|one| one == path) {
            continue;
        }
        let unknown: Vec<&str> =
            fields.split_whitespace().filter_map(|field| later(version, field)).collect();
        if unknown.is_empty() {
            continue;
        }
        let holder = if place.is_empty() { Some(&mut *item) } else { item.get_mut(*place) };
        match holder {
            Some(Value::Array(parts)) => parts.iter_mut().for_each(|part| remove(part, &unknown)),
            Some(part) => remove(part, &unknown),
            None => {}
        }
    }
}

/// The name of a field that this version does not know.
fn later(version: u32, field: &'static str) -> Option<&'static str> {
    match field.split_once('@') {
        Some((name, since)) => since.parse().is_ok_and(|since: u32| since > version).then_some(name),
        None => Some(field),
    }
}

fn remove(part: &mut Value, unknown: &[&str]) {
    if let Some(fields) = part.as_object_mut() {
        fields.retain(|name, _| !unknown.contains(&name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reduced(version: u32, path: &str, mut item: Value) -> Value {
        reduce(version, path, &mut item);
        item
    }

    #[test]
    fn a_field_is_told_from_its_version_on() {
        let volume = json!({"name": "v", "priority": 0, "space": {"unique": 1, "footprint": 1}});
        assert_eq!(reduced(36, "volumes", volume.clone()), volume);
        assert_eq!(
            reduced(10, "volumes", volume.clone()),
            json!({"name": "v", "priority": 0, "space": {"unique": 1}})
        );
        assert_eq!(reduced(9, "volumes", volume), json!({"name": "v", "space": {"unique": 1}}));
    }

    #[test]
    fn fields_of_all_elements_of_a_list_are_removed() {
        let pod = json!({"arrays": [{"name": "a", "member": {}}, {"name": "b", "member": {}}]});
        assert_eq!(reduced(35, "pods", pod), json!({"arrays": [{"name": "a"}, {"name": "b"}]}));
    }

    #[test]
    fn what_is_there_to_be_picked_by_is_never_told() {
        assert_eq!(
            reduced(36, "volumes/space", json!({"name": "v", "destroyed": false})),
            json!({"name": "v"})
        );
    }
}
