use crate::id::ProjectId;
use crate::openstack::{ApiRequest, Error, Service, Session};
use crate::transport::Context;
use serde::{Deserialize, Serialize};

/// A project.
// keystone/resource/schema.py (project) and keystone/api/projects.py, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name; unique in its domain.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The domain it is in; absent only for a project that is a domain.
    pub domain_id: Option<String>,
    /// The project or domain above it.
    pub parent_id: Option<String>,
    /// Whether it can be used.
    pub enabled: bool,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Projects, as their users see them.
#[derive(Debug, Clone)]
pub struct Projects {
    session: Session,
}

impl Projects {
    /// The projects as `session` may read them.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Reads the session's own project, which every role of it may.
    ///
    /// # Errors
    /// No token could be had, or the call failed.
    // keystone/common/policies/project.py (get_project): a token of the project is enough
    pub async fn own(&self, context: &Context) -> Result<Project, Error> {
        let id = self.session.project(context).await?;
        let purpose = format!("read project {id}");
        let request = ApiRequest::get(Service::Identity, "projects", purpose).segment(id.as_str());
        self.session.fetch_field(context, &request, "project").await
    }
}

#[cfg(test)]
mod tests;
