use super::read;
use crate::openstack::{Error, Session};
use crate::transport::Context;
use serde::Deserialize;

/// An availability zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityZone {
    /// Its name.
    pub name: String,
    /// Whether servers can be made in it.
    pub available: bool,
}

// nova/api/openstack/compute/availability_zone.py (_get_filtered_availability_zones), 2.96, 2026.2
#[derive(Deserialize)]
struct Zone {
    #[serde(rename = "zoneName")]
    name: String,
    #[serde(rename = "zoneState")]
    state: State,
}

#[derive(Deserialize)]
struct State {
    available: bool,
}

/// Nova's availability zones.
#[derive(Debug, Clone)]
pub struct AvailabilityZones {
    session: Session,
}

impl AvailabilityZones {
    /// The availability zones of `session`'s cloud.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists availability zones. There is one page.
    ///
    /// # Errors
    /// The call failed.
    pub async fn list(&self, context: &Context) -> Result<Vec<AvailabilityZone>, Error> {
        let request = read("os-availability-zone", "list availability zones");
        let zones: Vec<Zone> = self.session.fetch_field(context, &request, "availabilityZoneInfo").await?;
        let zones = zones.into_iter();
        Ok(zones.map(|zone| AvailabilityZone { name: zone.name, available: zone.state.available }).collect())
    }
}

#[cfg(test)]
mod tests;
