use super::*;
use std::time::Duration;

const PATH: &str = "protection-groups?names=consisgroup-g-cinder";
const LIST: &str = "protection-groups?names=consisgroup-g-cinder&limit=1000";

fn group(enabled: bool, frequency: u64, retention: &Value) -> Value {
    json!([{"id": "g1", "name": GROUP, "destroyed": false,
        "replication_schedule": {"at": null, "blackout": null, "enabled": enabled, "frequency": frequency},
        "target_retention": retention}])
}

fn as_delivered() -> Value {
    json!({"all_for_sec": 86400, "days": 7, "per_day": 4})
}

fn wanted(enabled: bool, interval: u64, retention: Option<u64>) -> ReplicationSettings {
    let retention = retention.map(Duration::from_secs);
    ReplicationSettings { enabled, interval: Duration::from_secs(interval), retention }
}

#[tokio::test]
async fn schedule_interval_and_retention_are_set_and_read_back() {
    let mut mock = MockArray::start().await;
    mock.expect_list(LIST, group(false, 14_400_000, &as_delivered())).await;
    let body = json!({"replication_schedule": {"enabled": true, "frequency": 600_000},
        "target_retention": {"all_for_sec": 3600, "days": 0, "per_day": 0}});
    let change = mock.expect_change("PATCH", PATH, body, json!([])).await;
    let kept = json!({"all_for_sec": 3600, "days": 0, "per_day": 0});
    let read_back = mock.expect_list(LIST, group(true, 600_000, &kept)).await;
    driver(&mock).set_replication(&Context::default(), GROUP, &wanted(true, 600, Some(3600))).await.unwrap();
    change.assert_async().await;
    read_back.assert_async().await;
}

#[tokio::test]
async fn what_is_so_already_is_not_sent_again() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    mock.expect_list(LIST, group(true, 600_000, &as_delivered())).await;
    let settings = wanted(true, 600, None);
    driver(&mock).set_replication(&Context::default(), GROUP, &settings).await.unwrap();
    let one_day = json!({"all_for_sec": 86400, "days": 7, "per_day": 0});
    mock.expect_list(LIST, group(true, 600_000, &one_day)).await;
    let settings = wanted(true, 600, Some(86400));
    driver(&mock).set_replication(&Context::default(), GROUP, &settings).await.unwrap();
    assert_all(nothing).await;
}

#[tokio::test]
async fn points_of_each_day_are_not_kept_beyond_the_retention() {
    let mut mock = MockArray::start().await;
    mock.expect_list(LIST, group(true, 600_000, &as_delivered())).await;
    let body = json!({"target_retention": {"all_for_sec": 86400, "days": 0, "per_day": 0}});
    let change = mock.expect_change("PATCH", PATH, body, json!([])).await;
    let kept = json!({"all_for_sec": 86400, "days": 0, "per_day": 0});
    mock.expect_list(LIST, group(true, 600_000, &kept)).await;
    driver(&mock).set_replication(&Context::default(), GROUP, &wanted(true, 600, Some(86400))).await.unwrap();
    change.assert_async().await;
}

#[tokio::test]
async fn an_array_that_keeps_something_else_is_found_out() {
    let mut mock = MockArray::start().await;
    mock.expect_list(LIST, group(false, 600_000, &as_delivered())).await;
    let body = json!({"replication_schedule": {"enabled": true}});
    mock.expect_change("PATCH", PATH, body, json!([])).await;
    mock.expect_list(LIST, group(false, 600_000, &as_delivered())).await;
    let set = driver(&mock);
    let error = set.set_replication(&Context::default(), GROUP, &wanted(true, 600, None)).await.unwrap_err();
    assert_eq!(error.code(), Code::RequestRefused);
    assert!(error.to_string().contains("schedule is off"), "{error}");
}

#[tokio::test]
async fn intervals_and_retentions_that_no_array_takes_are_refused_before_anything_is_sent() {
    for settings in [
        wanted(true, 299, None),
        wanted(false, 299, None),
        wanted(true, 34_560_001, None),
        wanted(true, 600, Some(59)),
        wanted(true, 600, Some(34_560_001)),
    ] {
        let mut mock = MockArray::start().await;
        let nothing = expect_no_change(&mut mock).await;
        mock.expect_list(LIST, group(false, 14_400_000, &as_delivered())).await;
        let error = driver(&mock).set_replication(&Context::default(), GROUP, &settings).await.unwrap_err();
        assert_eq!(error.code(), Code::RequestRefused);
        assert!(error.to_string().contains("arrays take"), "{error}");
        assert_all(nothing).await;
    }
}

#[tokio::test]
async fn a_schedule_with_an_impossible_interval_can_be_switched_off_but_not_on() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    mock.expect_list(LIST, group(true, 3_600, &as_delivered())).await;
    let body = json!({"replication_schedule": {"enabled": false}});
    let change = mock.expect_change("PATCH", PATH, body, json!([])).await;
    mock.expect_list(LIST, group(false, 3_600, &as_delivered())).await;
    let mut settings = wanted(false, 0, None);
    settings.interval = Duration::from_millis(3_600);
    driver(&mock).set_replication(&context, GROUP, &settings).await.unwrap();
    change.assert_async().await;
    settings.enabled = true;
    mock.expect_list(LIST, group(false, 3_600, &as_delivered())).await;
    let error = driver(&mock).set_replication(&context, GROUP, &settings).await.unwrap_err();
    assert_eq!(error.code(), Code::RequestRefused);
}

#[tokio::test]
async fn a_peers_group_is_allowed_and_twice_is_as_good_as_once() {
    let mut mock = MockArray::start().await;
    let path = format!("protection-groups/targets?group_names={REPLICA}");
    let body = || json!({"allowed": true});
    let first = mock.expect_change("PATCH", &path, body(), json!([])).await;
    driver(&mock).allow_replication(&Context::default(), &origin()).await.unwrap();
    first.assert_async().await;
    let answer = refusal("Protection group already allowed on array-a.", "array-b:consisgroup-g-cinder");
    let again = mock.expect("PATCH", &path, Some(body()), 400, answer).await;
    driver(&mock).allow_replication(&Context::default(), &origin()).await.unwrap();
    again.assert_async().await;
}

#[tokio::test]
async fn a_peers_group_that_has_not_come_yet_is_not_found_and_to_be_tried_again() {
    let mut mock = MockArray::start().await;
    let path = format!("protection-groups/targets?group_names={REPLICA}");
    let answer = refusal("Protection group does not exist.", "array-b:consisgroup-g-cinder");
    mock.expect("PATCH", &path, Some(json!({"allowed": true})), 400, answer).await;
    let error = driver(&mock).allow_replication(&Context::default(), &origin()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }));
    assert!(error.to_string().contains("array-b:consisgroup-g-cinder"), "{error}");
    assert!(error.to_string().contains("try again"), "{error}");
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    let settings = wanted(true, 600, None);
    assert_failures_are_told_apart(async |driver| driver.set_replication(context, GROUP, &settings).await)
        .await;
    for (status, code) in [(400, Code::RequestRefused), (403, Code::Forbidden), (500, Code::ServiceFailed)] {
        let mut mock = MockArray::start().await;
        let path = format!("protection-groups/targets?group_names={REPLICA}");
        let answer = refusal("Limit reached.", "");
        mock.expect("PATCH", &path, Some(json!({"allowed": true})), status, answer).await;
        let error = driver(&mock).allow_replication(context, &origin()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}
