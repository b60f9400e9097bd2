//! The services and hypervisors that a site has.

use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};

/// One of Nova's services; a `nova-compute` is a hypervisor, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) number: u64,
    pub(super) binary: String,
    pub(super) host: String,
    pub(super) disabled: bool,
    pub(super) disabled_reason: Option<String>,
    pub(super) forced_down: bool,
    /// Id of the hypervisor.
    pub(super) node: String,
}

pub(super) const COMPUTE: &str = "nova-compute";

impl Service {
    pub(super) fn is_up(&self) -> bool {
        !self.forced_down
    }

    /// What administrators see of the host in servers (`host_status`).
    pub(super) fn status(&self) -> &'static str {
        match (self.forced_down, self.disabled) {
            (true, _) => "DOWN",
            (false, true) => "MAINTENANCE",
            (false, false) => "UP",
        }
    }
}

impl Record for Service {
    const KIND: &'static str = "compute.service";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("host", self.host.clone()), ("binary", self.binary.clone())]
    }
}

/// Adds a compute host to a site.
///
/// # Errors
/// The world cannot be written.
pub fn add(transaction: &mut Transaction<'_>, site: &str, host: &str) -> Result<(), WorldError> {
    put(transaction, site, COMPUTE, host)
}

fn put(transaction: &mut Transaction<'_>, site: &str, binary: &str, host: &str) -> Result<(), WorldError> {
    let service = Service {
        id: transaction.new_uuid()?.to_string(),
        number: super::next_number(transaction, site, "service")?,
        binary: binary.to_owned(),
        host: host.to_owned(),
        disabled: false,
        disabled_reason: None,
        forced_down: false,
        node: transaction.new_uuid()?.to_string(),
    };
    transaction.put(site, &service)
}

/// All services; those of a site that has none yet are made: a control host and one compute host.
pub(super) fn services(transaction: &mut Transaction<'_>, site: &str) -> Result<Vec<Service>, WorldError> {
    for binary in ["nova-scheduler", "nova-conductor"] {
        if transaction.count::<Service>(site, Some(("binary", binary)))? == 0 {
            put(transaction, site, binary, &format!("{site}-control"))?;
        }
    }
    let mut services: Vec<Service> = transaction.list(site)?;
    if !services.iter().any(|service| service.binary == COMPUTE)
        && transaction.fact(&removed(site))?.is_none()
    {
        add(transaction, site, &format!("{site}-compute"))?;
        services = transaction.list(site)?;
    }
    Ok(services)
}

/// The fact that somebody removed compute hosts, so that none is made again.
pub(super) fn removed(site: &str) -> String {
    format!("compute/hosts-removed/{site}")
}

/// The compute hosts.
pub(super) fn computes(transaction: &mut Transaction<'_>, site: &str) -> Result<Vec<Service>, WorldError> {
    let mut services = services(transaction, site)?;
    services.retain(|service| service.binary == COMPUTE);
    Ok(services)
}

/// The compute service of a host.
pub(super) fn of_host(
    transaction: &Transaction<'_>,
    site: &str,
    host: &str,
) -> Result<Option<Service>, WorldError> {
    let services: Vec<Service> = transaction.find(site, "host", host)?;
    Ok(services.into_iter().find(|service| service.binary == COMPUTE))
}
