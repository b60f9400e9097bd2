use super::page::list;
use super::request::Request;
use super::{Error, FlashArray};
use futures::Stream;
use protector_core::id::ArrayName;
use protector_core::transport::Context;
use serde::Deserialize;

/// A connection to another array, as `GET /array-connections` gives it.
// OpenAPI FA2.36, schema ArrayConnection; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct ArrayConnection {
    /// The other array.
    pub name: ArrayName,
    /// `async-replication`, `sync-replication` or `fleet-management`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `connected`, `connecting`, `partially_connected`, `unbalanced` or `inactive`.
    pub status: Option<String>,
}

impl ArrayConnection {
    /// Whether snapshots can be replicated over it. A synchronous connection carries them, too.
    pub fn replicates(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.ends_with("-replication"))
    }

    /// Whether the arrays can speak now, be it over some of the paths only.
    pub fn is_connected(&self) -> bool {
        matches!(self.status.as_deref(), Some("connected" | "partially_connected" | "unbalanced"))
    }
}

/// The connections of an array to others.
#[derive(Debug, Clone)]
pub struct ArrayConnections {
    array: FlashArray,
}

impl ArrayConnections {
    /// The connections of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Lists all.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Stream<Item = Result<ArrayConnection, Error>> + Send + 'a {
        list(
            &self.array,
            context,
            vec![Request::get("array-connections", "list connections to other arrays")],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
    use futures::TryStreamExt;
    use serde_json::json;

    #[tokio::test]
    async fn kind_and_status_of_a_connection_are_read() {
        let mut mock = MockArray::start().await;
        let connection = |kind: &str, status: &str| {
            json!({"id": "c", "name": "array-b", "type": kind, "status": status,
            "throttle": {"default_limit": null}, "replication_transport": "ip"})
        };
        let body = json!([
            connection("async-replication", "connected"),
            connection("sync-replication", "unbalanced"),
            connection("async-replication", "connecting"),
            connection("fleet-management", "connected"),
            {"name": "array-c"},
        ]);
        mock.expect_list("array-connections?limit=1000", body).await;
        let connections = ArrayConnections::new(&mock.array);
        let found: Vec<ArrayConnection> = connections.list(&Context::default()).try_collect().await.unwrap();
        let found: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.replicates(), one.is_connected())).collect();
        let expected = [
            ("array-b", true, true),
            ("array-b", true, true),
            ("array-b", true, false),
            ("array-b", false, true),
            ("array-c", false, false),
        ];
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        assert_errors_are_told_apart("GET", "array-connections", async |array| {
            ArrayConnections::new(&array).list(&Context::default()).try_collect::<Vec<_>>().await
        })
        .await;
    }
}
