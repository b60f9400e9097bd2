//! What a Keystone begins with (`keystone/cmd/bootstrap.py`).

use super::domains::{self, Domain};
use super::roles::{self, Role};
use super::{assignments, catalog, projects, users};
use crate::cloud::{Fault, Site};
use crate::world::Transaction;
use serde_json::Map;

/// Who may do everything at first.
#[derive(Clone, Copy)]
pub struct Administrator<'a> {
    /// Their name.
    pub name: &'a str,
    /// Their password.
    pub password: &'a str,
    /// The name of their project.
    pub project: &'a str,
}

impl std::fmt::Debug for Administrator<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Administrator").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Each implies the next.
const ROLES: [&str; 4] = ["reader", "member", "manager", "admin"];

/// Gives a site its domain, roles, administrator and catalog. At a site that has them, only the catalog's addresses change.
///
/// # Errors
/// The world cannot be changed.
pub fn bootstrap(
    transaction: &mut Transaction<'_>,
    site: &Site,
    administrator: Administrator<'_>,
) -> Result<(), Fault> {
    catalog::publish(transaction, site)?;
    let scope = site.name.as_str();
    if transaction.get::<Domain>(scope, domains::DEFAULT)?.is_some() {
        return Ok(());
    }
    let domain = Domain {
        id: domains::DEFAULT.to_owned(),
        name: "Default".to_owned(),
        description: "The default domain".to_owned(),
        enabled: true,
        extra: Map::new(),
    };
    transaction.put(scope, &domain)?;
    let mut below: Option<String> = None;
    for name in ROLES {
        let made = roles::ensure(transaction, scope, name)?;
        let role = Role { immutable: true, implies: below.into_iter().collect(), ..made };
        transaction.put(scope, &role)?;
        below = Some(role.id);
    }
    let service = roles::ensure(transaction, scope, "service")?;
    transaction.put(scope, &Role { immutable: true, ..service })?;
    let admin = below.unwrap_or_default();
    let described = "Bootstrap project for initializing the cloud.";
    let project =
        projects::create_project(transaction, scope, domains::DEFAULT, administrator.project, described)?;
    projects::create_project(transaction, scope, domains::DEFAULT, "service", "")?;
    let user =
        users::create_user(transaction, scope, domains::DEFAULT, administrator.name, administrator.password)?;
    assignments::grant(transaction, scope, &user.id, &admin, &project.id)?;
    assignments::put(transaction, scope, assignments::SYSTEM, &user.id, &admin)?;
    Ok(())
}
