use super::{null_is_empty, read};
use crate::openstack::{Error, Session, list};
use crate::transport::Context;
use futures::Stream;
use serde::{Deserialize, Serialize};

/// A router.
// neutron/db/l3_db.py (_make_router_dict), neutron_lib/api/definitions/l3.py, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Router {
    /// Its id; the ports by which it stands in networks have it as their user.
    pub id: String,
    /// Its name; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub name: String,
    /// Where it leads outside, if it does.
    pub external_gateway_info: Option<RouterGateway>,
}

/// Where a router leads outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterGateway {
    /// The external network.
    pub network_id: String,
}

/// The routers that the session's project sees: its own; to an administrator all.
#[derive(Debug, Clone)]
pub struct Routers {
    session: Session,
}

impl Routers {
    /// The routers that `session`'s project sees.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists routers.
    pub fn list<'a>(&'a self, context: &'a Context) -> impl Stream<Item = Result<Router, Error>> + Send + 'a {
        list(&self.session, context, read("routers", "list routers"), "routers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::openstack::network::testing::{FORBIDDEN, assert_means, fail};
    use crate::openstack::testing::MockCloud;
    use futures::TryStreamExt;
    use serde_json::json;

    const ROUTERS: &str = "/network/v2.0/routers";

    #[tokio::test]
    async fn list_tells_where_each_router_leads() {
        let mut cloud = MockCloud::start().await;
        let gateway = json!({"network_id": "out", "enable_snat": true, "external_fixed_ips":
            [{"subnet_id": "s", "ip_address": "192.0.2.9"}]});
        // As Neutron 2026.2 gives it to a member.
        let router = |id: &str, gateway| {
            json!({"id": id, "name": null, "tenant_id": "p1", "project_id": "p1", "admin_state_up": true,
                "status": "ACTIVE", "external_gateway_info": gateway, "routes": [], "description": "",
                "availability_zones": [], "availability_zone_hints": [], "flavor_id": null, "tags": [],
                "created_at": "2026-11-22T15:59:46Z", "updated_at": "2026-11-22T15:59:46Z", "revision_number": 3})
        };
        let page = json!({"routers": [router("r1", gateway), router("r2", json!(null))]});
        let mock = cloud.expect("GET", ROUTERS, None, None, 200, page).await;
        let client = Routers::new(&cloud.session);
        let routers: Vec<Router> = client.list(&Context::default()).try_collect().await.unwrap();
        mock.assert_async().await;
        let outside = Some(RouterGateway { network_id: "out".to_owned() });
        let expected = |id: &str, gateway| Router {
            id: id.to_owned(),
            name: String::new(),
            external_gateway_info: gateway,
        };
        assert_eq!(routers, [expected("r1", outside), expected("r2", None)]);
    }

    #[tokio::test]
    async fn a_refused_list_says_what_was_attempted() {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, "GET", ROUTERS, FORBIDDEN).await;
        let client = Routers::new(&cloud.session);
        let listed: Result<Vec<Router>, Error> = client.list(&Context::default()).try_collect().await;
        assert_means(&listed.unwrap_err(), Code::Forbidden, "list routers", FORBIDDEN);
    }
}
