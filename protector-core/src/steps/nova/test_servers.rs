use super::servers::{ServerMade, create, delete, release_volumes};
use super::{server_in, server_now};
use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::{LineageId, OperationId, ServerId};
use crate::openstack::compute::{NewServer, Server};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Makes a server for a test. It is known by the test's marker and never by its lineage: the group's own server of that
/// lineage stands beside it.
#[derive(Debug)]
pub struct CreateTestServer;

/// See [`CreateTestServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateTestServerInput {
    /// The VM that it is a copy of, whose definition has the user data.
    pub member: LineageId,
    /// The server, without user data; the step puts the markers in.
    pub server: NewServer,
}

impl CreateTestServer {
    async fn find(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateTestServerInput,
    ) -> Result<Option<Server>, StepError> {
        let wanted = naming::test_markers(run.group, run.operation, input.member);
        let all = site.access.servers.look(&run.context).await?;
        let ours = |server: &&Server| {
            wanted.iter().all(|(key, value)| server.metadata.get(key).is_some_and(|found| found == value))
        };
        Ok(all.iter().find(ours).cloned())
    }
}

impl SiteStep for CreateTestServer {
    const NAME: &'static str = "create_test_server";
    const SYSTEM: &'static str = "nova";
    type Input = CreateTestServerInput;
    type Output = ServerMade;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<ServerMade>, StepError> {
        match Self::find(site, run, input).await? {
            None => Ok(Seen::NotDone),
            // A build that failed holds nothing: its ports and volumes are free again once it is deleted.
            Some(server) if server.status == "ERROR" => {
                delete(site, run, &server.id).await?;
                Ok(Seen::NotDone)
            }
            Some(server) => {
                server_in(site.access, run, &server.id, "ACTIVE").await?;
                Ok(Seen::Done(ServerMade { server_id: server.id }))
            }
        }
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<ServerMade, StepError> {
        let mut server = input.server.clone();
        server.metadata.extend(naming::test_markers(run.group, run.operation, input.member));
        if let Some(definition) = site.records.definition(input.member).await?
            && let Some(sealed) = &definition.user_data
        {
            server.user_data = Some(site.records.open_user_data(input.member, sealed)?);
        }
        let server_id = create(site, run, &server).await?;
        match server_in(site.access, run, &server_id, "ACTIVE").await {
            // Tried again: the next look deletes what could not be built.
            Err(error) if error.code == Code::StepConflict => {
                Err(StepError { code: Code::ServiceFailed, class: Code::ServiceFailed.class(), ..error })
            }
            Err(error) => Err(error),
            Ok(_) => Ok(ServerMade { server_id }),
        }
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&ServerMade>,
    ) -> Result<(), StepError> {
        match Self::find(site, run, input).await? {
            Some(server) => delete(site, run, &server.id).await,
            None => Ok(()),
        }
    }
}

/// Deletes a server that a test made. Its volumes go by themselves, so that none goes that is not the test's.
#[derive(Debug)]
pub struct DeleteTestServer;

/// See [`DeleteTestServer`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteTestServerInput {
    /// The server.
    pub server_id: ServerId,
    /// The operation whose marker it must have.
    pub test: OperationId,
    /// Whether that operation's journal says that it made the server: then it goes without the marker, too.
    pub made: bool,
}

impl SiteStep for DeleteTestServer {
    const NAME: &'static str = "delete_test_server";
    const SYSTEM: &'static str = "nova";
    type Input = DeleteTestServerInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let Some(server) = server_now(site.access, run, &input.server_id).await? else {
            return Ok(Nothing {});
        };
        if !input.made && !naming::is_of_test(&server.metadata, input.test) {
            return Err(StepError::not_of_test("server", server.id.as_str(), input.test));
        }
        release_volumes(site, run, &server).await?;
        delete(site, run, &server.id).await?;
        Ok(Nothing {})
    }
}
