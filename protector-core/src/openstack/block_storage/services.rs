use super::read;
use crate::openstack::{Error, Session};
use crate::time::optional_utc;
use crate::transport::Context;
use jiff::Timestamp;
use serde::Deserialize;

/// A process of Cinder, as `GET /os-services` gives it.
// cinder/api/v3/services.py (index), 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VolumeService {
    /// `cinder-volume`, `cinder-scheduler`, `cinder-backup`.
    pub binary: String,
    /// Its host; `host@backend` of `cinder-volume`.
    pub host: String,
    /// The availability zone it is in.
    pub zone: Option<String>,
    /// `enabled` or `disabled`.
    pub status: String,
    /// `up` or `down`.
    pub state: String,
    /// Why it is disabled.
    pub disabled_reason: Option<String>,
    /// When it was heard of last.
    #[serde(default, deserialize_with = "optional_utc")]
    pub updated_at: Option<Timestamp>,
    /// Whether its backend answers (3.49), `up` or `down`; of `cinder-volume` only, as what follows.
    pub backend_state: Option<String>,
    /// `enabled`, `disabled`, `failed-over`, …
    pub replication_status: Option<String>,
    /// Where it failed over to as a whole; `None` while it uses its own backend.
    pub active_backend_id: Option<String>,
    /// Whether it makes and deletes nothing.
    #[serde(default)]
    pub frozen: bool,
}

/// The processes of Cinder; for administrators.
#[derive(Debug, Clone)]
pub struct VolumeServices {
    session: Session,
}

impl VolumeServices {
    /// The processes of Cinder that `session` may see.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists processes, of one kind if it is named. There is one page.
    ///
    /// # Errors
    /// `Forbidden` to those who are no administrators; otherwise the call failed.
    pub async fn list(&self, context: &Context, binary: Option<&str>) -> Result<Vec<VolumeService>, Error> {
        let mut request = read("os-services", "list volume services");
        if let Some(binary) = binary {
            request = request.query("binary", binary);
        }
        self.session.fetch_field(context, &request, "services").await
    }
}

#[cfg(test)]
mod tests;
