//! Steps in Nova.

mod keypairs;
mod power;
mod resize;
mod server_groups;
mod servers;
mod test_servers;

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

use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::ServerId;
use crate::inventory::SiteAccess;
use crate::openstack::compute::Server;
use std::ops::ControlFlow;

/// Waits until a server is in a status and no task is under way on it.
async fn server_in(
    access: &SiteAccess,
    run: &StepRun,
    id: &ServerId,
    status: &str,
) -> Result<Server, StepError> {
    let judge = |servers: &[Server]| match servers.iter().find(|server| server.id == *id) {
        None => ControlFlow::Break(Err(StepError::new(
            Code::NotFound,
            format!("server {id} is not there at {}", access.site),
        ))),
        Some(server) if server.task_state.is_some() => ControlFlow::Continue(()),
        Some(server) if server.status == status => ControlFlow::Break(Ok(server.clone())),
        Some(server) if server.status == "ERROR" => {
            let fault = server.fault.as_ref().map_or("no fault is given", |fault| fault.message.as_str());
            let (name, site) = (&server.name, &access.site);
            ControlFlow::Break(Err(StepError::conflict(format!(
                "server {name} ({id}) is in status ERROR at {site}: {fault}"
            ))))
        }
        Some(_) => ControlFlow::Continue(()),
    };
    access.servers.until(&run.context, judge).await?
}

/// Waits until no task is under way on a server: what was asked of it before, by a step that was left, comes to its end.
async fn server_at_rest(access: &SiteAccess, run: &StepRun, id: &ServerId) -> Result<Server, StepError> {
    let judge = |servers: &[Server]| match servers.iter().find(|server| server.id == *id) {
        None => ControlFlow::Break(Err(StepError::new(
            Code::NotFound,
            format!("server {id} is not there at {}", access.site),
        ))),
        Some(server) if server.task_state.is_some() => ControlFlow::Continue(()),
        Some(server) => ControlFlow::Break(Ok(server.clone())),
    };
    access.servers.until(&run.context, judge).await?
}

/// One look at a server.
async fn server_now(access: &SiteAccess, run: &StepRun, id: &ServerId) -> Result<Option<Server>, StepError> {
    let all = access.servers.look(&run.context).await?;
    Ok(all.iter().find(|server| server.id == *id).cloned())
}
