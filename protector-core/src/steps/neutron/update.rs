use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::id::PortId;
use crate::openstack::network::{AddressPair, ExtraDhcpOption, Port, PortUpdate};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Gives a port what its original has become where the VM runs, but not another place.
#[derive(Debug)]
pub struct UpdatePort;

/// See [`UpdatePort`]. What is not given stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdatePortInput {
    /// The port.
    pub port_id: PortId,
    /// What it is to have.
    pub update: PortUpdate,
    /// Its tags, without protector's marker, which stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

impl UpdatePortInput {
    fn is_updated(&self, port: &Port) -> bool {
        let update = &self.update;
        let sorted = |words: &[String]| words.iter().cloned().collect::<BTreeSet<String>>();
        update.name.as_ref().is_none_or(|name| *name == port.name)
            && update.description.as_ref().is_none_or(|description| *description == port.description)
            && update.admin_state_up.is_none_or(|up| up == port.admin_state_up)
            && update.port_security_enabled.is_none_or(|enabled| port.port_security_enabled == Some(enabled))
            && update
                .security_groups
                .as_deref()
                .is_none_or(|ids| sorted(ids) == sorted(&port.security_groups))
            && update.allowed_address_pairs.as_deref().is_none_or(|pairs| has_pairs(port, pairs))
            && update.extra_dhcp_opts.as_deref().is_none_or(|options| has_options(port, options))
    }

    fn has_tags(&self, port: &Port) -> bool {
        let own: BTreeSet<&String> = port.tags.iter().filter(|tag| !naming::is_marker(tag)).collect();
        self.tags.as_ref().is_none_or(|wanted| wanted.iter().collect::<BTreeSet<_>>() == own)
    }
}

fn has_pairs(port: &Port, wanted: &[AddressPair]) -> bool {
    // Neutron fills in the port's own.
    let mac = |pair: &AddressPair| pair.mac_address.clone().unwrap_or_else(|| port.mac_address.clone());
    let pairs = |pairs: &[AddressPair]| -> BTreeSet<(String, String)> {
        pairs.iter().map(|pair| (pair.ip_address.clone(), mac(pair))).collect()
    };
    pairs(wanted) == pairs(&port.allowed_address_pairs)
}

/// Whether the options that are set are there, and those that are removed are not.
fn has_options(port: &Port, changes: &[ExtraDhcpOption]) -> bool {
    let value = |change: &ExtraDhcpOption| {
        let mut options = port.extra_dhcp_opts.iter();
        let found = options
            .find(|option| (&option.opt_name, option.ip_version) == (&change.opt_name, change.ip_version));
        found.and_then(|option| option.opt_value.clone())
    };
    changes.iter().all(|change| value(change) == change.opt_value)
}

impl SiteStep for UpdatePort {
    const NAME: &'static str = "update_port";
    const SYSTEM: &'static str = "neutron";
    type Input = UpdatePortInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let port = site.access.cloud.ports().get(&run.context, &input.port_id).await?;
        let done = input.is_updated(&port) && input.has_tags(&port);
        Ok(if done { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let (ports, id) = (site.access.cloud.ports(), &input.port_id);
        let port = ports.get(&run.context, id).await?;
        if !input.is_updated(&port) {
            ports.update(&run.context, id, &input.update).await?;
        }
        if let Some(tags) = input.tags.as_ref().filter(|_| !input.has_tags(&port)) {
            let markers = port.tags.iter().filter(|tag| naming::is_marker(tag));
            let tags: Vec<String> = tags.iter().chain(markers).cloned().collect();
            ports.set_tags(&run.context, id, &tags).await?;
        }
        Ok(Nothing {})
    }
}
