use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;

#[tokio::test]
async fn a_group_is_read_with_its_servers() {
    let group = Exchange::new(Service::Compute, "GET", "/os-server-groups/g1", "read server group g1")
        .answer(
            200,
            json!({"server_group": {"id": "g1", "name": "web", "policy": "soft-anti-affinity", "rules": {},
                "members": ["s1"], "project_id": "p1", "user_id": "u1"}}),
        )
        .check(async |session| ServerGroups::new(&session).get(&Context::default(), "g1").await)
        .await;
    let policy = ServerGroupPolicy { policy: "soft-anti-affinity".to_owned(), rules: BTreeMap::new() };
    let expected =
        ServerGroup { id: "g1".to_owned(), name: "web".to_owned(), policy, members: vec!["s1".into()] };
    assert_eq!(group, expected);
}
