//! What the tests of all resource clients share: a mock array in which logging in works.

use super::{Error, FlashArray, Meaning};
use mockito::{Matcher, Mock, Server, ServerGuard};
use protector_core::driver::ArraySettings;
use protector_core::error::{Code, Coded};
use protector_core::transport::{HttpTransport, RetryPolicy, TlsSettings};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) const API_TOKEN: &str = "canary-api-token";
pub(crate) const SESSION_TOKEN: &str = "canary-session-token";

/// A mock array, and a client of it that repeats nothing.
pub(crate) struct MockArray {
    pub(crate) server: ServerGuard,
    pub(crate) array: FlashArray,
}

pub(crate) fn settings(url: &str) -> ArraySettings {
    ArraySettings::new(url.parse().unwrap(), API_TOKEN.into())
}

pub(crate) fn client(url: &str) -> FlashArray {
    let transport = Arc::new(HttpTransport::new(&TlsSettings::default()).unwrap());
    FlashArray::new(&"array-a".into(), &settings(url), transport)
        .unwrap()
        .with_retry_policy(RetryPolicy { attempts: 1, ..RetryPolicy::default() })
}

impl MockArray {
    pub(crate) async fn start() -> Self {
        let mut server = Server::new_async().await;
        let versions: Vec<String> = (0..=40).map(|minor| format!("2.{minor}")).collect();
        server
            .mock("GET", "/api/api_version")
            .with_body(json!({"version": versions}).to_string())
            .create_async()
            .await;
        server
            .mock("POST", "/api/2.36/login")
            .match_header("api-token", API_TOKEN)
            .with_header("x-auth-token", SESSION_TOKEN)
            .with_body(json!({"items": [{"username": "protector"}]}).to_string())
            .create_async()
            .await;
        let array = client(&server.url());
        Self { server, array }
    }

    /// Expects exactly one request with the session's token, this method, this path below the version (raw query included)
    /// and exactly this JSON body; answers with `status` and `answer`.
    pub(crate) async fn expect(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        status: usize,
        answer: Value,
    ) -> Mock {
        let mock = self
            .server
            .mock(method, format!("/api/2.36/{path}").as_str())
            .match_header("x-auth-token", SESSION_TOKEN)
            .match_header("accept", "application/json")
            .expect(1);
        let mock = match body {
            Some(body) => {
                mock.match_header("content-type", "application/json").match_body(Matcher::Json(body))
            }
            None => mock.match_body(Matcher::Exact(String::new())),
        };
        mock.with_status(status).with_body(answer.to_string()).create_async().await
    }

    /// Expects a list to be read once.
    pub(crate) async fn expect_list(&mut self, path: &str, items: Value) -> Mock {
        self.expect("GET", path, None, 200, page(&items)).await
    }

    /// Expects a change once.
    pub(crate) async fn expect_change(
        &mut self,
        method: &str,
        path: &str,
        body: Value,
        items: Value,
    ) -> Mock {
        self.expect(method, path, Some(body), 200, page(&items)).await
    }
}

/// A list's only page.
pub(crate) fn page(items: &Value) -> Value {
    json!({"items": items, "continuation_token": null, "more_items_remaining": false, "total_item_count": null})
}

/// An array's refusal.
pub(crate) fn refusal(message: &str, context: &str) -> Value {
    json!({"errors": [{"context": context, "message": message}]})
}

/// Sends a request against a fresh array that answers with each kind of error, and checks that they are told apart:
/// refusals by meaning, a role that does not suffice, a broken service.
pub(crate) async fn assert_errors_are_told_apart<T: std::fmt::Debug>(
    method: &str,
    path: &str,
    send: impl AsyncFn(FlashArray) -> Result<T, Error>,
) {
    for (status, answer, code, meaning) in [
        (400, refusal("Volume does not exist.", "v1"), Code::NotFound, Some(Meaning::NotFound)),
        (400, refusal("Volume has been destroyed.", "v1"), Code::NotFound, Some(Meaning::Destroyed)),
        (400, refusal("Limit reached.", "v1"), Code::RequestRefused, Some(Meaning::Other)),
        (403, json!({"message": "Forbidden."}), Code::Forbidden, None),
        (500, refusal("Internal error.", ""), Code::ServiceFailed, None),
    ] {
        let mut mock = MockArray::start().await;
        let path = Matcher::Regex(format!("^/api/2[.]36/{path}([?]|$)"));
        let request = mock.server.mock(method, path).with_status(status).with_body(answer.to_string());
        let request = request.expect(1).create_async().await;
        let error = send(mock.array.clone()).await.unwrap_err();
        request.assert_async().await;
        assert_eq!((error.code(), error.meaning()), (code, meaning), "{error}");
    }
}
