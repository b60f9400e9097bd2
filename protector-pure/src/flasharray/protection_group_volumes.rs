use super::page::list;
use super::query::Query;
use super::reference::null_as_default;
use super::request::Request;
use super::{Error, FlashArray, Reference};
use futures::Stream;
use protector_core::transport::Context;
use serde::Deserialize;

/// A volume's membership in a group, as `GET /protection-groups/volumes` gives it.
// OpenAPI FA2.36, schema ProtectionGroupsVolumes; in FA2.4 the member has a name only
#[derive(Debug, Clone, Deserialize)]
pub struct GroupVolume {
    /// The volume.
    #[serde(default, deserialize_with = "null_as_default")]
    pub member: Reference,
}

/// Which volumes are in which groups of an array.
#[derive(Debug, Clone)]
pub struct ProtectionGroupVolumes {
    array: FlashArray,
}

impl ProtectionGroupVolumes {
    /// The memberships of volumes of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Lists the volumes of a group of this array.
    pub fn of_group<'a>(
        &'a self,
        context: &'a Context,
        group: &str,
    ) -> impl Stream<Item = Result<GroupVolume, Error>> + Send + 'a {
        let request =
            Request::get("protection-groups/volumes", format!("list volumes of protection group {group}"))
                .with_query(Query::default().list("group_names", &[group]));
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
    async fn members_are_read_with_and_without_id() {
        let mut mock = MockArray::start().await;
        let body = json!([
            {"group": {"id": "g1", "name": "g"}, "member": {"id": "i1", "name": "v1", "destroyed": false}},
            {"group": {"id": null, "name": "g"}, "member": {"name": "v2", "resource_type": "volumes"}},
        ]);
        mock.expect_list("protection-groups/volumes?group_names=g&limit=1000", body).await;
        let volumes = ProtectionGroupVolumes::new(&mock.array);
        let found: Vec<GroupVolume> = volumes.of_group(&Context::default(), "g").try_collect().await.unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.member.name(), one.member.id.as_deref())).collect();
        assert_eq!(found, [("v1", Some("i1")), ("v2", None)]);
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        assert_errors_are_told_apart("GET", "protection-groups/volumes", async |array| {
            ProtectionGroupVolumes::new(&array)
                .of_group(&Context::default(), "g")
                .try_collect::<Vec<_>>()
                .await
        })
        .await;
    }
}
