use super::{Planned, PlanningError, record_group};
use crate::domain::{GroupStatus, OperationType, ProtectionGroup};
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
use crate::steps::storage::DiscardPointInput;
use serde_json::{Value, json};

/// Plans that the safety copies of the last move go. From then on the move cannot be taken back.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_commit(group: &ProtectionGroup) -> Result<Planned, PlanningError> {
    let source = &group.current_primary_site;
    let target = group.other_site(source);
    let mut plan = PlanBuilder::new(
        OperationType::Commit,
        group.id,
        &group.name,
        (source.clone(), target.clone()),
        group.epoch,
        Recovery::ForwardOnly,
    );
    let marked = plan.add(
        record_group(
            "record_group/updating",
            "record that the safety copies go",
            &json!({"status": GroupStatus::Updating}),
            &json!({"status": group.status}),
        )
        .at(source),
    );
    let kept = group.uncommitted.iter().flat_map(|uncommitted| &uncommitted.safety_snapshots);
    let discarded: Vec<_> = kept
        .map(|snapshot| {
            let name = &snapshot.name;
            plan.add(
                StepBuilder::new(
                    "discard_point",
                    format!("discard_point/{}/{name}", snapshot.site),
                    format!("discard the safety snapshot {name}"),
                )
                .at(&snapshot.site)
                .after([&marked])
                .input(DiscardPointInput {
                    array: snapshot.array.clone(),
                    group: snapshot.group.clone(),
                    point: name.clone(),
                })
                .call("destroy the snapshot on the array; it is eradicated by its timer"),
            )
        })
        .collect();
    plan.add(
        record_group(
            &format!("record_group/{}", group.status),
            "record that nothing can be taken back",
            &json!({"status": group.status, "uncommitted": Value::Null}),
            &json!({}),
        )
        .at(source)
        .after([&marked])
        .after(&discarded),
    );
    Ok(Planned::ready(plan.build()?))
}
