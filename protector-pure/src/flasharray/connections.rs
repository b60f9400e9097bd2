use super::page::list;
use super::query::Query;
use super::reference::null_as_default;
use super::request::Request;
use super::{Error, FlashArray, Reference};
use futures::Stream;
use protector_core::transport::Context;
use serde::Deserialize;

/// A volume's connection to a host, as `GET /connections` gives it.
// OpenAPI FA2.36, schema Connection; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct Connection {
    /// The host.
    #[serde(default, deserialize_with = "null_as_default")]
    pub host: Reference,
    /// The host group that it is connected through.
    #[serde(default, deserialize_with = "null_as_default")]
    pub host_group: Reference,
}

/// The connections of an array's volumes to hosts.
#[derive(Debug, Clone)]
pub struct Connections {
    array: FlashArray,
}

impl Connections {
    /// The connections of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Lists those of a volume.
    pub fn of_volume<'a>(
        &'a self,
        context: &'a Context,
        name: &str,
    ) -> impl Stream<Item = Result<Connection, Error>> + Send + 'a {
        let request = Request::get("connections", format!("list hosts connected to volume {name}"))
            .with_query(Query::default().list("volume_names", &[name]));
        list(&self.array, context, vec![request])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
    use futures::TryStreamExt;
    use serde_json::json;

    #[tokio::test]
    async fn hosts_and_host_groups_are_read() {
        let mut mock = MockArray::start().await;
        let body = json!([
            {"host": {"name": "compute1"}, "host_group": {"name": null}, "lun": 1, "nsid": null,
                "protocol_endpoint": {"id": null, "name": null}, "volume": {"id": "i1", "name": "v1"}},
            {"host": null, "host_group": {"name": "cluster"}, "lun": 2},
        ]);
        mock.expect_list("connections?volume_names=v1&limit=1000", body).await;
        let connections = Connections::new(&mock.array);
        let found: Vec<Connection> =
            connections.of_volume(&Context::default(), "v1").try_collect().await.unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.host.name(), one.host_group.name())).collect();
        assert_eq!(found, [("compute1", ""), ("", "cluster")]);
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        assert_errors_are_told_apart("GET", "connections", async |array| {
            Connections::new(&array).of_volume(&Context::default(), "v1").try_collect::<Vec<_>>().await
        })
        .await;
    }
}
