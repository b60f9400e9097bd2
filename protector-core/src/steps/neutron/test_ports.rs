use super::{CreatePort, CreatePortInput, PortMade};
use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::id::{OperationId, PortId};
use crate::openstack::network::NewPort;
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Makes a port for a test, with the MAC address of the original and the operation's marker.
#[derive(Debug)]
pub struct CreateTestPort;

/// See [`CreateTestPort`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateTestPortInput {
    /// The port.
    pub port: NewPort,
    /// Its tags; the step puts the marker in.
    pub tags: Vec<String>,
}

/// A test's port.
#[derive(Debug, Serialize, Deserialize)]
pub struct TestPortMade {
    /// Its id.
    pub port_id: PortId,
    /// The addresses that it has: its own, or those that Neutron chose.
    pub addresses: Vec<String>,
}

impl CreateTestPort {
    fn marked(run: &StepRun, input: &CreateTestPortInput) -> CreatePortInput {
        let marker = naming::test_tag(run.operation);
        let mut tags = input.tags.clone();
        tags.push(marker.clone());
        CreatePortInput { port: input.port.clone(), tags, marker }
    }

    async fn addressed(site: Site<'_>, run: &StepRun, made: PortMade) -> Result<TestPortMade, StepError> {
        let port = site.access.cloud.ports().get(&run.context, &made.port_id).await?;
        let addresses = port.fixed_ips.into_iter().filter_map(|fixed| fixed.ip_address).collect();
        Ok(TestPortMade { port_id: made.port_id, addresses })
    }
}

impl SiteStep for CreateTestPort {
    const NAME: &'static str = "create_test_port";
    const SYSTEM: &'static str = "neutron";
    type Input = CreateTestPortInput;
    type Output = TestPortMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<TestPortMade>, StepError> {
        Ok(match CreatePort.observe(site, run, &Self::marked(run, input)).await? {
            Seen::Done(made) => Seen::Done(Self::addressed(site, run, made).await?),
            Seen::NotDone => Seen::NotDone,
            Seen::Conflict(evidence) => Seen::Conflict(evidence),
        })
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<TestPortMade, StepError> {
        let made = CreatePort.apply(site, run, &Self::marked(run, input)).await?;
        Self::addressed(site, run, made).await
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        output: Option<&TestPortMade>,
    ) -> Result<(), StepError> {
        let made = output.map(|made| PortMade { port_id: made.port_id.clone() });
        CreatePort.revert(site, run, &Self::marked(run, input), made.as_ref()).await
    }
}

/// Deletes a port that a test made.
#[derive(Debug)]
pub struct DeleteTestPort;

/// See [`DeleteTestPort`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteTestPortInput {
    /// The port.
    pub port_id: PortId,
    /// The operation whose marker it must have.
    pub test: OperationId,
    /// Whether that operation's journal says that it made the port: then it goes without the marker, too.
    pub made: bool,
}

impl SiteStep for DeleteTestPort {
    const NAME: &'static str = "delete_test_port";
    const SYSTEM: &'static str = "neutron";
    type Input = DeleteTestPortInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let ports = site.access.cloud.ports();
        match ports.get(&run.context, &input.port_id).await {
            Err(error) if error.is_not_found() => return Ok(Nothing {}),
            Err(error) => return Err(error.into()),
            Ok(port) if !input.made && !port.tags.contains(&naming::test_tag(input.test)) => {
                return Err(StepError::not_of_test("port", port.id.as_str(), input.test));
            }
            Ok(_) => {}
        }
        ports.delete(&run.context, &input.port_id).await?;
        Ok(Nothing {})
    }
}
