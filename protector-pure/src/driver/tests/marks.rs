use super::*;
use protector_core::id::{GroupId, OperationId};

const TAGS: &str = "volumes/tags?namespaces=protector&resource_ids=i1&limit=1000";

fn tag(volume: &str, key: &str, value: &Value) -> Value {
    json!({"namespace": "protector", "key": key, "value": value.to_string(), "copyable": false,
        "resource": {"id": volume, "name": format!("name-of-{volume}")}})
}

fn group() -> GroupId {
    "pg-00000000-0000-0000-0000-000000000001".parse().unwrap()
}

fn operation() -> OperationId {
    "op-00000000-0000-0000-0000-000000000002".parse().unwrap()
}

fn mark(epoch: u64) -> EpochMark {
    EpochMark { group: group(), epoch, operation: operation() }
}

fn kept(epoch: u64) -> Value {
    json!({"form": 1, "group": group(), "epoch": epoch, "operation": operation()})
}

fn content(state: &str) -> Value {
    json!({"form": 1, "state": state, "array": "array-b", "group": GROUP, "point": "p1"})
}

#[tokio::test]
async fn content_is_told_only_of_an_overwrite_that_ended() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    let stranger = json!({"namespace": "protector", "key": "other", "value": "x", "resource": {"id": "i1"}});
    mock.expect_list(TAGS, json!([stranger, tag("i1", "content", &content("whole"))])).await;
    let told = driver(&mock).content(&context, &"i1".into()).await.unwrap();
    assert_eq!(told, Some(Content { origin: origin(), point: "p1".to_owned() }));
    for state in ["begun", "restored"] {
        mock.expect_list(TAGS, json!([tag("i1", "content", &content(state))])).await;
        assert_eq!(driver(&mock).content(&context, &"i1".into()).await.unwrap(), None, "{state}");
    }
    mock.expect_list(TAGS, json!([])).await;
    assert_eq!(driver(&mock).content(&context, &"i1".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_mark_that_cannot_be_read_is_not_guessed_at() {
    for value in [json!({"form": 2, "state": "whole"}), json!({"form": 1}), json!("text"), json!({})] {
        let mut mock = MockArray::start().await;
        mock.expect_list(TAGS, json!([tag("i1", "content", &value)])).await;
        let error = driver(&mock).content(&Context::default(), &"i1".into()).await.unwrap_err();
        assert_eq!(error.code(), Code::RequestRefused);
        assert!(error.to_string().contains("protector/content of volume name-of-i1"), "{error}");
        mock.expect_list(TAGS, json!([tag("i1", "epoch", &value)])).await;
        assert!(driver(&mock).epoch(&Context::default(), &"i1".into()).await.is_err());
    }
    let mut mock = MockArray::start().await;
    let nameless =
        json!({"namespace": "protector", "key": "epoch", "value": kept(9).to_string(), "resource": null});
    mock.expect_list(TAGS, json!([nameless])).await;
    let nothing = expect_no_change(&mut mock).await;
    let error = driver(&mock).record_epoch(&Context::default(), &["i1".into()], &mark(3)).await.unwrap_err();
    assert!(error.to_string().contains("names no volume"), "{error}");
    assert_all(nothing).await;
}

#[tokio::test]
async fn the_epoch_is_recorded_with_all_volumes_and_read_back() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    let tags = "volumes/tags?namespaces=protector&resource_ids=i1,i2&limit=1000";
    mock.expect_list(tags, json!([tag("i1", "epoch", &kept(2)), tag("i2", "content", &content("whole"))]))
        .await;
    let body =
        json!([{"namespace": "protector", "key": "epoch", "value": kept(3).to_string(), "copyable": false}]);
    // The value is text, so that its order counts: it is compared below as what it says.
    let request = mock
        .server
        .mock("PUT", "/api/2.36/volumes/tags/batch?resource_ids=i1,i2")
        .match_body(Matcher::PartialJsonString(
            json!([{"namespace": "protector", "key": "epoch", "copyable": false}]).to_string(),
        ))
        .match_request(move |request| {
            let sent: Value = serde_json::from_slice(request.body().unwrap()).unwrap();
            let value = |body: &Value| -> Value {
                serde_json::from_str(body.pointer("/0/value").unwrap().as_str().unwrap()).unwrap()
            };
            value(&sent) == value(&body)
        })
        .with_body("{}")
        .expect(1)
        .create_async()
        .await;
    driver(&mock).record_epoch(&context, &["i1".into(), "i2".into()], &mark(3)).await.unwrap();
    request.assert_async().await;

    mock.expect_list(TAGS, json!([tag("i1", "epoch", &kept(3))])).await;
    assert_eq!(driver(&mock).epoch(&context, &"i1".into()).await.unwrap(), Some(mark(3)));
    mock.expect_list(TAGS, json!([])).await;
    assert_eq!(driver(&mock).epoch(&context, &"i1".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_lower_epoch_is_refused_before_anything_is_sent() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    let tags = "volumes/tags?namespaces=protector&resource_ids=i1,i2&limit=1000";
    mock.expect_list(tags, json!([tag("i1", "epoch", &kept(2)), tag("i2", "epoch", &kept(4))])).await;
    let volumes = ["i1".into(), "i2".into()];
    let error = driver(&mock).record_epoch(&Context::default(), &volumes, &mark(3)).await.unwrap_err();
    assert_eq!(error.code(), Code::RequestRefused);
    assert!(error.to_string().contains("volume i2 carries epoch 4"), "{error}");
    assert_all(nothing).await;
}

#[tokio::test]
async fn the_epoch_of_another_group_that_the_volume_was_in_does_not_count() {
    let mut mock = MockArray::start().await;
    let mut former = kept(9);
    *former.get_mut("group").unwrap() = json!("pg-00000000-0000-0000-0000-00000000000f");
    mock.expect_list(TAGS, json!([tag("i1", "epoch", &former)])).await;
    let request = mock.server.mock("PUT", "/api/2.36/volumes/tags/batch?resource_ids=i1").expect(1);
    let request = request.with_body("{}").create_async().await;
    driver(&mock).record_epoch(&Context::default(), &["i1".into()], &mark(3)).await.unwrap();
    request.assert_async().await;
}

#[tokio::test]
async fn marks_of_a_volume_that_is_not_there_are_not_found() {
    let mut mock = MockArray::start().await;
    mock.expect("GET", TAGS, None, 400, refusal("Volume does not exist.", "i1")).await;
    let error = driver(&mock).content(&Context::default(), &"i1".into()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { ref what, .. } if what == "i1"), "{error}");
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    assert_failures_are_told_apart(async |driver| driver.content(context, &"i1".into()).await).await;
    assert_failures_are_told_apart(async |driver| driver.epoch(context, &"i1".into()).await).await;
    assert_failures_are_told_apart(async |driver| {
        driver.record_epoch(context, &["i1".into()], &mark(3)).await
    })
    .await;
    let mut mock = MockArray::start().await;
    mock.expect_list(TAGS, json!([])).await;
    mock.server.mock("PUT", Matcher::Any).with_status(503).create_async().await;
    let error = driver(&mock).record_epoch(context, &["i1".into()], &mark(3)).await.unwrap_err();
    assert_eq!(error.code(), Code::ServiceFailed);
}
