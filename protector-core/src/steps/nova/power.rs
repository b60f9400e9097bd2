use super::{known, server_at_rest, server_in};
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::ServerId;
use crate::openstack::compute::Server;
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Shuts a server down.
#[derive(Debug)]
pub struct StopServer;

/// See [`StopServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StopServerInput {
    /// The server.
    pub server_id: ServerId,
    /// Whether it ran before: then revert starts it.
    pub ran: bool,
}

/// Starts a server; it has to be unlocked.
#[derive(Debug)]
pub struct StartServer;

/// Unlocks a server.
#[derive(Debug)]
pub struct UnlockServer;

/// A step on a server that needs nothing else.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerInput {
    /// The server.
    pub server_id: ServerId,
}

/// Locks a server, so that nobody starts it by accident.
#[derive(Debug)]
pub struct LockServer;

/// See [`LockServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct LockServerInput {
    /// The server.
    pub server_id: ServerId,
    /// The reason that Nova shows.
    pub reason: String,
}

impl SiteStep for StopServer {
    const NAME: &'static str = "stop_server";
    const SYSTEM: &'static str = "nova";
    type Input = StopServerInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let server = known(site.access, run, &input.server_id).await?;
        let stopped = server.status == "SHUTOFF" && server.task_state.is_none();
        Ok(if stopped { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let before = known(site.access, run, &input.server_id).await?;
        let late = |error| still_running(site, &before, error);
        let server = server_at_rest(site.access, run, &input.server_id).await.map_err(late)?;
        if server.status == "ACTIVE" {
            site.access.cloud.servers().stop(&run.context, &input.server_id).await?;
        }
        server_in(site.access, run, &input.server_id, "SHUTOFF").await.map_err(late)?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        if input.ran { start(site, run, &input.server_id).await } else { Ok(()) }
    }
}

/// Time is up: what is told is what it was waited for.
fn still_running(site: Site<'_>, server: &Server, error: StepError) -> StepError {
    if error.code != Code::DeadlineExceeded {
        return error;
    }
    let (name, id, site) = (&server.name, &server.id, &site.access.site);
    StepError::new(
        error.code,
        format!(
            "server {name} ({id}) at {site} has not stopped in its time: its guest does not shut down, and Nova, which \
             turns it off in the end (shutdown_timeout of the host, os_shutdown_timeout of the image), has not yet"
        ),
    )
}

async fn start(site: Site<'_>, run: &StepRun, id: &ServerId) -> Result<(), StepError> {
    let server = server_at_rest(site.access, run, id).await?;
    if server.status == "SHUTOFF" {
        site.access.cloud.servers().start(&run.context, id).await?;
    }
    server_in(site.access, run, id, "ACTIVE").await?;
    Ok(())
}

impl SiteStep for StartServer {
    const NAME: &'static str = "start_server";
    const SYSTEM: &'static str = "nova";
    type Input = ServerInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let server = known(site.access, run, &input.server_id).await?;
        let runs = server.status == "ACTIVE" && server.task_state.is_none();
        Ok(if runs { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        start(site, run, &input.server_id).await?;
        Ok(Nothing {})
    }
}

impl SiteStep for LockServer {
    const NAME: &'static str = "lock_server";
    const SYSTEM: &'static str = "nova";
    type Input = LockServerInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let server = known(site.access, run, &input.server_id).await?;
        let ours = server.locked && server.locked_reason.as_deref() == Some(input.reason.as_str());
        Ok(if ours { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.access.cloud.servers().lock(&run.context, &input.server_id, &input.reason).await?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        Ok(site.access.cloud.servers().unlock(&run.context, &input.server_id).await?)
    }
}

impl SiteStep for UnlockServer {
    const NAME: &'static str = "unlock_server";
    const SYSTEM: &'static str = "nova";
    type Input = ServerInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let server = known(site.access, run, &input.server_id).await?;
        Ok(if server.locked { Seen::NotDone } else { Seen::Done(Nothing {}) })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.access.cloud.servers().unlock(&run.context, &input.server_id).await?;
        Ok(Nothing {})
    }
}
