use super::{Planned, PlanningError};
use crate::domain::{Leftover, LeftoverKind, OperationType};
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
use crate::id::{GroupId, SiteName, StepId, VolumeId};
use crate::steps::cinder::RemoveLeftoverTwinInput;
use crate::steps::storage::DiscardPointInput;
use serde_json::{Value, json};
use std::time::Duration;

/// How long one thing is tried to be removed. What is left then is told.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is to be removed of one group, which may be gone.
#[derive(Debug)]
pub struct PruneFacts<'a> {
    /// The group that the markers name.
    pub group: GroupId,
    /// Its name; its id if it is gone.
    pub group_name: &'a str,
    /// Its epoch; 0 if it is gone.
    pub epoch: u64,
    /// Both sites; the journal is at home at the second.
    pub sites: (SiteName, SiteName),
    /// What goes.
    pub leftovers: &'a [Leftover],
}

/// Plans that what is left over of a group goes. Each step looks at the marker once more, none holds the others up, and nothing
/// is eradicated: what is on an array is destroyed there, recoverably.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_prune(facts: &PruneFacts<'_>) -> Result<Planned, PlanningError> {
    let mut plan = PlanBuilder::new(
        OperationType::Prune,
        facts.group,
        facts.group_name,
        facts.sites.clone(),
        facts.epoch,
        Recovery::ForwardOnly,
    );
    let mut servers: Vec<StepId> = Vec::new();
    let mut ports: Vec<StepId> = Vec::new();
    // Servers use ports and volumes, ports are in networks.
    let mut ordered: Vec<&Leftover> = facts.leftovers.iter().collect();
    ordered.sort_by_key(|left| match left.kind {
        LeftoverKind::TestServer => 0,
        LeftoverKind::TestNetwork => 2,
        _ => 1,
    });
    for left in ordered {
        let Some((kind, input, call)) = removal(left) else { continue };
        let after_end_of: &[StepId] = match left.kind {
            LeftoverKind::TestVolume | LeftoverKind::TestPort => &servers,
            LeftoverKind::TestNetwork => &ports,
            _ => &[],
        };
        let step = StepBuilder::new(
            kind,
            format!("{kind}/{}/{}", left.site, step_subject(left)),
            format!("remove the {} {}", left.kind, label(left)),
        )
        .at(&left.site)
        .after_end_of(after_end_of)
        .optional_within(PATIENCE)
        .input(input)
        .call(call);
        let step = plan.add(step);
        match left.kind {
            LeftoverKind::TestServer => servers.push(step),
            LeftoverKind::TestPort => ports.push(step),
            _ => {}
        }
    }
    Ok(Planned::ready(plan.build()?))
}

fn label(left: &Leftover) -> &str {
    if left.name.is_empty() { &left.id } else { &left.name }
}

/// A snapshot's suffix is unique within its group only.
fn step_subject(left: &Leftover) -> &str {
    if left.place.is_some() { &left.name } else { &left.id }
}

/// The step kind, its input and its call.
fn removal(left: &Leftover) -> Option<(&'static str, Value, &'static str)> {
    let of_test = |field: &str| -> Option<Value> {
        let mut input = json!({"test": left.test?, "made": false});
        input.as_object_mut()?.insert(field.to_owned(), json!(left.id));
        Some(input)
    };
    Some(match left.kind {
        LeftoverKind::TestServer => {
            ("delete_test_server", of_test("server_id")?, "DELETE compute /servers/{id}")
        }
        LeftoverKind::TestVolume => {
            ("delete_test_volume", of_test("volume_id")?, "DELETE block-storage /volumes/{id}")
        }
        LeftoverKind::TestPort => ("delete_test_port", of_test("port_id")?, "DELETE network /ports/{id}"),
        LeftoverKind::TestFloatingIp => {
            ("delete_test_floating_ip", of_test("floating_ip_id")?, "DELETE network /floatingips/{id}")
        }
        LeftoverKind::TestNetwork => {
            ("delete_test_network", of_test("network_id")?, "DELETE network /networks/{id}")
        }
        LeftoverKind::Twin => (
            "remove_leftover_twin",
            json!(RemoveLeftoverTwinInput { volume_id: VolumeId::new(left.id.as_str()) }),
            "DELETE block-storage /volumes/{id}",
        ),
        LeftoverKind::SafetySnapshot | LeftoverKind::RecoveryPoint => {
            let place = left.place.as_ref()?;
            let (array, group) = (place.array.clone(), place.group.clone());
            (
                "discard_point",
                json!(DiscardPointInput { array, group, point: left.id.clone() }),
                "destroy the snapshot on the array; it is eradicated by its timer",
            )
        }
    })
}
