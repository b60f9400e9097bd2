use super::{change, delete, null_is_empty, read};
use crate::id::ProjectId;
use crate::openstack::{Error, Session, list};
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A security group with its rules.
// neutron/db/securitygroups_db.py (_make_security_group_dict), 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its name; not unique.
    pub name: String,
    /// Its description; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub description: String,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// Whether answers to allowed traffic are allowed; absent where the cloud knows no other groups.
    pub stateful: Option<bool>,
    /// Its rules, without order.
    pub security_group_rules: Vec<SecurityGroupRule>,
}

/// What a rule allows.
// neutron/db/securitygroups_db.py (_make_security_group_rule_dict), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// Its id.
    pub id: String,
    /// What it allows.
    #[serde(flatten)]
    pub allows: RuleDefinition,
}

/// Traffic that a rule allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleDefinition {
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
    /// `tcp`, `udp`, `icmp`, a number as text, …; any if there is none.
    pub protocol: Option<String>,
    /// The first port, or the type of an ICMP message.
    pub port_range_min: Option<u16>,
    /// The last port, or the code of an ICMP message.
    pub port_range_max: Option<u16>,
    /// The other end's addresses in CIDR notation.
    pub remote_ip_prefix: Option<String>,
    /// The other end's security group.
    pub remote_group_id: Option<String>,
    /// The other end's address group; not sent unless given, older clouds know none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_address_group_id: Option<String>,
}

/// Which security groups to list.
#[derive(Debug, Clone, Default)]
pub struct SecurityGroupQuery {
    /// Those with exactly this name.
    pub name: Option<String>,
    /// Those of this project: without it an administrator is given all projects' groups.
    pub project_id: Option<ProjectId>,
}

/// A security group to be made. It is made with the rules that the cloud gives every group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecurityGroup {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Whether answers to allowed traffic are allowed; so if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stateful: Option<bool>,
}

/// The security groups that the session's project sees.
#[derive(Debug, Clone)]
pub struct SecurityGroups {
    session: Session,
}

impl SecurityGroups {
    /// The security groups that `session`'s project sees.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists security groups with their rules.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &SecurityGroupQuery,
    ) -> impl Stream<Item = Result<SecurityGroup, Error>> + Send + 'a {
        let mut request = read("security-groups", "list security groups");
        if let Some(name) = &query.name {
            request = request.query("name", name);
        }
        if let Some(project) = &query.project_id {
            request = request.query("project_id", project.as_str());
        }
        list(&self.session, context, request, "security_groups")
    }

    /// Reads a security group with its rules.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<SecurityGroup, Error> {
        let request = read("security-groups", format!("read security group {id}")).segment(id);
        self.session.fetch_field(context, &request, "security_group").await
    }

    /// Makes a security group.
    ///
    /// # Errors
    /// `Quota`; `Conflict` if it is to be named `default`; otherwise the call failed. After `AnswerLost` list the
    /// groups by name before repeating it.
    ///
    /// # Effects
    /// Makes a group; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, group: &NewSecurityGroup) -> Result<SecurityGroup, Error> {
        let purpose = format!("create security group {}", group.name);
        let request = change(Method::POST, Semantics::Keyed, "security-groups", purpose)
            .body(json!({ "security_group": group }));
        self.session.fetch_field(context, &request, "security_group").await
    }

    /// Adds a rule to a security group.
    ///
    /// # Errors
    /// `Conflict` with [`ConflictKind::Exists`](crate::openstack::ConflictKind::Exists) if the group has such a rule,
    /// `Quota`, `NotFound` if the group is not there; otherwise the call failed.
    ///
    /// # Effects
    /// Allows traffic at once; undone by [`Self::delete_rule`].
    // neutron/db/securitygroups_db.py (_check_for_duplicate_rules): its definition is its key
    pub async fn create_rule(
        &self,
        context: &Context,
        group: &str,
        rule: &RuleDefinition,
    ) -> Result<SecurityGroupRule, Error> {
        let mut body = json!({ "security_group_rule": rule });
        if let Some(fields) = body.get_mut("security_group_rule").and_then(serde_json::Value::as_object_mut) {
            fields.insert("security_group_id".to_owned(), group.into());
        }
        let purpose = format!("add a rule to security group {group}");
        let request = change(Method::POST, Semantics::Keyed, "security-group-rules", purpose).body(body);
        self.session.fetch_field(context, &request, "security_group_rule").await
    }

    /// Deletes a rule.
    ///
    /// # Errors
    /// The call failed. A rule that is not there is no error.
    ///
    /// # Effects
    /// Forbids traffic at once; undone by making the rule again.
    pub async fn delete_rule(&self, context: &Context, id: &str) -> Result<(), Error> {
        let purpose = format!("delete security group rule {id}");
        delete(&self.session, context, "security-group-rules", id, purpose).await
    }

    /// Deletes a security group with its rules.
    ///
    /// # Errors
    /// `Conflict` if a port uses it or it is the project's `default`; otherwise the call failed. A group that is not
    /// there is no error.
    ///
    /// # Effects
    /// Not undone.
    pub async fn delete(&self, context: &Context, id: &str) -> Result<(), Error> {
        delete(&self.session, context, "security-groups", id, format!("delete security group {id}")).await
    }
}

#[cfg(test)]
mod tests;
