//! What comes after, or beside, the servers: the other direction, the fence, the record.

use super::servers::Started;
use super::{Prepared, Writer};
use crate::domain::{SafetySnapshotReference, naming};
use crate::driver::GroupOrigin;
use crate::engine::{StepBuilder, done, output_or};
use crate::id::{LineageId, StepId};
use crate::operations::failover::MoveMode;
use crate::operations::failover::placing::Move;
use crate::operations::replication;
use crate::operations::twins::volume_label;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the other direction is tried: what does not come about `reprotect` makes later.
const REVERSAL: Duration = Duration::from_mins(2);
/// How long a source that answered is tried to be fenced beside an unplanned move: nothing waits for it but the record.
const FENCE: Duration = Duration::from_secs(5);

/// What becomes of the data.
pub(super) enum Data {
    /// It goes the other way once this step is done.
    Reversed(StepId),
    /// What the point does not have is lost.
    Lost {
        /// The steps that fence the source.
        fenced: Vec<StepId>,
    },
    /// It is where it was.
    Stays,
}

impl Writer<'_> {
    /// From now on the data goes the other way.
    pub(super) fn reverse(&mut self, raised: &StepId) -> StepId {
        let back = GroupOrigin { array: self.storage.array.clone(), group: self.storage.name.clone() };
        let allowed = self.plan.add(
            StepBuilder::new(
                "allow_replication",
                format!("allow_replication/{}", self.source),
                "allow the replication in the other direction",
            )
            .at(self.source)
            .after([raised])
            .optional_within(REVERSAL)
            .input(json!({"array": self.origin.array, "origin": back}))
            .call("allow the target's group on the source's array"),
        );
        let settings = replication::settings(self.facts.group, true);
        let title = "switch the new primary's schedule on";
        let scheduled = replication::schedule(self.target, &back, settings, None, title);
        self.plan.add(scheduled.after([&allowed]).optional_within(REVERSAL))
    }

    /// Stops and locks a source that answers, and ends its schedule; nothing at the target waits for it.
    pub(super) fn fence(&mut self, raised: &StepId) -> Vec<StepId> {
        let reason = naming::lock_reason(&self.facts.group.name, self.target.as_str());
        let mut fenced = Vec::new();
        for one in self.moves {
            let name = &one.member.name;
            let Some(server_id) = one.member.servers.get(self.source) else { continue };
            let stop = replication::stop(self.source, name, server_id, one.definition.running);
            let stop = self.plan.add(stop.after([raised]).optional_within(FENCE));
            let lock = replication::lock(self.source, name, server_id, &reason);
            fenced.push(self.plan.add(lock.after([&stop]).optional_within(FENCE)));
        }
        let settings = replication::settings(self.facts.group, false);
        let title = "switch the source's schedule off";
        let paused = replication::schedule(self.source, self.origin, settings, None, title);
        fenced.push(self.plan.add(paused.after([raised]).optional_within(FENCE)));
        fenced
    }

    /// Writes down where everything is, and what came of the VMs and the data.
    pub(super) fn record_move(
        &mut self,
        prepared: &Prepared,
        servers: &BTreeMap<LineageId, Started>,
        data: Data,
    ) {
        let members: BTreeMap<String, Value> = self
            .moves
            .iter()
            .map(|one| (one.member.lineage.to_string(), self.moved(prepared, one, servers)))
            .collect();
        let safety = self.kept();
        let ends: Vec<&StepId> = servers.values().flat_map(Started::ends).collect();
        let mut input = json!({"source": self.source, "target": self.target, "members": members,
            "operation_type": self.operation, "safety_snapshot": safety,
            "undoable": matches!(self.facts.mode, MoveMode::Planned)});
        let mut step = StepBuilder::new("record_move", "record_move", "record where everything is")
            .at(self.target)
            .after_end_of(ends)
            .call("write the group's document to both site stores");
        match data {
            Data::Reversed(reversed) => insert(&mut input, "replicates", done(&reversed)),
            Data::Lost { fenced } => {
                let (created, last_contact) = match self.facts.mode {
                    MoveMode::Unplanned { point, last_contact, .. } => (Some(point.created), last_contact),
                    _ => (None, None),
                };
                insert(
                    &mut input,
                    "loss",
                    json!({"point": self.point, "from": created,
                    "last_contact": last_contact, "fenced": fenced.iter().map(done).collect::<Vec<_>>()}),
                );
                step = step.after_end_of(&fenced);
            }
            Data::Stays => {}
        }
        self.plan.add(step.after(&prepared.ends).input(input));
    }

    /// What is kept of volumes whose content is given up.
    fn kept(&self) -> Option<SafetySnapshotReference> {
        let (site, array, group) = match self.facts.mode {
            MoveMode::Planned | MoveMode::Unplanned { .. } => {
                (self.target, &self.storage.array, &self.storage.name)
            }
            MoveMode::Undo => (self.source, &self.origin.array, &self.origin.group),
            MoveMode::Completion => return None,
        };
        Some(SafetySnapshotReference {
            site: site.clone(),
            array: array.clone(),
            group: group.clone(),
            name: self.safety.clone(),
        })
    }

    fn moved(&self, prepared: &Prepared, one: &Move<'_>, servers: &BTreeMap<LineageId, Started>) -> Value {
        let started = servers.get(&one.member.lineage);
        let server = started.map(|started| instead_of_none(&started.server));
        let ports: Vec<Value> = one
            .ports
            .iter()
            .map(|port| {
                let there = prepared.ports.get(&port.definition.lineage).map(instead_of_none);
                json!({"lineage": port.definition.lineage,
                    "source": (one.definition.site == *self.source).then_some(&port.definition.port_id),
                    "target": there})
            })
            .collect();
        let volumes: Vec<Value> = one
            .volumes
            .iter()
            .map(|volume| {
                let lineage = volume.definition.lineage;
                json!({"lineage": lineage, "name": volume_label(&volume.definition.name, lineage),
                    "source": volume.source, "target": prepared.twins.get(&lineage)})
            })
            .collect();
        let at_source = (one.definition.site == *self.source).then_some(&one.definition.server_id);
        json!({"source_server": at_source, "target_server": server, "ports": ports, "volumes": volumes,
            "runs": started.map_or(Value::Bool(false), |started| done(&started.verified)),
            "reason": one.absent.as_ref().map(|absent| &absent.reason),
            "left": one.absent.as_ref().is_some_and(|absent| absent.left)})
    }
}

/// What was made by a step that may have failed is recorded if it was made.
pub(super) fn instead_of_none(reference: &Value) -> Value {
    let parts = reference.pointer("/$output/step").zip(reference.pointer("/$output/field"));
    let parts = parts.and_then(|(step, field)| step.as_str().zip(field.as_str()));
    parts.map_or_else(
        || reference.clone(),
        |(step, field)| output_or(&StepId::from(step), field, &Value::Null),
    )
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}
