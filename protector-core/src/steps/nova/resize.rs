use super::{known, server_in, watch};
use crate::engine::{StepError, StepRun};
use crate::error::{Class, Code};
use crate::id::ServerId;
use crate::openstack::compute::Server;
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Gives a server that is shut off the size that its VM has become where it ran. It has to be unlocked.
#[derive(Debug)]
pub struct ResizeServer;

/// See [`ResizeServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ResizeServerInput {
    /// The server.
    pub server_id: ServerId,
    /// The flavor's id.
    pub flavor: String,
    /// The processors that it has then.
    pub vcpus: u64,
    /// The memory that it has then, MiB.
    pub memory: u64,
}

impl ResizeServerInput {
    fn fits(&self, server: &Server) -> bool {
        (server.flavor.vcpus, server.flavor.ram) == (self.vcpus, self.memory)
    }
}

impl SiteStep for ResizeServer {
    const NAME: &'static str = "resize_server";
    const SYSTEM: &'static str = "nova";
    type Input = ResizeServerInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let server = known(site.access, run, &input.server_id).await?;
        let settled = server.task_state.is_none() && server.status != "VERIFY_RESIZE";
        Ok(if settled && input.fits(&server) { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    // nova/compute/manager.py (finish_resize, confirm_resize), 2026.2: what was shut off is so after either
    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let servers = site.access.cloud.servers();
        let id = &input.server_id;
        let before = known(site.access, run, id).await?;
        if before.status == "SHUTOFF" && before.task_state.is_none() {
            if input.fits(&before) {
                return Ok(Nothing {});
            }
            servers.resize(&run.context, id, &input.flavor).await?;
        }
        // Nova may confirm by itself, and goes back to the former size where no host has room for the new one.
        let resized = settled(site, run, id).await?;
        if resized.status == "VERIFY_RESIZE" {
            servers.confirm_resize(&run.context, id).await?;
        }
        let after = server_in(site.access, run, id, "SHUTOFF").await?;
        if input.fits(&after) {
            return Ok(Nothing {});
        }
        let message = format!(
            "server {} ({id}) still has {} processors and {} MiB at {} after it was resized to {} and {}: no host \
                 may have room for it, or the site may not allow a resize",
            after.name, after.flavor.vcpus, after.flavor.ram, site.access.site, input.vcpus, input.memory
        );
        // It is this server's trouble, and may pass.
        Err(StepError { class: Class::Transient, ..StepError::new(Code::StepFailed, message) })
    }
}

/// Waits until a resize has come to an end, either way.
async fn settled(site: Site<'_>, run: &StepRun, id: &ServerId) -> Result<Server, StepError> {
    watch(site.access, run, id, |server| {
        if server.task_state.is_some() || server.status == "RESIZE" {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(Ok(server.clone()))
        }
    })
    .await
}
