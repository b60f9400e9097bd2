use super::testing::{API_TOKEN, MockArray, SESSION_TOKEN, client, page, refusal, settings};
use super::*;
use crate::flasharray::query::Query;
use futures::TryStreamExt;
use http::Method;
use mockito::{Matcher, Server};
use protector_core::error::{Class, Code, Coded, chain};
use protector_core::transport::{HttpTransport, Semantics, TlsSettings};
use serde_json::{Value, json};
use std::time::Duration;

fn read() -> Request {
    Request::get("volumes", "list volumes")
}

async fn read_all(array: &FlashArray) -> Result<Vec<Value>, Error> {
    page::list(array, &Context::default(), vec![read()]).try_collect().await
}

#[tokio::test]
async fn one_login_serves_all_requests() {
    let mut server = Server::new_async().await;
    let versions = server
        .mock("GET", "/api/api_version")
        .match_header("api-token", Matcher::Missing)
        .with_body(r#"{"version": ["1.19", "2.0", "2.26", "2.4"]}"#)
        .expect(1)
        .create_async()
        .await;
    let login = server
        .mock("POST", "/api/2.26/login")
        .match_header("api-token", API_TOKEN)
        .match_header("x-auth-token", Matcher::Missing)
        .match_body(Matcher::Exact(String::new()))
        .with_header("x-auth-token", SESSION_TOKEN)
        .with_body(r#"{"items": []}"#)
        .expect(1)
        .create_async()
        .await;
    let list = server
        .mock("GET", "/api/2.26/volumes?limit=1000")
        .match_header("x-auth-token", SESSION_TOKEN)
        .match_header("api-token", Matcher::Missing)
        .with_body(page(&json!([])).to_string())
        .expect(3)
        .create_async()
        .await;
    let array = client(&server.url());
    let (one, other) = tokio::join!(read_all(&array), read_all(&array));
    assert!(one.unwrap().is_empty() && other.unwrap().is_empty());
    read_all(&array.clone()).await.unwrap();
    for mock in [versions, login, list] {
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn an_expired_session_is_renewed_once_for_all_who_wait() {
    let mut server = Server::new_async().await;
    server.mock("GET", "/api/api_version").with_body(r#"{"version": ["2.36"]}"#).create_async().await;
    let first = server.mock("POST", "/api/2.36/login").with_header("x-auth-token", "first").expect(1);
    let first = first.create_async().await;
    let refused = server.mock("GET", "/api/2.36/volumes?limit=1000").match_header("x-auth-token", "first");
    refused.with_status(401).with_body(refusal("Unauthorized.", "").to_string()).create_async().await;
    let array = client(&server.url());
    let accepted = server.mock("GET", "/api/2.36/volumes?limit=1000").match_header("x-auth-token", "second");
    let accepted = accepted.with_body(page(&json!([{}])).to_string()).expect(3).create_async().await;
    // Only the newest mock that still expects something answers: from the second login on it is this one.
    array.session.headers(&Context::default()).await.unwrap();
    first.assert_async().await;
    let second = server.mock("POST", "/api/2.36/login").with_header("x-auth-token", "second").expect(1);
    let second = second.create_async().await;
    let (a, b, c) = tokio::join!(read_all(&array), read_all(&array), read_all(&array));
    assert_eq!(a.unwrap().len() + b.unwrap().len() + c.unwrap().len(), 3);
    second.assert_async().await;
    accepted.assert_async().await;
}

#[tokio::test]
async fn a_wrong_token_is_an_authentication_failure() {
    for status in [400, 401] {
        let mut server = Server::new_async().await;
        server.mock("GET", "/api/api_version").with_body(r#"{"version": ["2.36"]}"#).create_async().await;
        let login = server.mock("POST", "/api/2.36/login").with_status(status);
        login.with_body(refusal("Invalid credentials.", "").to_string()).create_async().await;
        let error = read_all(&client(&server.url())).await.unwrap_err();
        assert_eq!(error.code(), Code::AuthenticationFailed, "{error}");
    }
}

#[tokio::test]
async fn a_login_without_a_session_token_is_malformed() {
    let mut server = Server::new_async().await;
    server.mock("GET", "/api/api_version").with_body(r#"{"version": ["2.36"]}"#).create_async().await;
    server.mock("POST", "/api/2.36/login").create_async().await;
    assert_eq!(read_all(&client(&server.url())).await.unwrap_err().code(), Code::AnswerMalformed);
}

#[tokio::test]
async fn an_array_that_is_too_old_is_told_so_and_sent_nothing_else() {
    let mut server = Server::new_async().await;
    server.mock("GET", "/api/api_version").with_body(r#"{"version": ["1.0", "2.3"]}"#).create_async().await;
    let other = server.mock("POST", Matcher::Any).expect(0).create_async().await;
    let error = read_all(&client(&server.url())).await.unwrap_err();
    other.assert_async().await;
    assert_eq!(error.code(), Code::CapabilityMissing);
    assert_eq!(
        error.to_string(),
        "failed to speak with array array-a: REST 2.4 is needed and 2.3 is the newest offered"
    );
}

#[tokio::test]
async fn closing_ends_the_session_and_the_next_request_begins_another() {
    let mut mock = MockArray::start().await;
    let logout = mock.server.mock("POST", "/api/2.36/logout").match_header("x-auth-token", SESSION_TOKEN);
    let logout = logout.with_body("{}").expect(1).create_async().await;
    let context = Context::default();
    mock.array.close(&context).await.unwrap();
    mock.server.mock("GET", "/api/2.36/volumes?limit=1000").with_body(page(&json!([])).to_string()).create();
    read_all(&mock.array).await.unwrap();
    mock.array.close(&context).await.unwrap();
    mock.array.close(&context).await.unwrap();
    logout.assert_async().await;
    read_all(&mock.array).await.unwrap();
}

#[tokio::test]
async fn pages_are_followed_by_token_even_if_the_array_leaves_null_whether_there_are_more() {
    let mut mock = MockArray::start().await;
    let more =
        |token: &str| json!({"items": [{}], "continuation_token": token, "more_items_remaining": null});
    mock.expect("GET", "volumes?limit=1000", None, 200, more("a+b=")).await;
    mock.expect("GET", "volumes?limit=1000&continuation_token=a%2Bb%3D", None, 200, more("c")).await;
    mock.expect_list("volumes?limit=1000&continuation_token=c", json!([{}])).await;
    assert_eq!(read_all(&mock.array).await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_token_may_come_in_a_header() {
    let mut mock = MockArray::start().await;
    let first = mock.server.mock("GET", "/api/2.36/volumes?limit=1000").with_header("x-next-token", "t");
    first.with_body(r#"{"items": [{}], "more_items_remaining": true}"#).create_async().await;
    mock.expect_list("volumes?limit=1000&continuation_token=t", json!([{}])).await;
    assert_eq!(read_all(&mock.array).await.unwrap().len(), 2);
}

#[tokio::test]
async fn pages_without_token_are_followed_by_offset() {
    let mut mock = MockArray::start().await;
    let more = json!({"items": [{}, {}], "continuation_token": null, "more_items_remaining": true});
    mock.expect("GET", "volumes?limit=1000", None, 200, more.clone()).await;
    mock.expect("GET", "volumes?limit=1000&offset=2", None, 200, more).await;
    mock.expect_list("volumes?limit=1000&offset=4", json!([])).await;
    assert_eq!(read_all(&mock.array).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error() {
    for answer in [
        json!({"items": [{}], "continuation_token": "again", "more_items_remaining": true}),
        json!({"items": [], "continuation_token": null, "more_items_remaining": true}),
    ] {
        let mut mock = MockArray::start().await;
        mock.server.mock("GET", Matcher::Any).with_body(answer.to_string()).create_async().await;
        let error = read_all(&mock.array).await.unwrap_err();
        assert_eq!(error.code(), Code::AnswerMalformed);
        assert!(chain(&error).contains("list volumes"), "{}", chain(&error));
    }
}

#[tokio::test]
async fn a_last_page_with_a_left_over_token_is_the_last() {
    let mut mock = MockArray::start().await;
    let last = json!({"items": [{}], "continuation_token": "left-over", "more_items_remaining": false});
    mock.expect("GET", "volumes?limit=1000", None, 200, last).await;
    assert_eq!(read_all(&mock.array).await.unwrap().len(), 1);
}

#[tokio::test]
async fn several_requests_make_one_list() {
    let mut mock = MockArray::start().await;
    let requests = ["v1", "v2"].map(|name| read().with_query(Query::default().list("names", &[name])));
    mock.expect_list("volumes?names=v1&limit=1000", json!([{"name": "v1"}])).await;
    mock.expect_list("volumes?names=v2&limit=1000", json!([{"name": "v2"}])).await;
    let items: Vec<Value> =
        page::list(&mock.array, &Context::default(), requests.into()).try_collect().await.unwrap();
    assert_eq!(items, [json!({"name": "v1"}), json!({"name": "v2"})]);
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated_and_a_create_is_not() {
    for (semantics, requests) in [(Semantics::Safe, 2), (Semantics::Keyed, 1)] {
        let mut mock = MockArray::start().await;
        let failing = mock.server.mock("POST", "/api/2.36/volumes").with_status(503).expect(requests);
        let failing = failing.create_async().await;
        let policy =
            RetryPolicy { attempts: 2, first_pause: Duration::from_millis(1), ..RetryPolicy::default() };
        let array = mock.array.clone().with_retry_policy(policy);
        let request = Request::new(Method::POST, semantics, "volumes", "make a volume");
        let error = array.send(&Context::default(), &request).await.unwrap_err();
        failing.assert_async().await;
        assert_eq!((error.code(), error.class()), (Code::ServiceFailed, Class::Unknown));
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_arrays_sentence_and_the_object() {
    let mut mock = MockArray::start().await;
    let sentence = "Volume cannot be deleted due to existing connections.";
    mock.server
        .mock("GET", Matcher::Any)
        .with_status(400)
        .with_header("x-request-id", "r-1")
        .with_body(refusal(sentence, "v1").to_string())
        .create_async()
        .await;
    let error = read_all(&mock.array).await.unwrap_err();
    assert_eq!((error.code(), error.meaning()), (Code::Conflict, Some(Meaning::InUse)));
    assert_eq!(
        chain(&error),
        "failed to list volumes: Volume cannot be deleted due to existing connections (v1), requests r-1"
    );
}

#[tokio::test]
async fn several_refusals_have_a_meaning_only_if_it_is_the_same() {
    for (second, meaning) in
        [("No such volume or snapshot.", Meaning::NotFound), ("Limit reached.", Meaning::Other)]
    {
        let mut mock = MockArray::start().await;
        let errors = json!({"errors": [{"context": "v1", "message": "Volume does not exist."},
            {"context": "v2", "message": second}]});
        mock.server
            .mock("GET", Matcher::Any)
            .with_status(400)
            .with_body(errors.to_string())
            .create_async()
            .await;
        let error = read_all(&mock.array).await.unwrap_err();
        assert_eq!(error.meaning(), Some(meaning));
        assert!(error.to_string().contains("(v1, v2)"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_of_something_else_is_no_refusal_of_the_array() {
    let mut mock = MockArray::start().await;
    mock.server
        .mock("GET", Matcher::Any)
        .with_status(404)
        .with_body("<html>lost</html>")
        .create_async()
        .await;
    let error = read_all(&mock.array).await.unwrap_err();
    assert_eq!((error.code(), error.meaning()), (Code::NotFound, None));
    assert!(!error.is_gone(), "an address that leads elsewhere says nothing about the object");
}

#[tokio::test]
async fn secrets_appear_in_no_text() {
    let mut mock = MockArray::start().await;
    mock.server.mock("GET", Matcher::Any).with_status(500).create_async().await;
    let error = read_all(&mock.array).await.unwrap_err();
    let mut texts = vec![format!("{:?}", mock.array), format!("{error:?}"), chain(&error)];
    texts.push(format!("{:?}", mock.array.session.headers(&Context::default()).await.unwrap()));
    texts.push(format!("{:?}", settings(&mock.server.url())));
    for text in texts {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn an_address_or_token_that_cannot_be_used_is_told_without_repeating_it() {
    let transport = Arc::new(HttpTransport::new(&TlsSettings::default()).unwrap());
    let open = |url: &str, token: &str| {
        let settings = ArraySettings { api_token: token.to_owned().into(), ..settings(url) };
        FlashArray::new(&"array-a".into(), &settings, transport.clone()).map(|_| ())
    };
    assert_eq!(open("https://array.example", "token"), Ok(()));
    assert_eq!(open("https://array.example", "canary\n"), Err(Unusable::Token));
    for address in ["ftp://array.example", "https://user:canary@array.example", "data:text"] {
        assert_eq!(open(address, "token"), Err(Unusable::Address));
    }
}
