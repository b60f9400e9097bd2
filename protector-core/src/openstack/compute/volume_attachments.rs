use super::{change, read};
use crate::id::{ServerId, VolumeId};
use crate::openstack::delete::delete;
use crate::openstack::{Error, Session};
use crate::transport::{Context, Semantics};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A volume of a server, as `GET /servers/{id}/os-volume_attachments` gives it.
// nova/api/openstack/compute/volume_attachments.py (_translate_attachment_detail_view), 2.96, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VolumeAttachment {
    /// The volume.
    #[serde(rename = "volumeId")]
    pub volume_id: VolumeId,
    /// The device name that the guest was told.
    pub device: Option<String>,
    /// The tag that the guest sees (2.70).
    pub tag: Option<String>,
    /// Whether it is deleted with the server (2.79).
    #[serde(default)]
    pub delete_on_termination: bool,
}

/// A volume to be attached.
// nova/api/openstack/compute/schemas/volume_attachments.py (create_v279), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewVolumeAttachment {
    /// The volume.
    #[serde(rename = "volumeId")]
    pub volume_id: VolumeId,
    /// The tag that the guest is to see (2.49).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Whether it is to be deleted with the server (2.79).
    pub delete_on_termination: bool,
}

/// The volumes of servers.
#[derive(Debug, Clone)]
pub struct VolumeAttachments {
    session: Session,
}

impl VolumeAttachments {
    /// The volumes of the servers of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists a server's volumes. There is one page.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn list(&self, context: &Context, server: &ServerId) -> Result<Vec<VolumeAttachment>, Error> {
        let request = read("servers", format!("list the volumes of server {server}"))
            .segment(server.as_str())
            .segment("os-volume_attachments");
        self.session.fetch_field(context, &request, "volumeAttachments").await
    }

    /// Attaches a volume; the hypervisor does it in the background.
    ///
    /// # Errors
    /// `Conflict` if the server is locked or in a state that forbids it, `Refused` if the volume is used or reserved;
    /// otherwise the call failed. After `AnswerLost` look at the server's volumes before repeating it.
    ///
    /// # Effects
    /// The guest sees the volume; undone by [`Self::detach`].
    // The answer is not read: from 2.101 on there is none.
    pub async fn attach(
        &self,
        context: &Context,
        server: &ServerId,
        attachment: &NewVolumeAttachment,
    ) -> Result<(), Error> {
        let purpose = format!("attach volume {} to server {server}", attachment.volume_id);
        let request = change(Method::POST, Semantics::Keyed, "servers", purpose)
            .segment(server.as_str())
            .segment("os-volume_attachments")
            .body(json!({"volumeAttachment": attachment}));
        self.session.send(context, &request).await.map(drop)
    }

    /// Detaches a volume; the hypervisor does it in the background. A volume that the server boots from is refused.
    ///
    /// # Errors
    /// `Conflict` if the server is locked or in a state that forbids it; otherwise the call failed. A volume that is
    /// not the server's is no error.
    ///
    /// # Effects
    /// The guest loses the volume; undone by [`Self::attach`].
    pub async fn detach(&self, context: &Context, server: &ServerId, volume: &VolumeId) -> Result<(), Error> {
        let purpose = format!("detach volume {volume} from server {server}");
        let request = change(Method::DELETE, Semantics::Idempotent, "servers", purpose)
            .segment(server.as_str())
            .segment("os-volume_attachments")
            .segment(volume.as_str());
        delete(&self.session, context, &request).await
    }

    /// Says whether a volume is deleted with the server (2.85).
    ///
    /// # Errors
    /// The volume is not the server's, or the call failed.
    ///
    /// # Effects
    /// Undone by the same call with the former value.
    pub async fn set_delete_on_termination(
        &self,
        context: &Context,
        server: &ServerId,
        volume: &VolumeId,
        delete: bool,
    ) -> Result<(), Error> {
        let purpose = format!("set whether volume {volume} is deleted with server {server}");
        let request = change(Method::PUT, Semantics::Idempotent, "servers", purpose)
            .segment(server.as_str())
            .segment("os-volume_attachments")
            .segment(volume.as_str())
            .body(json!({"volumeAttachment": {"volumeId": volume, "delete_on_termination": delete}}));
        self.session.send(context, &request).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
