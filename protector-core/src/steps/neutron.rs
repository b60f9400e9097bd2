//! Steps in Neutron.

mod test_floating_ips;
mod test_networks;
mod test_ports;
mod update;

pub(crate) use test_floating_ips::is_floating_ip_of_test;
pub use test_floating_ips::{
    CreateTestFloatingIp, CreateTestFloatingIpInput, DeleteTestFloatingIp, DeleteTestFloatingIpInput,
    FloatingIpMade,
};
pub(crate) use test_networks::is_of_test;
pub use test_networks::{
    CreateTestNetwork, CreateTestNetworkInput, CreateTestSubnet, CreateTestSubnetInput, DeleteTestNetwork,
    DeleteTestNetworkInput, NetworkMade, SubnetMade,
};
pub use test_ports::{
    CreateTestPort, CreateTestPortInput, DeleteTestPort, DeleteTestPortInput, TestPortMade,
};
pub use update::{UpdatePort, UpdatePortInput};

use super::storage::Nothing;
use super::{Seen, Site, SiteStep};
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::PortId;
use crate::openstack::network::{NewPort, Port, PortQuery};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

/// Makes a port with the MAC and addresses of the original.
#[derive(Debug)]
pub struct CreatePort;

/// See [`CreatePort`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreatePortInput {
    /// The port.
    pub port: NewPort,
    /// Its tags, the marker among them.
    pub tags: Vec<String>,
    /// The marker.
    pub marker: String,
}

/// A port that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct PortMade {
    /// Its id.
    pub port_id: PortId,
}

impl CreatePort {
    async fn find(site: Site<'_>, run: &StepRun, input: &CreatePortInput) -> Result<Vec<Port>, StepError> {
        let query = PortQuery {
            network_id: Some(input.port.network_id.clone()),
            mac_address: input.port.mac_address.clone(),
            ..PortQuery::default()
        };
        Ok(site.access.cloud.ports().list(&run.context, &query).try_collect().await?)
    }

    /// Whether a port that was found is what was asked for: only its tags may be missing yet.
    fn is_it(input: &CreatePortInput, port: &Port) -> bool {
        port.name == input.port.name
            && port.description == input.port.description
            && port.device_id.is_empty()
    }
}

impl SiteStep for CreatePort {
    const NAME: &'static str = "create_port";
    const SYSTEM: &'static str = "neutron";
    type Input = CreatePortInput;
    type Output = PortMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<PortMade>, StepError> {
        let found = Self::find(site, run, input).await?;
        let Some(port) = found.first() else { return Ok(Seen::NotDone) };
        if !port.tags.contains(&input.marker) && !Self::is_it(input, port) {
            return Ok(Seen::Conflict(format!(
                "the MAC address {} is used by port {} at {}",
                port.mac_address, port.id, site.access.site
            )));
        }
        site.access.cloud.ports().set_tags(&run.context, &port.id, &input.tags).await?;
        Ok(Seen::Done(PortMade { port_id: port.id.clone() }))
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<PortMade, StepError> {
        let ports = site.access.cloud.ports();
        // A Neutron that does not even answer a look is not asked for a port: then nothing is left to be undone.
        Self::find(site, run, input).await.map_err(StepError::before_any_change)?;
        let port = match ports.create(&run.context, &input.port).await {
            // A process that was killed may have asked for it: what was under way then is there only now.
            Err(error) if error.is_address_taken() => {
                let found = Self::find(site, run, input).await?;
                found.into_iter().find(|port| Self::is_it(input, port)).ok_or(error)?
            }
            made => made?,
        };
        ports.set_tags(&run.context, &port.id, &input.tags).await?;
        Ok(PortMade { port_id: port.id })
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        output: Option<&PortMade>,
    ) -> Result<(), StepError> {
        let ports = site.access.cloud.ports();
        if let Some(made) = output {
            return Ok(ports.delete(&run.context, &made.port_id).await?);
        }
        for port in Self::find(site, run, input).await? {
            if port.device_id.is_empty() && (port.tags.contains(&input.marker) || Self::is_it(input, &port)) {
                ports.delete(&run.context, &port.id).await?;
            }
        }
        Ok(())
    }
}

/// Deletes a port that nobody uses.
#[derive(Debug)]
pub struct DeletePort;

/// See [`DeletePort`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeletePortInput {
    /// The port.
    pub port_id: PortId,
    /// The marker that it must have.
    pub marker: String,
    /// Who may use it, if that matters: whoever else has come to use it since keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl SiteStep for DeletePort {
    const NAME: &'static str = "delete_port";
    const SYSTEM: &'static str = "neutron";
    type Input = DeletePortInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let ports = site.access.cloud.ports();
        match ports.get(&run.context, &input.port_id).await {
            Err(error) if error.is_not_found() => return Ok(Nothing {}),
            Err(error) => return Err(error.into()),
            Ok(port) if !port.tags.contains(&input.marker) => {
                let message =
                    format!("port {} at {} is not marked as protector's", port.id, site.access.site);
                return Err(StepError::new(Code::StepConflict, message));
            }
            Ok(port)
                if input
                    .user
                    .as_ref()
                    .is_some_and(|user| !port.device_id.is_empty() && port.device_id != *user) =>
            {
                let message = format!(
                    "port {} at {} is used by {} since the plan was made",
                    port.id, site.access.site, port.device_id
                );
                return Err(StepError::new(Code::StepConflict, message));
            }
            Ok(_) => {}
        }
        ports.delete(&run.context, &input.port_id).await?;
        Ok(Nothing {})
    }
}
