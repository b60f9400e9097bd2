use super::{Fault, Microversion, Site};
use crate::http::Query;
use crate::world::Transaction;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

/// Who calls, by their token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// Id of the user.
    pub user: String,
    /// Name of the user.
    pub user_name: String,
    /// Id of the project that the token is for; empty without one.
    pub project: String,
    /// Name of that project.
    pub project_name: String,
    /// Id of the user's domain.
    pub user_domain: String,
    /// Id of the project's domain; empty without a project.
    pub project_domain: String,
    /// Id of the domain that the token is for; empty without one.
    pub domain: String,
    /// Whether the token is for the whole system.
    pub system: bool,
    /// Names of the roles there, with those that they imply.
    pub roles: Vec<String>,
    /// The token.
    pub token: String,
    /// Id of the application credential that it came from; empty without one.
    pub application_credential: String,
}

impl Caller {
    /// Whether default policies take them for an administrator.
    pub fn is_admin(&self) -> bool {
        self.has_role("admin")
    }

    /// Whether they have a role where they call.
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
    }
}

/// One request to a service, and all that its handler needs.
#[derive(Debug)]
pub struct Call<'c, 'w> {
    /// The moment in which it is answered.
    pub transaction: &'c mut Transaction<'w>,
    /// Where.
    pub site: &'c Site,
    /// Its method.
    pub method: &'c Method,
    /// Its path, without the query.
    pub path: &'c str,
    /// What the route's `{names}` stand for.
    pub parameters: Vec<(String, String)>,
    /// Its query.
    pub query: Query,
    /// Its query as it came.
    pub raw_query: &'c str,
    /// Its headers.
    pub headers: &'c HeaderMap,
    /// Its body, if it has one that is JSON.
    pub body: Value,
    /// Its body as it came.
    pub bytes: &'c Bytes,
    /// Who calls; nobody where a route is open.
    pub caller: Caller,
    /// The microversion that was agreed on; the service's oldest without a header.
    pub microversion: Microversion,
    /// What the answer calls this request: `req-` and a UUID.
    pub request_id: &'c str,
}

impl Call<'_, '_> {
    /// The site's name: the scope of its records.
    pub fn scope(&self) -> String {
        self.site.name.clone()
    }

    /// What a `{name}` of the route stands for.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether the agreed microversion is this one or a later one.
    pub fn since(&self, major: u16, minor: u16) -> bool {
        self.microversion >= Microversion(major, minor)
    }

    /// Lets administrators pass only.
    ///
    /// # Errors
    /// 403 with the sentence of oslo.policy.
    pub fn require_admin(&self, rule: &str) -> Result<(), Fault> {
        if self.caller.is_admin() {
            Ok(())
        } else {
            Err(Fault::forbidden(format!("Policy doesn't allow {rule} to be performed.")))
        }
    }
}
