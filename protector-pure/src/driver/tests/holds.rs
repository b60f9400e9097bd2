use super::*;
use protector_core::driver::PointMember;
use std::time::{Duration, UNIX_EPOCH};

const TRANSFER: &str =
    "protection-group-snapshots/transfer?names=array-b%3Aconsisgroup-g-cinder.p1&limit=1000";
const SNAPSHOT: &str = "protection-group-snapshots?names=array-b%3Aconsisgroup-g-cinder.p1&limit=1000";
const MEMBERS: &str =
    "volume-snapshots?filter=name%3D%27array-b%3Aconsisgroup-g-cinder.p1.%2A%27&destroyed=false&limit=1000";
const CREATED: u64 = 1000;

/// What keeps member `volume-<number>-cinder` of the point is called so.
fn kept(number: usize) -> String {
    names::held_member(&origin(), "p1", CREATED, &format!("volume-{number}-cinder"))
}

fn of_p1() -> String {
    copies_like(&names::held_point(&origin(), "p1"))
}

fn copy(number: usize, destroyed: bool) -> Value {
    let mut copy = volume(&format!("i{number}"), &kept(number));
    *copy.get_mut("destroyed").unwrap() = json!(destroyed);
    copy
}

fn point_mark(point: &str) -> String {
    format!(r#"{{"form":1,"array":"array-b","group":"{GROUP}","point":"{point}"}}"#)
}

fn member_mark(number: usize) -> String {
    format!(r#"{{"form":1,"member":"volume-{number}-cinder","created":1000,"completed":1900,"members":2}}"#)
}

fn tag(number: usize, key: &str, value: &str) -> Value {
    json!({"namespace": "protector", "key": key, "value": value, "copyable": false,
        "resource": {"id": format!("i{number}"), "name": kept(number)}})
}

fn tags(numbers: &[usize]) -> Value {
    let both = |number: &usize| {
        [tag(*number, "held-point", &point_mark("p1")), tag(*number, "held-member", &member_mark(*number))]
    };
    numbers.iter().flat_map(both).collect()
}

fn tags_of(ids: &str) -> String {
    format!("volumes/tags?namespaces=protector&resource_ids={ids}&limit=1000")
}

/// The point is here, with two members.
async fn expect_point(mock: &mut MockArray) {
    let whole = format!("array-b:{GROUP}.p1");
    let transfer =
        json!([{"name": whole, "started": 1500, "completed": 1900, "progress": 1.0, "destroyed": false}]);
    mock.expect_list(TRANSFER, transfer).await;
    mock.expect_list(SNAPSHOT, json!([{"name": whole, "created": CREATED, "destroyed": false}])).await;
    let member = |number| json!({"name": format!("{whole}.volume-{number}-cinder"), "provisioned": 1024, "destroyed": false});
    mock.expect_list(MEMBERS, json!([member(1), member(2)])).await;
}

async fn expect_point_gone(mock: &mut MockArray) {
    let absent = refusal("Protection group snapshot does not exist.", "p1");
    mock.expect("GET", TRANSFER, None, 400, absent).await;
}

/// A member is copied.
async fn expect_copy(mock: &mut MockArray, number: usize, status: usize, answer: Value) -> Mock {
    let path = format!("volumes?names={}&with_default_protection=false", kept(number));
    let source = json!({"source": {"name": format!("array-b:{GROUP}.p1.volume-{number}-cinder")}});
    mock.expect("POST", &path, Some(source), status, answer).await
}

/// A copy is told which member it is of.
async fn expect_member_mark(mock: &mut MockArray, number: usize) -> Mock {
    let mark = json!([{"namespace": "protector", "key": "held-member", "value": member_mark(number), "copyable": false}]);
    let path = format!("volumes/tags/batch?resource_ids=i{number}");
    mock.expect_change("PUT", &path, mark, json!([])).await
}

/// Copies are told which point they are of.
async fn expect_point_mark(mock: &mut MockArray, ids: &str) -> Mock {
    let mark = json!([{"namespace": "protector", "key": "held-point", "value": point_mark("p1"), "copyable": false}]);
    mock.expect_change("PUT", &format!("volumes/tags/batch?resource_ids={ids}"), mark, json!([])).await
}

async fn expect_destroyed(mock: &mut MockArray, id: &str) -> Mock {
    let path = format!("volumes?ids={id}");
    mock.expect_change("PATCH", &path, json!({"destroyed": true}), json!([])).await
}

fn page(items: &Value) -> Value {
    crate::flasharray::testing::page(items)
}

async fn hold(mock: &MockArray) -> Result<(), Error> {
    driver(mock).hold_point(&Context::default(), &origin(), "p1").await
}

async fn release(mock: &MockArray) -> Result<(), Error> {
    driver(mock).release_point(&Context::default(), &origin(), "p1").await
}

#[tokio::test]
async fn each_member_is_copied_and_marked_with_what_is_told_of_the_point() {
    let mut mock = MockArray::start().await;
    expect_point(&mut mock).await;
    mock.expect_list(&of_p1(), json!([])).await;
    let mut expected = Vec::new();
    for number in [1, 2] {
        expected.push(expect_copy(&mut mock, number, 200, page(&json!([copy(number, false)]))).await);
        expected.push(expect_member_mark(&mut mock, number).await);
    }
    expected.push(expect_point_mark(&mut mock, "i1,i2").await);
    hold(&mock).await.unwrap();
    assert_all(expected).await;
}

#[tokio::test]
async fn a_point_that_is_held_is_left_as_it_is() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    expect_point(&mut mock).await;
    mock.expect_list(&of_p1(), json!([copy(1, false), copy(2, false)])).await;
    mock.expect_list(&tags_of("i1,i2"), tags(&[1, 2])).await;
    hold(&mock).await.unwrap();
    assert_all(nothing).await;
}

#[tokio::test]
async fn what_was_released_is_recovered_and_what_was_cut_short_is_ended() {
    let mut mock = MockArray::start().await;
    expect_point(&mut mock).await;
    mock.expect_list(&of_p1(), json!([copy(1, true), copy(2, false)])).await;
    mock.expect_list(&tags_of("i2"), json!([])).await;
    let recovered =
        mock.expect_change("PATCH", "volumes?ids=i1", json!({"destroyed": false}), json!([])).await;
    let mut expected = vec![recovered];
    for number in [1, 2] {
        expected.push(expect_member_mark(&mut mock, number).await);
    }
    expected.push(expect_point_mark(&mut mock, "i1,i2").await);
    hold(&mock).await.unwrap();
    assert_all(expected).await;
}

#[tokio::test]
async fn a_copy_whose_answer_was_lost_is_looked_for_and_counts() {
    for (status, answer) in [(502, json!({})), (400, refusal("Volume already exists.", "x"))] {
        let mut mock = MockArray::start().await;
        expect_point(&mut mock).await;
        mock.expect_list(&of_p1(), json!([copy(2, false)])).await;
        mock.expect_list(&tags_of("i2"), tags(&[2])).await;
        let lost = expect_copy(&mut mock, 1, status, answer).await;
        let looked = format!("volumes?filter=name%3D%27{}%27&limit=1000", kept(1));
        let looked = mock.expect_list(&looked, json!([copy(1, false)])).await;
        let marks = vec![expect_member_mark(&mut mock, 1).await, expect_point_mark(&mut mock, "i1").await];
        hold(&mock).await.unwrap();
        assert_all(vec![lost, looked]).await;
        assert_all(marks).await;
    }
}

#[tokio::test]
async fn of_a_point_that_goes_meanwhile_nothing_is_kept() {
    let mut mock = MockArray::start().await;
    expect_point(&mut mock).await;
    mock.expect_list(&of_p1(), json!([])).await;
    expect_copy(&mut mock, 1, 200, page(&json!([copy(1, false)]))).await;
    expect_member_mark(&mut mock, 1).await;
    expect_copy(&mut mock, 2, 400, refusal("Source does not exist.", "volume-2-cinder")).await;
    mock.expect_list(&of_p1(), json!([copy(1, false)])).await;
    mock.expect_list(&tags_of("i1"), json!([])).await;
    let destroyed = expect_destroyed(&mut mock, "i1").await;
    let error = hold(&mock).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    destroyed.assert_async().await;
}

#[tokio::test]
async fn an_incomplete_point_is_not_held_and_one_that_is_gone_only_if_it_is_held_already() {
    let mut mock = MockArray::start().await;
    let nothing = expect_no_change(&mut mock).await;
    let transfer = json!([{"name": format!("array-b:{GROUP}.p1"), "progress": 0.5, "completed": null}]);
    mock.expect_list(TRANSFER, transfer).await;
    assert!(matches!(hold(&mock).await.unwrap_err(), Error::Refused { .. }));

    expect_point_gone(&mut mock).await;
    expect_nothing_kept_of_p1(&mut mock).await;
    assert!(matches!(hold(&mock).await.unwrap_err(), Error::NotFound { .. }));

    // One member of two is no point.
    expect_point_gone(&mut mock).await;
    mock.expect_list(&of_p1(), json!([copy(1, false), copy(2, true)])).await;
    mock.expect_list(&tags_of("i1"), tags(&[1])).await;
    assert!(matches!(hold(&mock).await.unwrap_err(), Error::NotFound { .. }));

    expect_point_gone(&mut mock).await;
    mock.expect_list(&of_p1(), json!([copy(1, false), copy(2, false)])).await;
    mock.expect_list(&tags_of("i1,i2"), tags(&[1, 2])).await;
    hold(&mock).await.unwrap();
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_release_destroys_what_is_kept_of_the_point_and_nothing_of_another() {
    let mut mock = MockArray::start().await;
    let eradication = mock.server.mock("DELETE", Matcher::Any).expect(0).create_async().await;
    let (none, mut anothers) = (copy(3, false), copy(4, false));
    *anothers.get_mut("name").unwrap() = json!(format!("{}-4", names::held_point(&origin(), "p1")));
    mock.expect_list(&of_p1(), json!([copy(1, false), copy(2, true), none, anothers])).await;
    let told = json!([tag(1, "held-point", &point_mark("p1")), tag(4, "held-point", &point_mark("p2"))]);
    mock.expect_list(&tags_of("i1,i3,i4"), told).await;
    let destroyed = vec![expect_destroyed(&mut mock, "i1").await, expect_destroyed(&mut mock, "i3").await];
    let kept = mock.server.mock("PATCH", Matcher::Regex("ids=i[24]".to_owned())).expect(0);
    let kept = kept.create_async().await;
    release(&mock).await.unwrap();
    assert_all(destroyed).await;
    assert_all(vec![kept, eradication]).await;
}

#[tokio::test]
async fn releasing_what_is_not_held_or_goes_meanwhile_is_no_error() {
    let mut mock = MockArray::start().await;
    expect_nothing_kept_of_p1(&mut mock).await;
    release(&mock).await.unwrap();
    mock.expect_list(&of_p1(), json!([copy(1, false)])).await;
    mock.expect_list(&tags_of("i1"), tags(&[1])).await;
    let answer = refusal("Volume has been destroyed.", "x");
    mock.expect("PATCH", "volumes?ids=i1", Some(json!({"destroyed": true})), 400, answer).await;
    release(&mock).await.unwrap();
}

#[tokio::test]
async fn a_kept_member_that_a_host_uses_is_not_released() {
    let mut mock = MockArray::start().await;
    mock.expect_list(&of_p1(), json!([copy(1, false)])).await;
    mock.expect_list(&tags_of("i1"), tags(&[1])).await;
    let answer = refusal("Volume cannot be deleted due to existing connections.", "x");
    mock.expect("PATCH", "volumes?ids=i1", Some(json!({"destroyed": true})), 400, answer).await;
    assert_eq!(release(&mock).await.unwrap_err().code(), Code::RequestRefused);
}

/// The points that are listed while these are there and these copies, with their tags, are kept.
async fn listed(snapshots: &Value, copies: &Value, ids: &str, tags: Value) -> Vec<RecoveryPoint> {
    let mut mock = MockArray::start().await;
    let group = "names=array-b%3Aconsisgroup-g-cinder&destroyed=false&limit=1000";
    mock.expect_list(&format!("protection-group-snapshots?{group}"), snapshots.clone()).await;
    let transfers: Vec<Value> = snapshots.as_array().unwrap().iter().map(|snapshot| {
        json!({"name": snapshot.get("name"), "started": 1, "completed": 1900, "progress": 1.0, "data_transferred": 7})
    }).collect();
    mock.expect_list(&format!("protection-group-snapshots/transfer?{group}"), json!(transfers)).await;
    let members =
        "volume-snapshots?filter=name%3D%27array-b%3Aconsisgroup-g-cinder.%2A%27&destroyed=false&limit=1000";
    mock.expect_list(members, json!([])).await;
    mock.expect_list(&copies_like(&names::held_origin(&origin())), copies.clone()).await;
    mock.expect_list(&tags_of(ids), tags).await;
    driver(&mock).recovery_points(&Context::default(), &origin()).await.unwrap()
}

#[tokio::test]
async fn a_held_point_is_listed_though_it_is_gone_itself_and_only_with_all_its_members() {
    let at = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
    let (both, none) = (json!([copy(1, false), copy(2, false)]), json!([]));
    let points = listed(&none, &both, "i1,i2", tags(&[1, 2])).await;
    let members = [1, 2].map(|number| PointMember { name: format!("volume-{number}-cinder"), size: 1024 });
    let expected = RecoveryPoint {
        name: "p1".to_owned(),
        created: at(1000),
        completed: Some(at(1900)),
        progress: 1.0,
        bytes_transferred: None,
        bytes: None,
        held: true,
        members: members.to_vec(),
    };
    assert_eq!(points, [expected]);
    let other = json!([{"name": format!("array-b:{GROUP}.p0"), "created": 1, "destroyed": false}]);
    let mut unreadable = tags(&[1, 2]);
    *unreadable.pointer_mut("/3/value").unwrap() =
        json!(member_mark(2).replace(r#""form":1"#, r#""form":2"#));
    for tags in [tags(&[1]), unreadable] {
        let points = listed(&other, &both, "i1,i2", tags).await;
        let names: Vec<&str> = points.iter().map(|point| point.name.as_str()).collect();
        assert_eq!(names, ["p0"]);
    }
}

#[tokio::test]
async fn a_point_that_is_there_is_told_to_be_held_unless_another_had_its_name() {
    let both = json!([copy(1, false), copy(2, false)]);
    for (created, held) in [(CREATED, true), (CREATED + 1, false)] {
        let whole = format!("array-b:{GROUP}.p1");
        let snapshots = json!([{"name": whole, "created": created, "destroyed": false}]);
        let points = listed(&snapshots, &both, "i1,i2", tags(&[1, 2])).await;
        let [point] = points.as_slice() else { panic!("one point: {points:?}") };
        assert_eq!((point.held, point.bytes_transferred), (held, Some(7)));
    }
}

#[tokio::test]
async fn a_volume_is_overwritten_with_what_is_kept_of_a_point_that_is_gone() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    expect_point_gone(&mut mock).await;
    mock.expect_list(&of_p1(), json!([copy(1, false), copy(2, false)])).await;
    mock.expect_list(&tags_of("i1,i2"), tags(&[1, 2])).await;
    mock.expect_list("volumes?ids=i9&limit=1000", json!([volume("i9", "volume-9-cinder")])).await;
    mock.expect_list(&tags_of("i9"), json!([])).await;
    let mark =
        |mark: &str| json!([{"namespace": "protector", "key": "content", "value": mark, "copyable": false}]);
    let begun = r#"{"form":1,"state":"begun","array":"array-b","group":"consisgroup-g-cinder","point":"p1","size":1024}"#;
    let set = "volumes/tags/batch?resource_ids=i9";
    let begun = mock.expect_change("PUT", set, mark(begun), json!([])).await;
    let written = mock
        .expect_change(
            "POST",
            "volumes?names=volume-9-cinder&overwrite=true",
            json!({"source": {"name": kept(2)}}),
            json!([volume("i9", "volume-9-cinder")]),
        )
        .await;
    let whole = r#"{"form":1,"state":"whole","array":"array-b","group":"consisgroup-g-cinder","point":"p1"}"#;
    let whole = mock.expect_change("PUT", set, mark(whole), json!([])).await;
    driver(&mock).materialize(&context, &origin(), "p1", "volume-2-cinder", &"i9".into()).await.unwrap();
    assert_all(vec![begun, written, whole]).await;

    let nothing = expect_no_change(&mut mock).await;
    expect_point_gone(&mut mock).await;
    mock.expect_list(&of_p1(), json!([copy(1, false), copy(2, false)])).await;
    mock.expect_list(&tags_of("i1,i2"), tags(&[1, 2])).await;
    let absent = driver(&mock).materialize(&context, &origin(), "p1", "volume-3-cinder", &"i9".into()).await;
    assert!(matches!(absent.unwrap_err(), Error::NotFound { .. }));
    assert_all(nothing).await;
}

#[tokio::test]
async fn a_discarded_group_takes_what_is_kept_of_its_points_with_it() {
    let mut mock = MockArray::start().await;
    mock.expect_list(&copies_like(&names::held_origin(&origin())), json!([copy(1, false), copy(2, true)]))
        .await;
    mock.expect_list(&tags_of("i1"), tags(&[1])).await;
    let copy = expect_destroyed(&mut mock, "i1").await;
    let path = format!("protection-groups?names={REPLICA}");
    let group = mock.expect_change("PATCH", &path, json!({"destroyed": true}), json!([])).await;
    driver(&mock).discard_origin(&Context::default(), &origin()).await.unwrap();
    assert_all(vec![copy, group]).await;
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    assert_failures_are_told_apart(async |driver| driver.hold_point(context, &origin(), "p1").await).await;
    assert_failures_are_told_apart(async |driver| driver.release_point(context, &origin(), "p1").await).await;
    assert_failures_are_told_apart(async |driver| driver.discard_origin(context, &origin()).await).await;
}
