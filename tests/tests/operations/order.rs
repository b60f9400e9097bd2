use crate::cloud::{Cloud, text};
use crate::scene::{GROUP, Scene};
use protector_core::domain::{GroupPolicy, GroupStatus, OrderPolicy};
use protector_core::protector::{Error, MoveRequest, Request};
use protector_mock::cloud::ServiceKind::Compute;
use std::collections::BTreeMap;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The database first, then what uses it; web-2 after web-1.
fn policy() -> GroupPolicy {
    let tiers = vec![names(&["db-1"]), names(&["app-1", "app-2"]), names(&["web-1", "web-2"])];
    let after = [("web-2".to_owned(), names(&["web-1"]))].into();
    GroupPolicy { order: OrderPolicy { tiers, after }, ..GroupPolicy::default() }
}

/// When Nova last began an action on each VM of a site.
pub(crate) async fn begun(cloud: &Cloud, action: &str) -> BTreeMap<String, String> {
    let mut begun = BTreeMap::new();
    for server in cloud.list(Compute, "/v2.1/servers/detail", "servers").await.unwrap() {
        let path = format!("/v2.1/servers/{}/os-instance-actions", text(&server, "/id"));
        let actions = cloud.list(Compute, &path, "instanceActions").await.unwrap();
        let of_kind = actions.iter().filter(|one| text(one, "/action") == action);
        if let Some(time) = of_kind.map(|one| text(one, "/start_time").to_owned()).max() {
            begun.insert(text(&server, "/name").to_owned(), time);
        }
    }
    begun
}

/// That each of these VMs had its turn after the one before it.
pub(crate) fn one_after_the_other(begun: &BTreeMap<String, String>, names: &[&str]) {
    let times: Vec<&String> = names.iter().map(|name| &begun[*name]).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}: {begun:?}");
}

#[tokio::test(start_paused = true)]
async fn vms_start_in_the_order_of_the_policy_and_stop_the_other_way_round() {
    let mut scene = Scene::protected().await;
    scene.protector.set_policy(GROUP, &policy()).await.unwrap();
    scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await;
    one_after_the_other(&begun(&scene.a, "stop").await, &["web-2", "web-1", "app-1", "db-1"]);
    one_after_the_other(&begun(&scene.a, "stop").await, &["web-1", "app-2", "db-1"]);
    one_after_the_other(&begun(&scene.b, "create").await, &["db-1", "app-1", "web-1", "web-2"]);
    one_after_the_other(&begun(&scene.b, "create").await, &["db-1", "app-2", "web-1"]);
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    assert_eq!(scene.group().await.policy, policy(), "the policy goes with the group");
    scene.live(400).await;
    scene.done(&Request::Failback(MoveRequest::planned(GROUP))).await;
    one_after_the_other(&begun(&scene.b, "stop").await, &["web-2", "web-1", "app-1", "db-1"]);
    one_after_the_other(&begun(&scene.a, "start").await, &["db-1", "app-1", "web-1", "web-2"]);
    scene.moved().await;
    scene.check(GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_is_refused_with_the_names_and_nothing_is_changed() {
    let scene = Scene::protected().await;
    let mut wanted = policy();
    wanted.order.after.insert("db-1".to_owned(), names(&["web-2"]));
    let error = scene.protector.set_policy(GROUP, &wanted).await.unwrap_err();
    assert!(matches!(error, Error::PolicyRefused { .. }), "{error:?}");
    let told = error.to_string();
    for name in ["db-1", "web-2", "wait for each other"] {
        assert!(told.contains(name), "{told}");
    }
    assert_eq!(scene.group().await.policy, GroupPolicy::default());
}
