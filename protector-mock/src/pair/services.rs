//! Which services there are.

use super::{PairError, Place, SITES};
use crate::cloud::{Service, ServiceDescription, Site};
use crate::http::Endpoint;
use crate::world::Reactions;
use std::sync::Arc;

/// All services of a site.
const SERVICES: &[&ServiceDescription] = &[];

/// All that may become due in a pair's world.
pub fn reactions() -> Reactions {
    Reactions::default()
}

/// Something that answers, and where.
pub(super) type Placed = (Place, Arc<dyn Endpoint>);

pub(super) fn of_site(site: &Arc<Site>, quiet: bool) -> Result<Vec<Placed>, PairError> {
    let Some(name) = SITES.into_iter().find(|name| *name == site.name) else { return Ok(Vec::new()) };
    SERVICES
        .iter()
        .map(|&description| {
            let service = Service::new(Arc::clone(site), description)?;
            let place = Place::Service { site: name, kind: description.kind, quiet };
            Ok((place, Arc::new(service) as Arc<dyn Endpoint>))
        })
        .collect()
}
