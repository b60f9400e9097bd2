//! Tables for a person: their fields and the order of these are what scripts and eyes rely on.

use comfy_table::presets::ASCII_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use protector_core::domain::ProtectionGroup;
use protector_core::protector::OperationView;
use serde_json::json;

/// A table with these columns. It is as wide as it has to be, and as narrow as the terminal.
pub(crate) fn columns<const N: usize>(
    names: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(names);
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}

/// One thing, a field a row.
pub(crate) fn fields<const N: usize>(rows: [(&str, String); N]) -> String {
    columns(["Field", "Value"], rows.map(|(field, value)| [field.to_owned(), value]))
}

/// A value, or `None` as `openstack` writes it.
pub(crate) fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| value.to_string())
}

/// Values one after the other.
pub(crate) fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

/// A Protection Group.
pub fn group(group: &ProtectionGroup) -> String {
    fields([
        ("id", group.id.to_string()),
        ("name", group.name.clone()),
        ("status", group.status.to_string()),
        ("replication_type", group.replication_type.to_string()),
        ("primary_site", group.primary_site.to_string()),
        ("secondary_site", group.secondary_site.to_string()),
        ("current_primary_site", group.current_primary_site.to_string()),
        ("consistency_group_id", or_none(group.consistency_group_id())),
        ("failover_count", group.failover_count.to_string()),
        ("last_failover_at", or_none(group.last_failover_at)),
    ])
}

/// A DR Operation.
pub fn operation(operation: &OperationView) -> String {
    fields([
        ("id", operation.id.to_string()),
        ("operation_type", operation.operation_type.to_string()),
        ("status", operation.status.to_string()),
        ("progress", operation.progress.to_string()),
        ("source_site", operation.source_site.to_string()),
        ("target_site", operation.target_site.to_string()),
        ("started_at", or_none(operation.started_at)),
        ("completed_at", or_none(operation.completed_at)),
        ("steps_completed", format!("{} steps", operation.steps_completed.len())),
        ("steps_failed", json!(operation.steps_failed).to_string()),
        ("error_message", or_none(operation.error_message.as_ref())),
    ])
}
