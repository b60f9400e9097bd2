use crate::domain::{
    Absence, Loss, OperationType, ReplicationState, SafetySnapshotReference, SiteVolume, UncommittedMove,
};
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::{LineageId, PortId, ServerId, SiteName};
use crate::steps::storage::Nothing;
use crate::steps::{RecordError, Seen, Site, SiteStep};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Writes down, after a move, where everything is, which VMs run, and what was lost.
#[derive(Debug)]
pub struct RecordMove;

/// See [`RecordMove`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordMoveInput {
    /// Where the group ran.
    pub source: SiteName,
    /// Where it runs.
    pub target: SiteName,
    /// What the move was.
    pub operation_type: OperationType,
    /// Its VMs.
    pub members: BTreeMap<LineageId, MovedMember>,
    /// Whether its data goes the other way now.
    #[serde(default)]
    pub replicates: bool,
    /// What was kept of the volumes that were overwritten; nothing where none were.
    #[serde(default)]
    pub safety_snapshot: Option<SafetySnapshotReference>,
    /// Whether the move can be taken back: nothing newer than what is here was left where the group ran.
    #[serde(default)]
    pub undoable: bool,
    /// What an unplanned move lost.
    #[serde(default)]
    pub loss: Option<KnownLoss>,
}

/// A VM that was moved.
#[derive(Debug, Serialize, Deserialize)]
pub struct MovedMember {
    /// Its server where the group ran.
    pub source_server: Option<ServerId>,
    /// Its server where the group runs; none if it was not made.
    pub target_server: Option<ServerId>,
    /// Its ports.
    pub ports: Vec<MovedPort>,
    /// Its volumes.
    pub volumes: Vec<MovedVolume>,
    /// Whether it was seen to run as it has to.
    pub runs: bool,
    /// Why it was not even tried.
    #[serde(default)]
    pub reason: Option<String>,
    /// Whether a person left it out.
    #[serde(default)]
    pub left: bool,
}

/// A port of a VM that was moved.
#[derive(Debug, Serialize, Deserialize)]
pub struct MovedPort {
    /// Its identity.
    pub lineage: LineageId,
    /// Where the group ran.
    pub source: Option<PortId>,
    /// Where it runs.
    pub target: Option<PortId>,
}

/// A volume of a VM that was moved.
#[derive(Debug, Serialize, Deserialize)]
pub struct MovedVolume {
    /// Its identity.
    pub lineage: LineageId,
    /// Its name.
    pub name: String,
    /// Where the group ran.
    pub source: SiteVolume,
    /// Where it runs.
    pub target: Option<SiteVolume>,
}

/// What is known of a loss beforehand.
#[derive(Debug, Serialize, Deserialize)]
pub struct KnownLoss {
    /// The point.
    pub point: String,
    /// The moment that it holds.
    pub from: Timestamp,
    /// When the source was heard of last before.
    pub last_contact: Option<Timestamp>,
    /// For each thing that fences the source, whether it was done; nothing if the source did not answer.
    pub fenced: Vec<bool>,
}

impl SiteStep for RecordMove {
    const NAME: &'static str = "record_move";
    const SYSTEM: &'static str = "guard";
    type Input = RecordMoveInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        // Writing the same again changes nothing.
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let (version, group) = site.records.group(run.group).await?;
        let mut group = group.ok_or(RecordError::NoGroup(run.group))?;
        if group.current_primary_site != input.target {
            return Err(StepError::new(
                Code::Internal,
                format!(
                    "group {} runs at {}, not at {}",
                    group.name, group.current_primary_site, input.target
                ),
            ));
        }
        for (lineage, moved) in &input.members {
            let Some(member) = group.members.get_mut(lineage) else { continue };
            for (at, server) in [(&input.source, &moved.source_server), (&input.target, &moved.target_server)]
            {
                if let Some(server) = server {
                    member.servers.insert(at.clone(), server.clone());
                }
            }
            member.absent = (!moved.runs).then(|| Absence {
                reason: moved
                    .reason
                    .clone()
                    .unwrap_or_else(|| format!("a step of operation {} that it needs failed", run.operation)),
                left: moved.left,
            });
            for port in &moved.ports {
                let known = member.ports.iter_mut().find(|known| known.lineage == port.lineage);
                let mut sites = known.as_ref().map(|known| known.sites.clone()).unwrap_or_default();
                for (at, id) in [(&input.source, &port.source), (&input.target, &port.target)] {
                    if let Some(id) = id {
                        sites.insert(at.clone(), id.clone());
                    }
                }
                match known {
                    Some(known) => known.sites = sites,
                    None => member.ports.push(crate::domain::PortLineage { lineage: port.lineage, sites }),
                }
            }
            for volume in &moved.volumes {
                let mut sites = BTreeMap::from([(input.source.clone(), volume.source.clone())]);
                sites.extend(volume.target.clone().map(|target| (input.target.clone(), target)));
                match member.volumes.iter_mut().find(|known| known.lineage == volume.lineage) {
                    Some(known) => known.sites.extend(sites),
                    None => member.volumes.push(crate::domain::VolumeLineage {
                        lineage: volume.lineage,
                        name: volume.name.clone(),
                        sites,
                    }),
                }
            }
        }
        if input.replicates {
            group.replication = ReplicationState::Running;
        }
        if let Some(snapshot) = &input.safety_snapshot {
            let mut kept = group.uncommitted.take().map(|before| before.safety_snapshots).unwrap_or_default();
            kept.retain(|before| before != snapshot);
            kept.push(snapshot.clone());
            group.uncommitted = Some(UncommittedMove {
                operation: run.operation,
                operation_type: input.operation_type,
                from: input.source.clone(),
                undoable: input.undoable,
                safety_snapshots: kept,
            });
        }
        if let Some(known) = &input.loss {
            let raised = group.last_failover_at.unwrap_or(known.from);
            // A source that answered has written until it was stopped, and may write still if it could not be.
            let until = if known.fenced.is_empty() { raised } else { site.records.clock().now() };
            group.last_loss = Some(Loss {
                point: known.point.clone(),
                from: known.from,
                until: until.max(raised),
                last_contact: known.last_contact,
                bytes: None,
            });
        } else if input.safety_snapshot.is_some() {
            group.last_loss = None;
        }
        group.status = group.settled_status();
        site.records.write_group(version, &group).await?;
        Ok(Nothing {})
    }
}
