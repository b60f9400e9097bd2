use super::*;

#[tokio::test]
async fn points_and_replicas_are_destroyed_by_name_and_never_eradicated() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    let eradication = mock.server.mock("DELETE", Matcher::Any).expect(0).create_async().await;
    let body = || json!({"destroyed": true});
    let own = mock
        .expect_change("PATCH", "protection-group-snapshots?names=consisgroup-g-cinder.p1", body(), json!([]))
        .await;
    driver(&mock).discard_point(&context, GROUP, "p1").await.unwrap();
    let replica = format!("protection-group-snapshots?names={REPLICA}.p1");
    let replica = mock.expect_change("PATCH", &replica, body(), json!([])).await;
    driver(&mock).discard_replica(&context, &origin(), "p1").await.unwrap();
    assert_all(vec![own, replica, eradication]).await;
}

#[tokio::test]
async fn points_that_are_gone_already_are_no_error() {
    for sentence in
        ["Protection group snapshot has been destroyed.", "Protection group snapshot does not exist."]
    {
        let mut mock = MockArray::start().await;
        let context = Context::default();
        let body = || Some(json!({"destroyed": true}));
        let own = "protection-group-snapshots?names=consisgroup-g-cinder.p1";
        mock.expect("PATCH", own, body(), 400, refusal(sentence, "x")).await;
        driver(&mock).discard_point(&context, GROUP, "p1").await.unwrap();
        let replica = format!("protection-group-snapshots?names={REPLICA}.p1");
        mock.expect("PATCH", &replica, body(), 400, refusal(sentence, "x")).await;
        driver(&mock).discard_replica(&context, &origin(), "p1").await.unwrap();
    }
}

#[tokio::test]
async fn a_volume_that_no_host_uses_is_destroyed_by_id_and_never_eradicated() {
    let mut mock = MockArray::start().await;
    let eradication = mock.server.mock("DELETE", Matcher::Any).expect(0).create_async().await;
    mock.expect_list("volumes?ids=i1&limit=1000", json!([volume("i1", "v1")])).await;
    mock.expect_list("connections?volume_names=v1&limit=1000", json!([])).await;
    let destroyed =
        mock.expect_change("PATCH", "volumes?ids=i1", json!({"destroyed": true}), json!([])).await;
    driver(&mock).discard_volume(&Context::default(), &"i1".into()).await.unwrap();
    assert_all(vec![destroyed, eradication]).await;
}

#[tokio::test]
async fn a_volume_that_a_host_uses_is_left_alone() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    mock.expect_list("volumes?ids=i1&limit=1000", json!([volume("i1", "v1")])).await;
    let users = json!([{"host": {"name": "compute1"}, "host_group": {"name": null}},
        {"host": {"name": null}, "host_group": {"name": "cluster"}}]);
    mock.expect_list("connections?volume_names=v1&limit=1000", users).await;
    let error = driver(&mock).discard_volume(&Context::default(), &"i1".into()).await.unwrap_err();
    assert!(error.to_string().contains("volume v1 is connected to compute1, cluster"), "{error}");
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_volume_that_is_gone_already_is_no_error() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    let nothing = expect_no_change(&mut mock).await;
    let absent = refusal("Volume does not exist.", "i1");
    mock.expect("GET", "volumes?ids=i1&limit=1000", None, 400, absent).await;
    driver(&mock).discard_volume(&context, &"i1".into()).await.unwrap();
    let mut destroyed = volume("i1", "v1");
    *destroyed.get_mut("destroyed").unwrap() = json!(true);
    mock.expect_list("volumes?ids=i1&limit=1000", json!([destroyed])).await;
    driver(&mock).discard_volume(&context, &"i1".into()).await.unwrap();
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_volume_that_goes_meanwhile_is_no_error() {
    let mut mock = MockArray::start().await;
    mock.expect_list("volumes?ids=i1&limit=1000", json!([volume("i1", "v1")])).await;
    mock.expect_list("connections?volume_names=v1&limit=1000", json!([])).await;
    let answer = refusal("Volume has been destroyed.", "v1");
    mock.expect("PATCH", "volumes?ids=i1", Some(json!({"destroyed": true})), 400, answer).await;
    driver(&mock).discard_volume(&Context::default(), &"i1".into()).await.unwrap();
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    assert_failures_are_told_apart(async |driver| driver.discard_volume(context, &"i1".into()).await).await;
    for (status, code) in [(400, Code::RequestRefused), (403, Code::Forbidden), (500, Code::ServiceFailed)] {
        let mut mock = MockArray::start().await;
        let answer = refusal("Manual eradication is disabled.", "x");
        mock.server
            .mock("PATCH", Matcher::Any)
            .with_status(status)
            .with_body(answer.to_string())
            .create_async()
            .await;
        let own = driver(&mock).discard_point(context, GROUP, "p1").await.unwrap_err();
        let replica = driver(&mock).discard_replica(context, &origin(), "p1").await.unwrap_err();
        assert_eq!((own.code(), replica.code()), (code, code));
    }
}
