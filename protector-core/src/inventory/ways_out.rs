//! How what is inside is reached from outside: only tests ask for it.

use super::SiteAccess;
use crate::openstack::Error;
use crate::openstack::network::{FloatingIp, FloatingIpQuery, NetworkUsage, Router};
use crate::transport::Context;
use futures::{TryStreamExt, join};
use std::collections::BTreeMap;

/// Reads a project's floating IPs.
///
/// # Errors
/// The list could not be had.
pub async fn read_floating_ips(access: &SiteAccess, context: &Context) -> Result<Vec<FloatingIp>, Error> {
    let context = &context.at_site(&access.site);
    let project = access.cloud.session().project(context).await?;
    let query = FloatingIpQuery { project_id: Some(project), ..FloatingIpQuery::default() };
    access.cloud.floating_ips().list(context, &query).try_collect().await
}

/// How a site's networks lead outside.
#[derive(Debug, Clone, Default)]
pub struct WaysOut {
    /// The routers that the service credential sees.
    pub routers: Vec<Router>,
    /// What the project may have of floating IPs; unknown where Neutron does not count.
    pub quota: Option<NetworkUsage>,
}

/// Reads how a site's networks lead outside.
///
/// # Errors
/// A list could not be had.
pub async fn read_ways_out(access: &SiteAccess, context: &Context) -> Result<WaysOut, Error> {
    let context = &context.at_site(&access.site);
    let project = access.cloud.session().project(context).await?;
    let (routers, quotas) = (access.cloud.routers(), access.cloud.network_quotas());
    let (routers, usage) =
        join!(routers.list(context).try_collect::<Vec<_>>(), quotas.usage(context, &project));
    let usage = match usage {
        Ok(usage) => usage,
        Err(error) if error.is_not_found() => BTreeMap::new(),
        Err(error) => return Err(error),
    };
    Ok(WaysOut { routers: routers?, quota: usage.get("floatingip").copied() })
}
