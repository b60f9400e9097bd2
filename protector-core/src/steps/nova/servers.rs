use super::{server_in, server_now};
use crate::engine::{StepError, StepRun};
use crate::error::{Class, Code};
use crate::id::{LineageId, PortId, ServerId, VolumeId};
use crate::openstack::compute::NewServer;
use crate::openstack::network::Port;
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Makes a server from volumes and ports that exist: a second one with the same is refused by Nova.
#[derive(Debug)]
pub struct CreateServer;

/// See [`CreateServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateServerInput {
    /// The VM, whose definition has the user data.
    pub member: LineageId,
    /// The server, without user data.
    pub server: NewServer,
}

/// A server that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerMade {
    /// Its id.
    pub server_id: ServerId,
}

impl CreateServer {
    /// Who uses the ports: `None` if nobody does.
    async fn user(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateServerInput,
    ) -> Result<Option<ServerId>, StepError> {
        for network in &input.server.networks {
            let port: Port = site.access.cloud.ports().get(&run.context, &network.port).await?;
            if !port.device_id.is_empty() {
                return Ok(Some(ServerId::new(port.device_id)));
            }
        }
        // A server without ports, or whose ports are not bound yet, has our marker.
        let all = site.access.servers.look(&run.context).await?;
        let ours = all.iter().find(|server| {
            let key = crate::domain::naming::LINEAGE_KEY;
            server.metadata.get(key).is_some_and(|lineage| *lineage == input.member.to_string())
        });
        Ok(ours.map(|server| server.id.clone()))
    }
}

impl SiteStep for CreateServer {
    const NAME: &'static str = "create_server";
    const SYSTEM: &'static str = "nova";
    type Input = CreateServerInput;
    type Output = ServerMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<ServerMade>, StepError> {
        let Some(server_id) = Self::user(site, run, input).await? else { return Ok(Seen::NotDone) };
        match server_now(site.access, run, &server_id).await? {
            None => Ok(Seen::Conflict(format!(
                "a port of server {} is used by {server_id}, which is not there at {}",
                input.server.name, site.access.site
            ))),
            // A build that failed holds nothing: its ports and volumes are free again once it is deleted.
            Some(server) if server.status == "ERROR" && server.name == input.server.name => {
                delete(site, run, &server_id).await?;
                Ok(Seen::NotDone)
            }
            Some(server) if server.name == input.server.name => {
                server_in(site.access, run, &server_id, "ACTIVE").await?;
                Ok(Seen::Done(ServerMade { server_id }))
            }
            Some(server) => Ok(Seen::Conflict(format!(
                "a port of server {} is used by server {} ({server_id}) at {}",
                input.server.name, server.name, site.access.site
            ))),
        }
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<ServerMade, StepError> {
        let mut server = input.server.clone();
        if let Some(definition) = site.records.definition(input.member).await?
            && let Some(sealed) = &definition.user_data
        {
            server.user_data = Some(site.records.open_user_data(input.member, sealed)?);
        }
        let server_id = create(site, run, &server).await?;
        let built = server_in(site.access, run, &server_id, "ACTIVE").await;
        match built {
            // Tried again: the next look deletes what could not be built. It is this server's trouble, and not the service's.
            Err(error) if error.code == Code::StepConflict => {
                Err(StepError { code: Code::StepFailed, class: Class::Transient, ..error })
            }
            Err(error) => Err(error),
            Ok(_) => Ok(ServerMade { server_id }),
        }
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        output: Option<&ServerMade>,
    ) -> Result<(), StepError> {
        let made = match output {
            Some(made) => Some(made.server_id.clone()),
            None => Self::user(site, run, input).await?,
        };
        match made {
            Some(id) => delete(site, run, &id).await,
            None => Ok(()),
        }
    }
}

/// Asks for a server. A request whose answer was lost may still be at work on the same: what is refused because a volume or a
/// port is in use is worth another look, and no final word.
pub(super) async fn create(site: Site<'_>, run: &StepRun, server: &NewServer) -> Result<ServerId, StepError> {
    let refused = match site.access.cloud.servers().create(&run.context, server).await {
        Ok(id) => return Ok(id),
        Err(error) => StepError::from(error),
    };
    let about_parts = matches!(refused.code, Code::RequestRefused | Code::Conflict);
    if about_parts && matches!(parts_in_use(site, run, server).await, Ok(true)) {
        return Err(StepError { class: Class::Transient, ..refused });
    }
    Err(refused)
}

/// Whether somebody uses a volume or a port that a server is to be made from, or is about to.
async fn parts_in_use(site: Site<'_>, run: &StepRun, server: &NewServer) -> Result<bool, StepError> {
    for device in &server.block_devices {
        let volume = site.access.cloud.volumes().get(&run.context, &device.uuid).await?;
        if volume.status != "available" {
            return Ok(true);
        }
    }
    for network in &server.networks {
        let port = site.access.cloud.ports().get(&run.context, &network.port).await?;
        if !port.device_id.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn delete(site: Site<'_>, run: &StepRun, id: &ServerId) -> Result<(), StepError> {
    site.access.cloud.servers().delete(&run.context, id).await?;
    let gone = |servers: &[crate::openstack::compute::Server]| {
        if servers.iter().any(|server| server.id == *id) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    Ok(site.access.servers.until(&run.context, gone).await?)
}

/// Deletes a server; its volumes and ports stay, whatever was said when it was made.
#[derive(Debug)]
pub struct DeleteServer;

/// See [`DeleteServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteServerInput {
    /// The server.
    pub server_id: ServerId,
}

impl SiteStep for DeleteServer {
    const NAME: &'static str = "delete_server";
    const SYSTEM: &'static str = "nova";
    type Input = DeleteServerInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let there = server_now(site.access, run, &input.server_id).await?.is_some();
        Ok(if there { Seen::NotDone } else { Seen::Done(Nothing {}) })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let Some(server) = server_now(site.access, run, &input.server_id).await? else {
            return Ok(Nothing {});
        };
        release_volumes(site, run, &server).await?;
        delete(site, run, &server.id).await?;
        Ok(Nothing {})
    }
}

/// Sees that a server can be deleted and that no volume goes with it.
pub(super) async fn release_volumes(
    site: Site<'_>,
    run: &StepRun,
    server: &crate::openstack::compute::Server,
) -> Result<(), StepError> {
    if server.locked {
        site.access.cloud.servers().unlock(&run.context, &server.id).await?;
    }
    // Nova would have Cinder delete, and the driver eradicate, what held production data.
    let attachments = site.access.cloud.volume_attachments();
    for attachment in attachments.list(&run.context, &server.id).await? {
        if attachment.delete_on_termination {
            attachments
                .set_delete_on_termination(&run.context, &server.id, &attachment.volume_id, false)
                .await?;
        }
    }
    Ok(())
}

/// Sees that a server is what it has to be.
#[derive(Debug)]
pub struct VerifyServer;

/// See [`VerifyServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct VerifyServerInput {
    /// The server.
    pub server_id: ServerId,
    /// The status it has to be in.
    pub status: String,
    /// Its volumes.
    pub volumes: Vec<VolumeId>,
    /// Its ports.
    pub ports: Vec<ExpectedPort>,
}

/// A port as it has to be.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpectedPort {
    /// The port.
    pub port_id: PortId,
    /// Its MAC address.
    pub mac_address: String,
    /// Its addresses.
    pub addresses: Vec<String>,
}

impl SiteStep for VerifyServer {
    const NAME: &'static str = "verify_server";
    const SYSTEM: &'static str = "nova";
    type Input = VerifyServerInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let server = server_in(site.access, run, &input.server_id, &input.status).await?;
        let mut differences = Vec::new();
        let attached: BTreeSet<_> = server.volumes_attached.iter().map(|volume| &volume.id).collect();
        let wanted: BTreeSet<_> = input.volumes.iter().collect();
        if attached != wanted {
            differences.push(format!("it has the volumes {attached:?} instead of {wanted:?}"));
        }
        for expected in &input.ports {
            let port = site.access.cloud.ports().get(&run.context, &expected.port_id).await?;
            if port.device_id != input.server_id.as_str() {
                differences.push(format!("port {} is used by {:?}", port.id, port.device_id));
            }
            if !port.mac_address.eq_ignore_ascii_case(&expected.mac_address) {
                differences.push(format!("port {} has the MAC address {}", port.id, port.mac_address));
            }
            let addresses: BTreeSet<_> =
                port.fixed_ips.iter().filter_map(|ip| ip.ip_address.as_ref()).collect();
            if addresses != expected.addresses.iter().collect() {
                differences.push(format!("port {} has the addresses {addresses:?}", port.id));
            }
        }
        if differences.is_empty() {
            return Ok(Nothing {});
        }
        let (name, site) = (&server.name, &site.access.site);
        Err(StepError::conflict(format!(
            "server {name} at {site} is not as planned: {}",
            differences.join("; ")
        )))
    }
}
