use super::read;
use crate::openstack::{Error, Session};
use crate::time::optional_utc;
use crate::transport::Context;
use jiff::Timestamp;
use serde::Deserialize;

/// A process of Nova on a host, as `GET /os-services` gives it.
// nova/api/openstack/compute/services.py (_get_service_detail), 2.96, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ComputeService {
    /// Its id (2.53); none, if its cell is down.
    pub id: Option<String>,
    /// `nova-compute`, `nova-scheduler`, `nova-conductor`.
    pub binary: String,
    /// Its host.
    pub host: String,
    /// The availability zone it is in.
    pub zone: Option<String>,
    /// `enabled` or `disabled`; `UNKNOWN`, if its cell is down.
    pub status: String,
    /// `up` or `down`.
    pub state: Option<String>,
    /// Why it is disabled.
    pub disabled_reason: Option<String>,
    /// Whether somebody said that it is down (2.11).
    #[serde(default)]
    pub forced_down: bool,
    /// When it was heard of last.
    #[serde(default, deserialize_with = "optional_utc")]
    pub updated_at: Option<Timestamp>,
}

/// The processes of Nova; for administrators.
#[derive(Debug, Clone)]
pub struct ComputeServices {
    session: Session,
}

impl ComputeServices {
    /// The processes of Nova that `session` may see.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists processes, of one kind if it is named. There is one page.
    ///
    /// # Errors
    /// `Forbidden` to those who are no administrators; otherwise the call failed.
    pub async fn list(&self, context: &Context, binary: Option<&str>) -> Result<Vec<ComputeService>, Error> {
        let mut request = read("os-services", "list compute services");
        if let Some(binary) = binary {
            request = request.query("binary", binary);
        }
        self.session.fetch_field(context, &request, "services").await
    }
}

#[cfg(test)]
mod tests;
