//! What has changed of VMs since something was made of them where they go.

use super::Writer;
use super::servers::Order;
use crate::id::StepId;
use crate::operations::attributes::{update_port, update_server, update_twin};
use crate::operations::failover::MoveMode;
use crate::operations::failover::placing::Move;
use std::time::Duration;

/// How long a change is tried: no VM stays down for its name.
const CHANGE: Duration = Duration::from_secs(30);

impl Writer<'_> {
    /// Brings over what has changed of the volumes and ports that are there. What is taken back is as it was.
    pub(super) fn bring_over(&mut self, one: &Move<'_>, order: Order<'_>) -> Vec<StepId> {
        if matches!(self.facts.mode, MoveMode::Undo) {
            return Vec::new();
        }
        let (placement, site) = (self.placement_of(one), self.facts.target.site);
        let twins = one.volumes.iter().filter_map(|volume| {
            update_twin(&placement, volume.definition, site.volume(&volume.twin?.volume_id)?)
        });
        let ports = one.ports.iter().enumerate().filter_map(|(number, port)| {
            let there = site.port(port.there.as_ref()?)?;
            update_port(&placement, &one.member.name, (number, port.definition), there)
        });
        let steps: Vec<_> = twins.chain(ports).collect();
        steps.into_iter().map(|step| self.plan.add(order.of(step).optional_within(CHANGE))).collect()
    }

    /// Brings over what has changed of the server that is there, once it is unlocked.
    pub(super) fn bring_server_over(&mut self, one: &Move<'_>, unlocked: &StepId) -> Option<StepId> {
        if matches!(self.facts.mode, MoveMode::Undo) {
            return None;
        }
        let (placement, site) = (self.placement_of(one), self.facts.target.site);
        let ports = one.ports.iter();
        let ports: Vec<_> =
            ports.filter_map(|port| Some((port.definition, site.port(port.there.as_ref()?)?))).collect();
        let step = update_server(&placement, &one.member.name, one.definition, (one.shadow?, &ports), None)?;
        Some(self.plan.add(step.after([unlocked]).optional_within(CHANGE)))
    }
}
