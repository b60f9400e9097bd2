//! Steps in Nova.

mod keypairs;
mod power;
mod resize;
mod server_groups;
mod servers;
mod test_servers;
mod update;

pub use keypairs::{DeleteKeypair, DeleteKeypairInput, ImportKeypair, ImportKeypairInput, KeypairImported};
pub use power::{
    LockServer, LockServerInput, ServerInput, StartServer, StopServer, StopServerInput, UnlockServer,
};
pub use resize::{ResizeServer, ResizeServerInput};
pub use server_groups::{
    CreateServerGroup, CreateServerGroupInput, DeleteServerGroup, DeleteServerGroupInput, ServerGroupMade,
};
pub use servers::{
    CreateServer, CreateServerInput, DeleteServer, DeleteServerInput, ExpectedPort, ServerMade, VerifyServer,
    VerifyServerInput,
};
pub use test_servers::{CreateTestServer, CreateTestServerInput, DeleteTestServer, DeleteTestServerInput};
pub use update::{UpdateServer, UpdateServerInput};

use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::ServerId;
use crate::inventory::SiteAccess;
use crate::openstack::compute::Server;
use std::ops::ControlFlow;

/// Watches a server until it is as it is waited for.
async fn watch(
    access: &SiteAccess,
    run: &StepRun,
    id: &ServerId,
    judge: impl Fn(&Server) -> ControlFlow<Result<Server, StepError>>,
) -> Result<Server, StepError> {
    let judge = |servers: &[Server]| match servers.iter().find(|server| server.id == *id) {
        None => ControlFlow::Break(Err(missing(access, id))),
        Some(server) => judge(server),
    };
    access.servers.until(&run.context, judge).await?
}

fn missing(access: &SiteAccess, id: &ServerId) -> StepError {
    StepError::new(Code::NotFound, format!("server {id} is not there at {}", access.site))
}

/// Waits until a server is in a status and no task is under way on it.
async fn server_in(
    access: &SiteAccess,
    run: &StepRun,
    id: &ServerId,
    status: &str,
) -> Result<Server, StepError> {
    watch(access, run, id, |server| {
        if server.task_state.is_some() {
            return ControlFlow::Continue(());
        }
        if server.status == status {
            return ControlFlow::Break(Ok(server.clone()));
        }
        if server.status == "ERROR" {
            let fault = server.fault.as_ref().map_or("no fault is given", |fault| fault.message.as_str());
            let (name, site) = (&server.name, &access.site);
            return ControlFlow::Break(Err(StepError::conflict(format!(
                "server {name} ({id}) is in status ERROR at {site}: {fault}"
            ))));
        }
        ControlFlow::Continue(())
    })
    .await
}

/// Waits until no task is under way on a server: what was asked of it before, by a step that was left, comes to its end.
async fn server_at_rest(access: &SiteAccess, run: &StepRun, id: &ServerId) -> Result<Server, StepError> {
    watch(access, run, id, |server| match server.task_state {
        Some(_) => ControlFlow::Continue(()),
        None => ControlFlow::Break(Ok(server.clone())),
    })
    .await
}

/// One look at a server that has to be there.
async fn known(access: &SiteAccess, run: &StepRun, id: &ServerId) -> Result<Server, StepError> {
    server_now(access, run, id).await?.ok_or_else(|| missing(access, id))
}

/// One look at a server.
async fn server_now(access: &SiteAccess, run: &StepRun, id: &ServerId) -> Result<Option<Server>, StepError> {
    let all = access.servers.look(&run.context).await?;
    Ok(all.iter().find(|server| server.id == *id).cloned())
}
