use super::*;

const POINT: &str = "protection-group-snapshots?names=consisgroup-g-cinder.p1&limit=1000";
const TARGETS: &str = "protection-groups/targets?group_names=consisgroup-g-cinder&limit=1000";
const REPLICATE: &str =
    "protection-group-snapshots?source_names=consisgroup-g-cinder&apply_retention=false&replicate_now=true";
const KEEP: &str = "protection-group-snapshots?source_names=consisgroup-g-cinder&apply_retention=false";

fn point(destroyed: bool) -> Value {
    json!([{"id": "s1", "name": format!("{GROUP}.p1"), "created": 1000, "destroyed": destroyed}])
}

fn absent() -> Value {
    refusal("Protection group snapshot does not exist.", "consisgroup-g-cinder.p1")
}

fn target(allowed: bool) -> Value {
    json!([{"group": {"id": "g1", "name": GROUP}, "member": {"id": "b1", "name": "array-b"}, "allowed": allowed}])
}

fn suffix() -> Value {
    json!({"suffix": "p1"})
}

#[tokio::test]
async fn a_point_is_made_under_its_name_and_sent() {
    let mut mock = MockArray::start().await;
    mock.expect("GET", POINT, None, 400, absent()).await;
    let targets = mock.expect_list(TARGETS, target(true)).await;
    let made = mock.expect("POST", REPLICATE, Some(suffix()), 200, json!({"items": []})).await;
    driver(&mock).replicate_now(&Context::default(), GROUP, "p1").await.unwrap();
    targets.assert_async().await;
    made.assert_async().await;
}

#[tokio::test]
async fn a_point_that_is_there_is_not_made_again() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    mock.expect_list(POINT, point(false)).await;
    driver(&mock).replicate_now(&Context::default(), GROUP, "p1").await.unwrap();
    mock.expect_list(POINT, point(false)).await;
    driver(&mock).take_safety_snapshot(&Context::default(), GROUP, "p1").await.unwrap();
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_name_that_a_destroyed_point_holds_is_refused() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    mock.expect_list(POINT, point(true)).await;
    let error = driver(&mock).replicate_now(&Context::default(), GROUP, "p1").await.unwrap_err();
    assert!(error.to_string().contains("destroyed"), "{error}");
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_point_that_no_target_would_get_is_refused_with_the_way_out() {
    for (targets, says) in [(json!([]), "no target"), (target(false), "allow it on array-b first")] {
        let mut mock = MockArray::start().await;
        let nothing = expect_no_change(&mut mock).await;
        mock.expect("GET", POINT, None, 400, absent()).await;
        mock.expect_list(TARGETS, targets).await;
        let error = driver(&mock).replicate_now(&Context::default(), GROUP, "p1").await.unwrap_err();
        assert_eq!(error.code(), Code::RequestRefused);
        assert!(error.to_string().contains(says), "{error}");
        assert_all(nothing).await;
    }
}

#[tokio::test]
async fn names_that_arrays_do_not_take_are_refused_before_anything_is_sent() {
    let mut mock = MockArray::start().await;
    let any = mock.server.mock("GET", Matcher::Any).expect(0).create_async().await;
    for name in ["", "7", "a.b", "-a"] {
        let error = driver(&mock).replicate_now(&Context::default(), GROUP, name).await.unwrap_err();
        assert_eq!(error.code(), Code::RequestRefused);
        let error = driver(&mock).take_safety_snapshot(&Context::default(), GROUP, name).await.unwrap_err();
        assert_eq!(error.code(), Code::RequestRefused);
    }
    any.assert_async().await;
}

#[tokio::test]
async fn after_a_lost_answer_the_point_is_looked_for_and_counts() {
    for (status, answer) in
        [(502, json!({})), (400, refusal("Protection group snapshot already exists.", "x"))]
    {
        let mut mock = MockArray::start().await;
        mock.expect("GET", POINT, None, 400, absent()).await;
        mock.expect_list(TARGETS, target(true)).await;
        let made = mock.expect("POST", REPLICATE, Some(suffix()), status, answer).await;
        let looked = mock.expect_list(POINT, point(false)).await;
        driver(&mock).replicate_now(&Context::default(), GROUP, "p1").await.unwrap();
        made.assert_async().await;
        looked.assert_async().await;
    }
}

#[tokio::test]
async fn after_a_lost_request_the_point_is_made_once_more_and_no_more() {
    for (second, succeeds) in [(200, true), (502, false)] {
        let mut mock = MockArray::start().await;
        for _ in 0..3 {
            mock.expect("GET", POINT, None, 400, absent()).await;
        }
        mock.expect_list(TARGETS, target(true)).await;
        let first = mock.expect("POST", REPLICATE, Some(suffix()), 502, json!({})).await;
        let second = mock.expect("POST", REPLICATE, Some(suffix()), second, json!({"items": []})).await;
        let result = driver(&mock).replicate_now(&Context::default(), GROUP, "p1").await;
        assert_eq!(result.is_ok(), succeeds, "{result:?}");
        first.assert_async().await;
        second.assert_async().await;
    }
}

#[tokio::test]
async fn a_name_that_is_taken_elsewhere_is_not_taken_for_ours() {
    let mut mock = MockArray::start().await;
    mock.expect("GET", POINT, None, 400, absent()).await;
    mock.expect_list(TARGETS, target(true)).await;
    let answer =
        refusal("Protection group snapshot already exists on array-b.", "array-a:consisgroup-g-cinder.p1");
    mock.expect("POST", REPLICATE, Some(suffix()), 400, answer).await;
    mock.expect("GET", POINT, None, 400, absent()).await;
    let error = driver(&mock).replicate_now(&Context::default(), GROUP, "p1").await.unwrap_err();
    assert_eq!(error.code(), Code::RequestRefused);
    assert!(error.to_string().contains("already exists on array-b"), "{error}");
}

#[tokio::test]
async fn a_safety_snapshot_is_made_and_not_sent() {
    let mut mock = MockArray::start().await;
    mock.expect("GET", POINT, None, 400, absent()).await;
    let made = mock.expect("POST", KEEP, Some(suffix()), 200, json!({"items": []})).await;
    driver(&mock).take_safety_snapshot(&Context::default(), GROUP, "p1").await.unwrap();
    made.assert_async().await;
}

#[tokio::test]
async fn a_safety_snapshot_is_there_until_it_is_destroyed() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    mock.expect_list(POINT, point(false)).await;
    assert!(driver(&mock).has_safety_snapshot(&context, GROUP, "p1").await.unwrap());
    mock.expect_list(POINT, point(true)).await;
    assert!(!driver(&mock).has_safety_snapshot(&context, GROUP, "p1").await.unwrap());
    mock.expect("GET", POINT, None, 400, absent()).await;
    assert!(!driver(&mock).has_safety_snapshot(&context, GROUP, "p1").await.unwrap());
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    assert_failures_are_told_apart(async |driver| driver.replicate_now(context, GROUP, "p1").await).await;
    assert_failures_are_told_apart(async |driver| driver.take_safety_snapshot(context, GROUP, "p1").await)
        .await;
    assert_failures_are_told_apart(async |driver| driver.has_safety_snapshot(context, GROUP, "p1").await)
        .await;
    for (status, code) in [(400, Code::RequestRefused), (403, Code::Forbidden)] {
        let mut mock = MockArray::start().await;
        mock.expect("GET", POINT, None, 400, absent()).await;
        mock.expect("POST", KEEP, Some(suffix()), status, refusal("Limit reached.", "")).await;
        let error = driver(&mock).take_safety_snapshot(context, GROUP, "p1").await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}
