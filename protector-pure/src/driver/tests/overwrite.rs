use super::*;
use std::sync::{Arc, Mutex};

const TRANSFER: &str =
    "protection-group-snapshots/transfer?names=array-b%3Aconsisgroup-g-cinder.p1&limit=1000";
const MEMBER: &str = "volume-snapshots?filter=name%3D%27array-b%3Aconsisgroup-g-cinder.p1.volume-9-cinder%27&destroyed=false&limit=1000";
const VOLUME: &str = "volumes?ids=i1&limit=1000";
const TAGS: &str = "volumes/tags?namespaces=protector&resource_ids=i1&limit=1000";
const SET_TAG: &str = "volumes/tags/batch?resource_ids=i1";
const OVERWRITE: &str = "volumes?names=volume-1-cinder&overwrite=true";
const SAFETY: &str =
    "volume-snapshots?filter=name%3D%27consisgroup-g-cinder.safe.%2A%27&destroyed=false&limit=1000";

fn transfer(progress: f64, completed: Option<u64>, destroyed: bool) -> Value {
    json!([{"name": format!("array-b:{GROUP}.p1"), "started": 1, "completed": completed, "progress": progress,
        "data_transferred": 7, "destroyed": destroyed}])
}

fn member(size: u64) -> Value {
    json!([{"name": format!("array-b:{GROUP}.p1.volume-9-cinder"), "provisioned": size, "destroyed": false,
        "source": {"id": null, "name": "array-b:volume-9-cinder"}}])
}

fn tag(state: &str, size: Option<u64>) -> Value {
    let mut mark = json!({"form": 1, "state": state, "array": "array-b", "group": GROUP, "point": "p0"});
    if let Some(size) = size {
        mark.as_object_mut().unwrap().insert("size".to_owned(), size.into());
    }
    json!([{"namespace": "protector", "key": "content", "value": mark.to_string(), "resource": {"id": "i1"}}])
}

/// An array that answers every change and records in which order they came: method, path and what the tag then said.
async fn recorded(mock: &mut MockArray, failing: Option<usize>) -> Arc<Mutex<Vec<String>>> {
    let record: Arc<Mutex<Vec<String>>> = Arc::default();
    for method in ["PUT", "POST", "PATCH"] {
        let (seen, counted) = (Arc::clone(&record), Arc::clone(&record));
        mock.server
            .mock(method, Matcher::Regex("^/api/2[.]36/vol".to_owned()))
            .with_status_code_from_request(move |_| {
                let count = counted.lock().unwrap().len();
                if failing == Some(count) { 500 } else { 200 }
            })
            .with_body_from_request(move |request| {
                let body: Value = serde_json::from_slice(request.body().unwrap()).unwrap();
                let state = body.pointer("/0/value").and_then(Value::as_str).map(|text| {
                    let mark: Value = serde_json::from_str(text).unwrap();
                    assert_eq!(mark.get("form"), Some(&json!(1)));
                    format!(" {}", mark.get("state").and_then(Value::as_str).unwrap())
                });
                let path = request.path_and_query().trim_start_matches("/api/2.36/");
                let what = format!("{} {path}{}", request.method(), state.unwrap_or_default());
                seen.lock().unwrap().push(what);
                json!({"items": [volume("i1", "volume-1-cinder")]}).to_string().into()
            })
            .expect_at_least(0)
            .create_async()
            .await;
    }
    record
}

async fn expect_reads(mock: &mut MockArray, member_size: u64, tags: Value) {
    mock.expect_list(TRANSFER, transfer(1.0, Some(2), false)).await;
    mock.expect_list(MEMBER, member(member_size)).await;
    mock.expect_list(VOLUME, json!([volume("i1", "volume-1-cinder")])).await;
    mock.expect_list(TAGS, tags).await;
}

async fn materialize(mock: &MockArray) -> Result<(), Error> {
    driver(mock).materialize(&Context::default(), &origin(), "p1", "volume-9-cinder", &"i1".into()).await
}

fn lines(record: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    record.lock().unwrap().clone()
}

#[tokio::test]
async fn the_mark_says_begun_before_the_overwrite_and_whole_after_it() {
    let mut mock = MockArray::start().await;
    let record = recorded(&mut mock, None).await;
    expect_reads(&mut mock, 1024, tag("whole", None)).await;
    materialize(&mock).await.unwrap();
    let expected =
        [format!("PUT {SET_TAG} begun"), format!("POST {OVERWRITE}"), format!("PUT {SET_TAG} whole")];
    assert_eq!(lines(&record), expected);
}

#[tokio::test]
async fn the_overwrite_names_the_member_and_the_marks_say_what_is_in_the_volume() {
    let mut mock = MockArray::start().await;
    expect_reads(&mut mock, 1024, json!([])).await;
    let value =
        |mark: &str| json!([{"namespace": "protector", "key": "content", "value": mark, "copyable": false}]);
    let begun = r#"{"form":1,"state":"begun","array":"array-b","group":"consisgroup-g-cinder","point":"p1","size":1024}"#;
    let begun = mock.expect_change("PUT", SET_TAG, value(begun), json!([])).await;
    let body = json!({"source": {"name": "array-b:consisgroup-g-cinder.p1.volume-9-cinder"}});
    let written = mock.expect_change("POST", OVERWRITE, body, json!([volume("i1", "volume-1-cinder")])).await;
    let whole = r#"{"form":1,"state":"whole","array":"array-b","group":"consisgroup-g-cinder","point":"p1"}"#;
    let whole = mock.expect_change("PUT", SET_TAG, value(whole), json!([])).await;
    materialize(&mock).await.unwrap();
    assert_all(vec![begun, written, whole]).await;
}

#[tokio::test]
async fn wherever_it_is_cut_short_the_volume_is_not_said_to_hold_the_point() {
    for cut in 0..3 {
        let mut mock = MockArray::start().await;
        let record = recorded(&mut mock, Some(cut)).await;
        expect_reads(&mut mock, 1024, tag("whole", None)).await;
        let error = materialize(&mock).await.unwrap_err();
        assert_eq!(error.code(), Code::ServiceFailed);
        let lines = lines(&record);
        assert_eq!(lines.len(), cut + 1, "nothing is sent after the request that failed");
        let before = lines.get(..cut).unwrap();
        assert!(before.iter().all(|line| !line.ends_with("whole")), "{lines:?}");
        let overwritten = before.iter().any(|line| line.starts_with("POST"));
        let begun = before.first().is_some_and(|line| line.ends_with("begun"));
        assert!(begun || !overwritten, "{lines:?}");
    }
}

#[tokio::test]
async fn an_incomplete_or_destroyed_point_is_refused_and_changes_nothing() {
    for (answer, says) in [
        (transfer(0.42, None, false), "not complete yet (42 %)"),
        (transfer(1.0, None, false), "not complete yet"),
        (transfer(0.999, Some(2), false), "not complete yet"),
        (transfer(1.0, Some(2), true), "destroyed"),
    ] {
        let mut mock = MockArray::start().await;
        let nothing = expect_no_change(&mut mock).await;
        expect_nothing_kept_of_p1(&mut mock).await;
        mock.expect_list(TRANSFER, answer).await;
        let error = materialize(&mock).await.unwrap_err();
        assert_eq!(error.code(), Code::RequestRefused);
        assert!(error.to_string().contains(says), "{error}");
        assert_all(nothing).await;
    }
}

#[tokio::test]
async fn a_point_or_member_that_is_not_there_is_not_found() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    for _ in 0..2 {
        expect_nothing_kept_of_p1(&mut mock).await;
    }
    mock.expect("GET", TRANSFER, None, 400, refusal("Protection group snapshot does not exist.", "p1")).await;
    assert!(matches!(materialize(&mock).await.unwrap_err(), Error::NotFound { .. }));
    mock.expect_list(TRANSFER, json!([])).await;
    assert!(matches!(materialize(&mock).await.unwrap_err(), Error::NotFound { .. }));
    mock.expect_list(TRANSFER, transfer(1.0, Some(2), false)).await;
    mock.expect_list(MEMBER, json!([])).await;
    assert!(matches!(materialize(&mock).await.unwrap_err(), Error::NotFound { .. }));
    mock.expect_list(TRANSFER, transfer(1.0, Some(2), false)).await;
    mock.expect_list(MEMBER, member(1024)).await;
    mock.expect("GET", VOLUME, None, 400, refusal("Volume does not exist.", "i1")).await;
    assert!(matches!(materialize(&mock).await.unwrap_err(), Error::NotFound { .. }));
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_destroyed_volume_is_not_overwritten() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    mock.expect_list(TRANSFER, transfer(1.0, Some(2), false)).await;
    mock.expect_list(MEMBER, member(1024)).await;
    let mut destroyed = volume("i1", "volume-1-cinder");
    *destroyed.get_mut("destroyed").unwrap() = json!(true);
    mock.expect_list(VOLUME, json!([destroyed])).await;
    assert!(materialize(&mock).await.unwrap_err().to_string().contains("is destroyed"));
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_volume_too_small_for_the_point_is_refused_before_anything_is_sent() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    expect_reads(&mut mock, 2048, json!([])).await;
    let error = materialize(&mock).await.unwrap_err();
    assert!(error.to_string().contains("extend it first"), "{error}");
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_volume_larger_than_the_point_keeps_its_size() {
    // The second time the volume was left small by an overwrite that was cut short: the mark knows its size.
    for (held, tags, size) in [(512, json!([]), 1024), (1024, tag("begun", Some(4096)), 4096)] {
        let mut mock = MockArray::start().await;
        expect_reads(&mut mock, held, tags).await;
        let extended =
            mock.expect_change("PATCH", "volumes?ids=i1", json!({"provisioned": size}), json!([])).await;
        let record = recorded(&mut mock, None).await;
        materialize(&mock).await.unwrap();
        extended.assert_async().await;
        assert_eq!(lines(&record).len(), 3);
    }
}

#[tokio::test]
async fn a_name_that_changed_hands_meanwhile_is_found_out_and_not_marked() {
    let mut mock = MockArray::start().await;
    expect_reads(&mut mock, 1024, json!([])).await;
    mock.server.mock("PUT", Matcher::Any).with_body("{}").expect(1).create_async().await;
    let other = json!({"items": [volume("i2", "volume-1-cinder")]}).to_string();
    mock.server.mock("POST", Matcher::Regex("/volumes".to_owned())).with_body(other).create_async().await;
    let error = materialize(&mock).await.unwrap_err();
    assert!(error.to_string().contains("changed hands"), "{error}");
}

#[tokio::test]
async fn a_mark_too_long_for_a_tag_is_refused_before_anything_is_overwritten() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    let any = |part: &str| Matcher::Regex(format!("^/api/2[.]36/{part}"));
    let long = "x".repeat(240);
    let name = format!("array-b:{long}.p1.v");
    for (part, items) in [
        ("protection-group-snapshots/transfer", transfer(1.0, Some(2), false)),
        ("volume-snapshots", json!([{"name": name, "provisioned": 1024}])),
        ("volumes[?]", json!([volume("i1", "volume-1-cinder")])),
        ("volumes/tags", json!([])),
    ] {
        mock.server
            .mock("GET", any(part))
            .with_body(json!({"items": items}).to_string())
            .create_async()
            .await;
    }
    let origin = GroupOrigin { array: "array-b".into(), group: long };
    let error =
        driver(&mock).materialize(&Context::default(), &origin, "p1", "v", &"i1".into()).await.unwrap_err();
    assert!(error.to_string().contains("256"), "{error}");
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_volume_is_restored_from_its_own_member_whatever_it_was_called_then() {
    let mut mock = MockArray::start().await;
    let member = |name: &str, id: Option<&str>| {
        json!({"name": format!("{GROUP}.safe.{name}"), "provisioned": 1024,
        "destroyed": false, "source": {"id": id, "name": name}})
    };
    mock.expect_list(VOLUME, json!([volume("i1", "volume-1-cinder")])).await;
    mock.expect_list(
        SAFETY,
        json!([member("volume-1-cinder", Some("i2")), member("former-name", Some("i1"))]),
    )
    .await;
    mock.expect_list(VOLUME, json!([volume("i1", "volume-1-cinder")])).await;
    mock.expect_list(TAGS, tag("whole", None)).await;
    let body = json!({"source": {"name": "consisgroup-g-cinder.safe.former-name"}});
    let written = mock.expect_change("POST", OVERWRITE, body, json!([volume("i1", "volume-1-cinder")])).await;
    let record = recorded(&mut mock, None).await;
    driver(&mock).restore(&Context::default(), GROUP, "safe", &"i1".into()).await.unwrap();
    written.assert_async().await;
    // The point that was materialized before is not in it any more, and the mark does not say so.
    assert_eq!(lines(&record), [format!("PUT {SET_TAG} restored")]);
}

#[tokio::test]
async fn a_member_without_its_volumes_id_is_known_by_name() {
    let mut mock = MockArray::start().await;
    mock.expect_list(VOLUME, json!([volume("i1", "pod::volume-1-cinder")])).await;
    let member =
        json!({"name": format!("{GROUP}.safe.volume-1-cinder"), "provisioned": 1024, "source": null});
    mock.expect_list(SAFETY, json!([member])).await;
    mock.expect_list(VOLUME, json!([volume("i1", "pod::volume-1-cinder")])).await;
    mock.expect_list(TAGS, json!([])).await;
    let record = recorded(&mut mock, None).await;
    driver(&mock).restore(&Context::default(), GROUP, "safe", &"i1".into()).await.unwrap();
    assert_eq!(lines(&record).len(), 2);
}

#[tokio::test]
async fn a_safety_snapshot_without_the_volume_is_not_found() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    mock.expect_list(VOLUME, json!([volume("i1", "volume-1-cinder")])).await;
    let other = json!({"name": format!("{GROUP}.safe.volume-1-cinder"), "source": {"id": "i2", "name": "x"}});
    mock.expect_list(SAFETY, json!([other])).await;
    let error = driver(&mock).restore(&Context::default(), GROUP, "safe", &"i1".into()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert_all(nothing).await;
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    assert_failures_are_told_apart(async |driver| {
        driver.materialize(context, &origin(), "p1", "volume-9-cinder", &"i1".into()).await
    })
    .await;
    assert_failures_are_told_apart(async |driver| driver.restore(context, GROUP, "safe", &"i1".into()).await)
        .await;
}
