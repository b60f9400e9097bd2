//! What is recorded of tests, and what is left of them.

use crate::domain::{GroupStatus, Remnant, RunningTest, naming};
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, OperationId, VolumeId};
use crate::inventory::read_floating_ips;
use crate::openstack::network::{Network, NetworkQuery, Port, PortQuery};
use crate::steps::neutron::{is_floating_ip_of_test, is_of_test};
use crate::steps::storage::Nothing;
use crate::steps::{RecordError, Seen, Site, SiteStep};
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Records that a test runs, by the operation that made it.
#[derive(Debug)]
pub struct RecordTest;

/// See [`RecordTest`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordTestInput {
    /// The recovery point that it runs on.
    pub point: String,
    /// The moment that the point holds.
    pub point_created: Timestamp,
    /// After how many seconds it is ended.
    pub time_to_live: u64,
    /// Whether its VMs were to have floating IPs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floating_ips: bool,
}

impl SiteStep for RecordTest {
    const NAME: &'static str = "record_test";
    const SYSTEM: &'static str = "guard";
    type Input = RecordTestInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let (version, group) = site.records.group(run.group).await?;
        let mut group = group.ok_or(RecordError::NoGroup(run.group))?;
        let now = site.records.clock().now();
        let life = SignedDuration::from_secs(i64::try_from(input.time_to_live).unwrap_or(i64::MAX));
        group.status = GroupStatus::TestActive;
        group.test = Some(RunningTest {
            operation: run.operation,
            site: site.access.site.clone(),
            point: input.point.clone(),
            started_at: now,
            // What lies beyond all calendars never comes.
            ends_at: now.checked_add(life).ok(),
            floating_ips: input.floating_ips,
        });
        site.records.write_group(version, &group).await?;
        Ok(Nothing {})
    }
}

/// Looks for what is still there of a test.
#[derive(Debug)]
pub struct LookForRemains;

/// See [`LookForRemains`].
#[derive(Debug, Serialize, Deserialize)]
pub struct LookForRemainsInput {
    /// The operation whose marker is looked for.
    pub test: OperationId,
    /// Objects that are known by their ids, marked or not.
    pub known: Vec<String>,
    /// Keypairs that the test imported.
    pub keypairs: Vec<String>,
    /// The array that its volumes were on.
    pub array: ArrayName,
    /// Its volumes.
    pub volumes: Vec<VolumeId>,
    /// Whether its VMs were to have floating IPs: else none are looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floating_ips: bool,
}

/// What was found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Remains {
    /// All that is still there.
    pub remains: Vec<Remnant>,
}

impl LookForRemains {
    async fn look(
        site: Site<'_>,
        run: &StepRun,
        input: &LookForRemainsInput,
    ) -> Result<Vec<Remnant>, StepError> {
        let mut remains = Vec::new();
        let mut note = |kind: &str, id: &str, name: &str, state: &str| {
            remains.push(Remnant {
                site: site.access.site.clone(),
                kind: kind.to_owned(),
                id: id.to_owned(),
                name: name.to_owned(),
                state: state.to_owned(),
            });
        };
        let known = |id: &str| input.known.iter().any(|known| known == id);
        for server in site.access.servers.look(&run.context).await?.iter() {
            if known(server.id.as_str()) || naming::is_of_test(&server.metadata, input.test) {
                note("server", server.id.as_str(), &server.name, &server.status);
            }
        }
        let volumes = site.access.volumes.look(&run.context).await?;
        for volume in volumes.iter() {
            if known(volume.id.as_str()) || naming::is_of_test(&volume.metadata, input.test) {
                let name = volume.name.as_deref().unwrap_or_default();
                note("volume", volume.id.as_str(), name, &volume.status);
            }
        }
        let (ports, networks) = Self::of_neutron(site, run).await?;
        for port in ports {
            if known(port.id.as_str()) || port.tags.contains(&naming::test_tag(input.test)) {
                note("port", port.id.as_str(), &port.name, &port.status);
            }
        }
        for network in networks {
            if known(&network.id) || is_of_test(&network, input.test) {
                note("network", &network.id, &network.name, &network.status);
            }
        }
        if input.floating_ips {
            for floating_ip in read_floating_ips(site.access, &run.context).await? {
                if known(&floating_ip.id) || is_floating_ip_of_test(&floating_ip, input.test) {
                    let (id, address) = (&floating_ip.id, &floating_ip.floating_ip_address);
                    note("floating_ip", id, address, &floating_ip.status);
                }
            }
        }
        for name in &input.keypairs {
            match site.access.cloud.keypairs().get(&run.context, name, None).await {
                Ok(_) => note("keypair", name, name, "imported"),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Cinder may have let go of what the array still has.
        let gone: Vec<VolumeId> = input
            .volumes
            .iter()
            .filter(|id| !volumes.iter().any(|volume| volume.id == **id))
            .cloned()
            .collect();
        let driver = site.array(&input.array)?;
        for (id, found) in gone.iter().zip(driver.resolve(&run.context, &gone).await?) {
            if let Some(volume) = found {
                note("array_volume", id.as_str(), &volume.name, "on the array, unknown to Cinder");
            }
        }
        Ok(remains)
    }

    async fn of_neutron(site: Site<'_>, run: &StepRun) -> Result<(Vec<Port>, Vec<Network>), StepError> {
        let project = Some(site.access.cloud.session().project(&run.context).await?);
        let ports = PortQuery { project_id: project.clone(), ..PortQuery::default() };
        let ports = site.access.cloud.ports().list(&run.context, &ports).try_collect().await?;
        let networks = NetworkQuery { project_id: project, ..NetworkQuery::default() };
        let networks = site.access.cloud.networks().list(&run.context, &networks).try_collect().await?;
        Ok((ports, networks))
    }
}

impl SiteStep for LookForRemains {
    const NAME: &'static str = "look_for_remains";
    const SYSTEM: &'static str = "guard";
    type Input = LookForRemainsInput;
    type Output = Remains;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Remains>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Remains, StepError> {
        Ok(Remains { remains: Self::look(site, run, input).await? })
    }
}

/// Records the end of a test. As long as something of it is there the test stays on record, so that it can be ended again.
#[derive(Debug)]
pub struct RecordTestEnd;

/// See [`RecordTestEnd`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordTestEndInput {
    /// What is still there.
    pub remains: Vec<Remnant>,
}

impl SiteStep for RecordTestEnd {
    const NAME: &'static str = "record_test_end";
    const SYSTEM: &'static str = "guard";
    type Input = RecordTestEndInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let (version, group) = site.records.group(run.group).await?;
        let before = group.ok_or(RecordError::NoGroup(run.group))?;
        let mut group = before.clone();
        let ended = !input.remains.iter().any(Remnant::is_there);
        if ended {
            group.test = None;
        }
        // A move that the test was turned into has its own status.
        if group.status == GroupStatus::Cleaning {
            group.status = if ended { group.settled_status() } else { GroupStatus::TestActive };
        }
        if group != before {
            site.records.write_group(version, &group).await?;
        }
        Ok(Nothing {})
    }
}
