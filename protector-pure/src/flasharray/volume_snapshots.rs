use super::page::list;
use super::query::Query;
use super::reference::{null_as_default, optional_time};
use super::request::Request;
use super::{Error, Filter, FlashArray, Reference};
use futures::Stream;
use protector_core::transport::Context;
use serde::Deserialize;
use std::time::SystemTime;

/// A snapshot of a volume, as `GET /volume-snapshots` gives it. One that belongs to a group's snapshot is called
/// `GROUP.SUFFIX.VOLUME`, and `ARRAY:GROUP.SUFFIX.VOLUME` on the array it was replicated to.
// OpenAPI FA2.36, schema VolumeSnapshot; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct VolumeSnapshot {
    /// Its whole name.
    pub name: String,
    /// When it was taken.
    #[serde(default, deserialize_with = "optional_time")]
    pub created: Option<SystemTime>,
    /// Whether it is destroyed and not eradicated yet.
    #[serde(default, deserialize_with = "null_as_default")]
    pub destroyed: bool,
    /// Bytes.
    pub provisioned: Option<u64>,
    /// The volume.
    #[serde(default, deserialize_with = "null_as_default")]
    pub source: Reference,
}

/// The snapshots of an array's volumes.
#[derive(Debug, Clone)]
pub struct VolumeSnapshots {
    array: FlashArray,
}

impl VolumeSnapshots {
    /// The snapshots of the volumes of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Lists those whose whole name is like `name`, in which `*` stands for anything, and which are not destroyed.
    pub fn named_like<'a>(
        &'a self,
        context: &'a Context,
        name: &str,
    ) -> impl Stream<Item = Result<VolumeSnapshot, Error>> + Send + 'a {
        let filter = Filter::like("name", name);
        let request = Request::get("volume-snapshots", format!("list volume snapshots {name}"))
            .with_query(Query::default().value("filter", filter.as_str()).flag("destroyed", false));
        list(&self.array, context, vec![request])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
    use futures::TryStreamExt;
    use serde_json::json;
    use std::time::{Duration, UNIX_EPOCH};

    #[tokio::test]
    async fn snapshots_are_found_by_pattern() {
        let mut mock = MockArray::start().await;
        let body = json!([
            {"id": "n1", "name": "array-a:g.s.v1", "suffix": "s.v1", "serial": "C9", "created": 1_795_356_804_645_u64,
                "destroyed": false, "provisioned": 1024, "source": {"id": null, "name": "array-a:v1"},
                "time_remaining": null, "pod": {"id": null, "name": null}},
            {"name": "array-a:g.s.v2", "created": null, "source": null},
        ]);
        let path = "volume-snapshots?filter=name%3D%27array-a%3Ag.%2A%27&destroyed=false&limit=1000";
        mock.expect_list(path, body).await;
        let snapshots = VolumeSnapshots::new(&mock.array);
        let found: Vec<VolumeSnapshot> =
            snapshots.named_like(&Context::default(), "array-a:g.*").try_collect().await.unwrap();
        let [first, second] = found.as_slice() else { panic!("two snapshots") };
        assert_eq!((first.name.as_str(), first.provisioned), ("array-a:g.s.v1", Some(1024)));
        assert_eq!(first.created, Some(UNIX_EPOCH + Duration::from_millis(1_795_356_804_645)));
        assert_eq!((first.source.name(), first.destroyed), ("array-a:v1", false));
        assert_eq!((second.provisioned, second.created, second.source.name()), (None, None, ""));
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        assert_errors_are_told_apart("GET", "volume-snapshots", async |array| {
            VolumeSnapshots::new(&array).named_like(&Context::default(), "g.*").try_collect::<Vec<_>>().await
        })
        .await;
    }
}
