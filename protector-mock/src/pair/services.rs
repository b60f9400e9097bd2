//! Which services there are.

use super::files::PASSWORD;
use super::relocated::Relocated;
use super::{ARRAYS, Addresses, PairError, Place, Placed, SITES};
use crate::cloud::{Fault, Service, ServiceDescription, ServiceKind, Site};
use crate::flasharray::{FlashArray, RequestLog};
use crate::http::Endpoint;
use crate::world::{Reactions, Transaction, World};
use crate::{block_storage, compute, identity, image, network};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All services of a site.
static SERVICES: [&ServiceDescription; 5] = [
    &identity::SERVICE,
    &image::SERVICE,
    &const { compute::description(identity::tokens::authenticate) },
    &const { block_storage::description(identity::tokens::authenticate) },
    &const { network::description(identity::tokens::authenticate) },
];

/// All that may become due in a pair's world.
pub fn reactions() -> Reactions {
    let some = [crate::arrays::REACTIONS, image::REACTIONS];
    let all = some.iter().chain(block_storage::REACTIONS).chain(compute::REACTIONS);
    all.fold(Reactions::default(), |reactions, more| reactions.with(more))
}

/// The services of a site.
pub(super) fn of_site(
    site: &Arc<Site>,
    quiet: bool,
    addresses: &Addresses,
) -> Result<Vec<Placed>, PairError> {
    let Some(name) = SITES.into_iter().find(|name| *name == site.name) else { return Ok(Vec::new()) };
    let mut placed = Vec::new();
    for description in SERVICES {
        let mut endpoint: Arc<dyn Endpoint> = Arc::new(Service::new(Arc::clone(site), description)?);
        if quiet && description.kind == ServiceKind::Identity {
            let origins = [false, true].map(|quiet| addresses.services(name, quiet));
            let [said, sent] = origins.map(BTreeMap::into_values);
            endpoint = Arc::new(Relocated::new(endpoint, said.zip(sent).collect()));
        }
        placed.push((Place::Service { site: name, kind: description.kind, quiet }, endpoint));
    }
    Ok(placed)
}

/// The arrays.
pub(super) fn arrays(world: &Arc<World>, quiet: bool, log: &Arc<RequestLog>) -> Vec<Placed> {
    let one = |array: &'static str| {
        let endpoint: Arc<dyn Endpoint> =
            Arc::new(FlashArray::new(Arc::clone(world), array, Arc::clone(log)));
        (Place::Array { array, quiet }, endpoint)
    };
    ARRAYS.map(one).into()
}

/// Makes what a site always has.
pub(super) fn prepare(transaction: &mut Transaction<'_>, site: &Site) -> Result<(), Fault> {
    let administrator = identity::Administrator { name: "admin", password: PASSWORD, project: "admin" };
    identity::bootstrap(transaction, site, administrator)?;
    Ok(block_storage::prepare(transaction, site)?)
}
