use super::{change, read};
use crate::id::VolumeId;
use crate::openstack::{Error, Session};
use crate::transport::{Context, Semantics};
use futures::stream::{self, Stream, TryStreamExt};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A volume on a backend, as `GET /manageable_volumes/detail` gives it.
// cinder/api/views/manageable_volumes.py (ViewBuilder.detail), 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ManageableVolume {
    /// What the driver calls it: `{"name": …}` with Pure.
    pub reference: Value,
    /// GiB.
    pub size: u64,
    /// Whether Cinder can take it over.
    pub safe_to_manage: bool,
    /// Why not.
    pub reason_not_safe: Option<String>,
    /// The volume that it is to Cinder already.
    pub cinder_id: Option<VolumeId>,
}

/// A volume to be taken over from a backend.
// cinder/api/schemas/volume_manage.py (volume_manage_create_v316), 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeToManage {
    /// `host@backend#pool`, as [`Pools`](super::Pools) names it.
    pub host: String,
    /// What the driver is to call it by: `{"source-name": …}`.
    #[serde(rename = "ref")]
    pub reference: Value,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name or id of its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_type: Option<String>,
    /// The availability zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// Whether a server may boot from it.
    pub bootable: bool,
    /// Its metadata. Drivers that write metadata of their own drop it: set it again when the volume is there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// The volumes on backends, Cinder's own and others; for administrators.
#[derive(Debug, Clone)]
pub struct ManageableVolumes {
    session: Session,
}

impl ManageableVolumes {
    /// The volumes on the backends of `session`'s cloud.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists the volumes in a pool, `host@backend#pool`.
    // cinder/volume/volume_utils.py (paginate_entries_list): no page says whether one follows, so that each is asked
    // for by its offset until one is empty
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        host: &str,
    ) -> impl Stream<Item = Result<ManageableVolume, Error>> + Send + 'a {
        let request =
            read("manageable_volumes/detail", format!("list the volumes on {host}")).query("host", host);
        stream::try_unfold(0, move |offset: usize| {
            let request = match offset {
                0 => request.clone(),
                offset => request.clone().query("offset", offset.to_string()),
            };
            async move {
                let page: Vec<ManageableVolume> =
                    self.session.fetch_field(context, &request, "manageable-volumes").await?;
                let next = offset + page.len();
                Ok((next > offset).then(|| (stream::iter(page.into_iter().map(Ok)), next)))
            }
        })
        .try_flatten()
    }

    /// Takes a volume over and returns its new id at once; it is done in the background, and the backend renames it.
    ///
    /// # Errors
    /// `Forbidden` to those who are no administrators, `ServiceFailed` if there is no such host; otherwise the call
    /// failed. After `AnswerLost` look for its name before repeating it. A wrong reference shows later, as status
    /// `error`.
    ///
    /// # Effects
    /// A volume of the session's project; undone by [`Volumes::unmanage`](super::Volumes::unmanage), but for its name.
    // cinder/api/contrib/volume_manage.py (create): the answer has the shapes of no microversion
    pub async fn manage(&self, context: &Context, volume: &VolumeToManage) -> Result<VolumeId, Error> {
        #[derive(Deserialize)]
        struct Managed {
            id: VolumeId,
        }
        let purpose = format!("manage volume {} on {}", volume.name, volume.host);
        let request = change(Method::POST, Semantics::Keyed, "manageable_volumes", purpose)
            .body(json!({"volume": volume}));
        let managed: Managed = self.session.fetch_field(context, &request, "volume").await?;
        Ok(managed.id)
    }
}

#[cfg(test)]
mod tests;
