//! Each verb against a mock array: what it sends, in which order, and what it makes of the answers.

mod discard;
mod holds;
mod lookup;
mod marks;
mod overwrite;
mod points;
mod replication;
mod snapshots;

use super::*;
use crate::flasharray::testing::{MockArray, refusal, settings};
use mockito::{Matcher, Mock};
use protector_core::driver::{ArraySettings, DriverFactory};
use protector_core::error::{Code, Coded};
use serde_json::{Value, json};

const GROUP: &str = "consisgroup-g-cinder";
const REPLICA: &str = "array-b%3Aconsisgroup-g-cinder";

/// The driver of `array-a`, whose client repeats nothing.
pub(super) fn driver(mock: &MockArray) -> PureDriver {
    PureDriver::new(mock.array.clone())
}

/// `array-b`'s group.
fn origin() -> GroupOrigin {
    GroupOrigin { array: "array-b".into(), group: GROUP.to_owned() }
}

fn volume(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "serial": format!("SERIAL{id}"), "provisioned": 1024, "destroyed": false,
        "connection_count": 0, "source": {"id": null, "name": null}})
}

fn array_volume(id: &str, name: &str) -> ArrayVolume {
    ArrayVolume { id: id.into(), name: name.to_owned(), serial: format!("SERIAL{id}"), size: 1024 }
}

/// The list of all volumes whose names begin so.
fn copies_like(prefix: &str) -> String {
    format!("volumes?filter=name%3D%27{prefix}-%2A%27&limit=1000")
}

/// Nothing is kept of point `p1` of `array-b`'s group.
async fn expect_nothing_kept_of_p1(mock: &mut MockArray) {
    mock.expect_list(&copies_like(&names::held_point(&origin(), "p1")), json!([])).await;
}

/// Nothing is kept of any point of `array-b`'s group.
async fn expect_nothing_kept(mock: &mut MockArray) {
    mock.expect_list(&copies_like(&names::held_origin(&origin())), json!([])).await;
}

/// No request but reading ones may come.
async fn expect_no_change(mock: &mut MockArray) -> Vec<Mock> {
    let mut mocks = Vec::new();
    for method in ["PATCH", "PUT", "DELETE"] {
        mocks.push(mock.server.mock(method, Matcher::Any).expect(0).create_async().await);
    }
    let posts = Matcher::Regex("^/api/2[.]36/(volumes|protection-group)".to_owned());
    mocks.push(mock.server.mock("POST", posts).expect(0).create_async().await);
    mocks
}

async fn assert_all(mocks: Vec<Mock>) {
    for mock in mocks {
        mock.assert_async().await;
    }
}

/// Every request of a verb is answered with one kind of error each time; the verb tells them apart and names the array.
async fn assert_failures_are_told_apart<T: std::fmt::Debug>(
    verb: impl AsyncFn(PureDriver) -> Result<T, Error>,
) {
    for (status, answer, code) in [
        (400, refusal("Limit reached.", "v1"), Code::RequestRefused),
        (403, json!({"message": "Forbidden."}), Code::Forbidden),
        (503, json!({}), Code::ServiceFailed),
        (200, json!("not an array's answer"), Code::AnswerMalformed),
    ] {
        let mut mock = MockArray::start().await;
        for method in ["GET", "POST", "PATCH", "PUT"] {
            let path = Matcher::Regex("^/api/2[.]36/(array|conn|prot|vol)".to_owned());
            let answers = mock.server.mock(method, path).with_status(status).with_body(answer.to_string());
            answers.create_async().await;
        }
        let error = verb(driver(&mock)).await.unwrap_err();
        assert_eq!(error.code(), code, "{}", chain(&error));
        assert!(error.to_string().contains("array array-a"), "{error}");
    }
}

#[tokio::test]
async fn the_factory_opens_drivers_and_refuses_settings_that_cannot_be_used() {
    assert_eq!(factory().name(), "pure");
    let opened = PureFactory.open(&"array-a".into(), settings("https://array.example")).unwrap();
    assert_eq!(opened.array().as_str(), "array-a");
    let everything = Capabilities::none().with_asynchronous().with_overwrite().with_marks().with_holds();
    assert_eq!(opened.capabilities(), everything);

    let mut tls = settings("https://array.example");
    tls.tls.authorities = Some(b"-----BEGIN CERTIFICATE-----\nnonsense".to_vec());
    let token = ArraySettings { api_token: "canary\n".into(), ..settings("https://array.example") };
    for (settings, says) in
        [(settings("ftp://array.example"), "https://host"), (token, "token"), (tls, "certificate")]
    {
        let error = PureFactory.open(&"array-a".into(), settings).unwrap_err();
        assert_eq!(error.code(), Code::ConfigurationInvalid);
        let text = chain(&error);
        assert!(text.contains(says) && text.contains("array-a") && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn an_array_that_is_too_old_is_unsupported() {
    let mut server = mockito::Server::new_async().await;
    server.mock("GET", "/api/api_version").with_body(r#"{"version": ["2.2"]}"#).create_async().await;
    let driver = PureDriver::new(crate::flasharray::testing::client(&server.url()));
    let error = driver.describe(&Context::default()).await.unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert_eq!(error.code(), Code::CapabilityMissing);
}

#[tokio::test]
async fn a_driver_ends_its_session() {
    let mut mock = MockArray::start().await;
    mock.expect_list("volumes/tags?namespaces=protector&resource_ids=i1&limit=1000", json!([])).await;
    let logout = mock.server.mock("POST", "/api/2.36/logout").with_body("{}").expect(1).create_async().await;
    let driver = driver(&mock);
    driver.content(&Context::default(), &"i1".into()).await.unwrap();
    driver.close(&Context::default()).await;
    logout.assert_async().await;
}

#[tokio::test]
async fn a_driver_closes_though_the_array_refuses_to_end_the_session_and_asks_once() {
    let mut mock = MockArray::start().await;
    mock.expect_list("volumes/tags?namespaces=protector&resource_ids=i1&limit=1000", json!([])).await;
    let refused = mock.server.mock("POST", "/api/2.36/logout").with_status(400).expect(1);
    let refused = refused.create_async().await;
    let driver = driver(&mock);
    driver.content(&Context::default(), &"i1".into()).await.unwrap();
    for _ in 0..2 {
        driver.close(&Context::default()).await;
    }
    refused.assert_async().await;
}
