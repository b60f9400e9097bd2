use super::page::list;
use super::query::{self, Query};
use super::reference::null_as_default;
use super::request::Request;
use super::{Error, FlashArray, Reference};
use futures::Stream;
use http::Method;
use protector_core::id::ArrayVolumeId;
use protector_core::transport::{Context, Semantics};
use serde::Deserialize;
use serde_json::json;

/// A value is at most this long, in characters.
// OpenAPI FA2.4 to FA2.56, schema Tag
pub const LONGEST_VALUE: usize = 256;

/// A tag of a volume, as `GET /volumes/tags` gives it.
// OpenAPI FA2.36, schema Tag; FA2.4 has the same fields
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VolumeTag {
    /// Which namespace it is in.
    pub namespace: Option<String>,
    /// Its key, unique in the namespace.
    pub key: String,
    /// Its value.
    pub value: Option<String>,
    /// The volume.
    #[serde(default, deserialize_with = "null_as_default")]
    pub resource: Reference,
}

/// The tags of an array's volumes.
#[derive(Debug, Clone)]
pub struct VolumeTags {
    array: FlashArray,
}

impl VolumeTags {
    /// The tags of the volumes of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Lists the tags of volumes in a namespace; a volume that is not there is an error.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        namespace: &str,
        volumes: &[ArrayVolumeId],
    ) -> impl Stream<Item = Result<VolumeTag, Error>> + Send + 'a {
        let ids: Vec<&str> = volumes.iter().map(ArrayVolumeId::as_str).collect();
        let requests = Request::get("volumes/tags", "list tags of volumes")
            .with_query(Query::default().list("namespaces", &[namespace]))
            .for_each_part("resource_ids", &ids);
        list(&self.array, context, requests)
    }

    /// Gives volumes a tag that does not go with copies of them; it replaces one of the same key and leaves all others.
    ///
    /// # Errors
    /// `NotFound` if a volume is not there; otherwise the call failed.
    ///
    /// # Effects
    /// The former value is lost. Twice is as good as once.
    pub async fn set(
        &self,
        context: &Context,
        volumes: &[ArrayVolumeId],
        namespace: &str,
        key: &str,
        value: &str,
    ) -> Result<(), Error> {
        let ids: Vec<&str> = volumes.iter().map(ArrayVolumeId::as_str).collect();
        for part in query::parts(&ids) {
            let purpose = format!("set tag {namespace}/{key} of volumes {}", part.join(", "));
            let request = Request::new(Method::PUT, Semantics::Idempotent, "volumes/tags/batch", purpose)
                .with_query(Query::default().list("resource_ids", part))
                .with_body(json!([{"namespace": namespace, "key": key, "value": value, "copyable": false}]));
            self.array.send(context, &request).await?;
        }
        Ok(())
    }

    /// Removes tags of volumes by their keys in a namespace; one that is not there is no error.
    ///
    /// # Errors
    /// `NotFound` if a volume is not there; otherwise the call failed.
    ///
    /// # Effects
    /// The values are lost.
    pub async fn remove(
        &self,
        context: &Context,
        volumes: &[ArrayVolumeId],
        namespace: &str,
        keys: &[&str],
    ) -> Result<(), Error> {
        let ids: Vec<&str> = volumes.iter().map(ArrayVolumeId::as_str).collect();
        for part in query::parts(&ids) {
            let purpose = format!("remove the tags {} of volumes {}", keys.join(", "), part.join(", "));
            let query = Query::default().list("namespaces", &[namespace]).list("keys", keys);
            let request = Request::new(Method::DELETE, Semantics::Idempotent, "volumes/tags", purpose)
                .with_query(query.list("resource_ids", part));
            self.array.send(context, &request).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
    use futures::TryStreamExt;

    #[tokio::test]
    async fn tags_of_several_volumes_are_read_from_one_namespace() {
        let mut mock = MockArray::start().await;
        let body = json!([{"copyable": false, "key": "epoch", "namespace": "protector", "value": "3",
            "resource": {"id": "i1", "name": "v1"}}]);
        mock.expect_list("volumes/tags?namespaces=protector&resource_ids=i1,i2&limit=1000", body).await;
        let tags = VolumeTags::new(&mock.array);
        let volumes = ["i1".into(), "i2".into()];
        let found: Vec<VolumeTag> =
            tags.list(&Context::default(), "protector", &volumes).try_collect().await.unwrap();
        let [tag] = found.as_slice() else { panic!("one tag") };
        assert_eq!((tag.namespace.as_deref(), tag.key.as_str()), (Some("protector"), "epoch"));
        assert_eq!((tag.value.as_deref(), tag.resource.id.as_deref()), (Some("3"), Some("i1")));
    }

    #[tokio::test]
    async fn a_tag_is_set_so_that_copies_do_not_carry_it() {
        let mut mock = MockArray::start().await;
        let body = json!([{"namespace": "protector", "key": "epoch", "value": "3", "copyable": false}]);
        let request =
            mock.expect_change("PUT", "volumes/tags/batch?resource_ids=i1,i2", body, json!([])).await;
        let volumes = ["i1".into(), "i2".into()];
        VolumeTags::new(&mock.array)
            .set(&Context::default(), &volumes, "protector", "epoch", "3")
            .await
            .unwrap();
        request.assert_async().await;
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        let context = &Context::default();
        let volumes = &[ArrayVolumeId::new("i1")];
        assert_errors_are_told_apart("GET", "volumes/tags", async |array| {
            VolumeTags::new(&array).list(context, "protector", volumes).try_collect::<Vec<_>>().await
        })
        .await;
        assert_errors_are_told_apart("PUT", "volumes/tags/batch", async |array| {
            VolumeTags::new(&array).set(context, volumes, "protector", "epoch", "3").await
        })
        .await;
    }
}
