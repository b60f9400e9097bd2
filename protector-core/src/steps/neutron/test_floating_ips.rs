use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::{OperationId, PortId};
use crate::openstack::network::{FloatingIp, FloatingIpQuery, NewFloatingIp};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

/// Makes a floating IP for a test, of an address that nobody has, and leads it to the port of a copy.
#[derive(Debug)]
pub struct CreateTestFloatingIp;

/// See [`CreateTestFloatingIp`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateTestFloatingIpInput {
    /// The external network.
    pub floating_network_id: String,
    /// The port.
    pub port_id: PortId,
    /// The subnet in which the port has the address that it leads to.
    pub subnet_id: String,
}

/// A floating IP that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct FloatingIpMade {
    /// Its id.
    pub floating_ip_id: String,
    /// The address outside.
    pub address: String,
}

impl CreateTestFloatingIp {
    async fn find(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateTestFloatingIpInput,
    ) -> Result<Option<FloatingIp>, StepError> {
        let query = FloatingIpQuery { port_id: Some(input.port_id.clone()), ..FloatingIpQuery::default() };
        let floating_ips = site.access.cloud.floating_ips();
        let all: Vec<FloatingIp> = floating_ips.list(&run.context, &query).try_collect().await?;
        // Somebody may have led one of their own there.
        Ok(all.into_iter().find(|found| is_floating_ip_of_test(found, run.operation)))
    }

    async fn tagged(site: Site<'_>, run: &StepRun, found: FloatingIp) -> Result<FloatingIpMade, StepError> {
        let tags = [naming::port_tag(run.group), naming::test_tag(run.operation)];
        site.access.cloud.floating_ips().set_tags(&run.context, &found.id, &tags).await?;
        Ok(FloatingIpMade { floating_ip_id: found.id, address: found.floating_ip_address })
    }

    /// The port's address there: Neutron chooses none where a port has several.
    async fn inside(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateTestFloatingIpInput,
    ) -> Result<String, StepError> {
        let port = site.access.cloud.ports().get(&run.context, &input.port_id).await?;
        let mut there = port.fixed_ips.into_iter().filter(|fixed| fixed.subnet_id == input.subnet_id);
        there.find_map(|fixed| fixed.ip_address).ok_or_else(|| {
            let message = format!(
                "cannot make a floating IP for port {} at {}: it has no address in subnet {}",
                input.port_id, site.access.site, input.subnet_id
            );
            StepError::new(Code::StepConflict, message)
        })
    }
}

/// Whether a floating IP bears the marker of a test.
pub(crate) fn is_floating_ip_of_test(floating_ip: &FloatingIp, test: OperationId) -> bool {
    let marker = naming::test_tag(test);
    floating_ip.tags.contains(&marker) || floating_ip.description == marker
}

impl SiteStep for CreateTestFloatingIp {
    const NAME: &'static str = "create_test_floating_ip";
    const SYSTEM: &'static str = "neutron";
    type Input = CreateTestFloatingIpInput;
    type Output = FloatingIpMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<FloatingIpMade>, StepError> {
        match Self::find(site, run, input).await? {
            Some(found) => Ok(Seen::Done(Self::tagged(site, run, found).await?)),
            None => Ok(Seen::NotDone),
        }
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<FloatingIpMade, StepError> {
        let fixed_ip_address = Self::inside(site, run, input).await.map_err(StepError::before_any_change)?;
        let new = NewFloatingIp {
            floating_network_id: input.floating_network_id.clone(),
            description: naming::test_tag(run.operation),
            floating_ip_address: None,
            port_id: Some(input.port_id.clone()),
            fixed_ip_address: Some(fixed_ip_address),
        };
        let made = match site.access.cloud.floating_ips().create(&run.context, &new).await {
            Ok(made) => made,
            // A process that was killed may have asked for it: what was under way then is there only now.
            Err(error) => Self::find(site, run, input).await?.ok_or(error)?,
        };
        Self::tagged(site, run, made).await
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        output: Option<&FloatingIpMade>,
    ) -> Result<(), StepError> {
        let id = match output {
            Some(made) => Some(made.floating_ip_id.clone()),
            None => Self::find(site, run, input).await?.map(|found| found.id),
        };
        match id {
            Some(id) => Ok(site.access.cloud.floating_ips().delete(&run.context, &id).await?),
            None => Ok(()),
        }
    }
}

/// Deletes a floating IP that a test made.
#[derive(Debug)]
pub struct DeleteTestFloatingIp;

/// See [`DeleteTestFloatingIp`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteTestFloatingIpInput {
    /// The floating IP.
    pub floating_ip_id: String,
    /// The operation whose marker it must have.
    pub test: OperationId,
    /// Whether that operation's journal says that it made the floating IP: then it goes without the marker, too.
    pub made: bool,
}

impl SiteStep for DeleteTestFloatingIp {
    const NAME: &'static str = "delete_test_floating_ip";
    const SYSTEM: &'static str = "neutron";
    type Input = DeleteTestFloatingIpInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let floating_ips = site.access.cloud.floating_ips();
        match floating_ips.get(&run.context, &input.floating_ip_id).await {
            Err(error) if error.is_not_found() => return Ok(Nothing {}),
            Err(error) => return Err(error.into()),
            Ok(found) if !input.made && !is_floating_ip_of_test(&found, input.test) => {
                return Err(StepError::not_of_test("floating IP", &found.id, input.test));
            }
            Ok(_) => {}
        }
        floating_ips.delete(&run.context, &input.floating_ip_id).await?;
        Ok(Nothing {})
    }
}
