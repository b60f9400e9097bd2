use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::id::OperationId;
use crate::openstack::network::{Network, NetworkQuery, NewNetwork, NewSubnet, Subnet, SubnetQuery};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

/// Makes an isolated network for a test: no router leads to it, it leads nowhere.
#[derive(Debug)]
pub struct CreateTestNetwork;

/// See [`CreateTestNetwork`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateTestNetworkInput {
    /// Its name.
    pub name: String,
}

/// A network that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct NetworkMade {
    /// Its id.
    pub network_id: String,
}

impl CreateTestNetwork {
    async fn find(site: Site<'_>, run: &StepRun, name: &str) -> Result<Vec<Network>, StepError> {
        let project = site.access.cloud.session().project(&run.context).await?;
        let query = NetworkQuery { name: Some(name.to_owned()), project_id: Some(project), tags: Vec::new() };
        let all: Vec<Network> = site.access.cloud.networks().list(&run.context, &query).try_collect().await?;
        // Its tags come after it: a process that was killed in between has left the description only.
        Ok(all.into_iter().filter(|network| is_of_test(network, run.operation)).collect())
    }

    async fn tag(site: Site<'_>, run: &StepRun, id: &str) -> Result<(), StepError> {
        let tags = [naming::port_tag(run.group), naming::test_tag(run.operation)];
        Ok(site.access.cloud.networks().set_tags(&run.context, id, &tags).await?)
    }
}

/// Whether a network bears the marker of a test.
pub(crate) fn is_of_test(network: &Network, test: OperationId) -> bool {
    let marker = naming::test_tag(test);
    network.tags.contains(&marker) || network.description == marker
}

impl SiteStep for CreateTestNetwork {
    const NAME: &'static str = "create_test_network";
    const SYSTEM: &'static str = "neutron";
    type Input = CreateTestNetworkInput;
    type Output = NetworkMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<NetworkMade>, StepError> {
        let mut found = Self::find(site, run, &input.name).await?;
        let Some(network) = found.pop() else { return Ok(Seen::NotDone) };
        Self::tag(site, run, &network.id).await?;
        Ok(Seen::Done(NetworkMade { network_id: network.id }))
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<NetworkMade, StepError> {
        let description = naming::test_tag(run.operation);
        let new = NewNetwork { name: input.name.clone(), description };
        let made = site.access.cloud.networks().create(&run.context, &new).await?;
        Self::tag(site, run, &made.id).await?;
        Ok(NetworkMade { network_id: made.id })
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&NetworkMade>,
    ) -> Result<(), StepError> {
        for network in Self::find(site, run, &input.name).await? {
            site.access.cloud.networks().delete(&run.context, &network.id).await?;
        }
        Ok(())
    }
}

/// Makes the subnet of a test's network.
#[derive(Debug)]
pub struct CreateTestSubnet;

/// See [`CreateTestSubnet`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateTestSubnetInput {
    /// The subnet.
    pub subnet: NewSubnet,
}

/// A subnet that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct SubnetMade {
    /// Its id.
    pub subnet_id: String,
}

impl CreateTestSubnet {
    // The network is the test's own: whatever has this range in it was made for it.
    async fn find(site: Site<'_>, run: &StepRun, subnet: &NewSubnet) -> Result<Option<Subnet>, StepError> {
        let query = SubnetQuery { network_id: Some(subnet.network_id.clone()) };
        let all: Vec<Subnet> = site.access.cloud.subnets().list(&run.context, &query).try_collect().await?;
        Ok(all.into_iter().find(|found| found.cidr == subnet.cidr))
    }
}

impl SiteStep for CreateTestSubnet {
    const NAME: &'static str = "create_test_subnet";
    const SYSTEM: &'static str = "neutron";
    type Input = CreateTestSubnetInput;
    type Output = SubnetMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<SubnetMade>, StepError> {
        let found = Self::find(site, run, &input.subnet).await?;
        Ok(found.map_or(Seen::NotDone, |subnet| Seen::Done(SubnetMade { subnet_id: subnet.id })))
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<SubnetMade, StepError> {
        let made = site.access.cloud.subnets().create(&run.context, &input.subnet).await?;
        Ok(SubnetMade { subnet_id: made.id })
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&SubnetMade>,
    ) -> Result<(), StepError> {
        match Self::find(site, run, &input.subnet).await? {
            Some(subnet) => Ok(site.access.cloud.subnets().delete(&run.context, &subnet.id).await?),
            None => Ok(()),
        }
    }
}

/// Deletes a network that a test made, with its subnets.
#[derive(Debug)]
pub struct DeleteTestNetwork;

/// See [`DeleteTestNetwork`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteTestNetworkInput {
    /// The network.
    pub network_id: String,
    /// The operation whose marker it must have.
    pub test: OperationId,
    /// Whether that operation's journal says that it made the network: then it goes without the marker, too.
    pub made: bool,
}

impl SiteStep for DeleteTestNetwork {
    const NAME: &'static str = "delete_test_network";
    const SYSTEM: &'static str = "neutron";
    type Input = DeleteTestNetworkInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let networks = site.access.cloud.networks();
        match networks.get(&run.context, &input.network_id).await {
            Err(error) if error.is_not_found() => return Ok(Nothing {}),
            Err(error) => return Err(error.into()),
            Ok(network) if !input.made && !is_of_test(&network, input.test) => {
                return Err(StepError::not_of_test("network", &network.id, input.test));
            }
            Ok(_) => {}
        }
        networks.delete(&run.context, &input.network_id).await?;
        Ok(Nothing {})
    }
}
