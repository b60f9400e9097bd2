use super::page::list;
use super::query::Query;
use super::reference::null_as_default;
use super::request::Request;
use super::{Error, FlashArray, Reference};
use futures::Stream;
use http::Method;
use protector_core::transport::{Context, Semantics};
use serde::Deserialize;
use serde_json::json;

/// Where a group replicates to, as `GET /protection-groups/targets` gives it.
// OpenAPI FA2.36, schema TargetProtectionGroup; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct GroupTarget {
    /// The array, or the offload target.
    #[serde(default, deserialize_with = "null_as_default")]
    pub member: Reference,
    /// Whether that array allows it; offload targets have none.
    pub allowed: Option<bool>,
}

/// Where the groups of an array replicate to.
#[derive(Debug, Clone)]
pub struct ProtectionGroupTargets {
    array: FlashArray,
}

impl ProtectionGroupTargets {
    /// The targets of the groups of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Lists the targets of a group of this array.
    pub fn of_group<'a>(
        &'a self,
        context: &'a Context,
        group: &str,
    ) -> impl Stream<Item = Result<GroupTarget, Error>> + Send + 'a {
        let request =
            Request::get("protection-groups/targets", format!("list targets of protection group {group}"))
                .with_query(Query::default().list("group_names", &[group]));
        list(&self.array, context, vec![request])
    }

    /// Lets another array's group, `ARRAY:GROUP`, replicate to this one.
    ///
    /// # Errors
    /// `NotFound` if the group is not known here (yet), `AlreadySo` if it is allowed; otherwise the call failed.
    ///
    /// # Effects
    /// Undone on the array, by disallowing it.
    pub async fn allow(&self, context: &Context, group: &str) -> Result<(), Error> {
        let purpose = format!("allow protection group {group}");
        let request =
            Request::new(Method::PATCH, Semantics::Idempotent, "protection-groups/targets", purpose)
                .with_query(Query::default().list("group_names", &[group]))
                .with_body(json!({"allowed": true}));
        self.array.send(context, &request).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::Meaning;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart, refusal};
    use futures::TryStreamExt;

    #[tokio::test]
    async fn targets_are_read_with_whether_they_allow_it() {
        let mut mock = MockArray::start().await;
        let target = |name: &str, allowed: Option<bool>| {
            json!({"group": {"id": "g1", "name": "g"},
            "member": {"id": null, "name": name, "resource_type": "remote-arrays"}, "allowed": allowed})
        };
        let body =
            json!([target("array-b", Some(true)), target("array-c", Some(false)), target("nfs", None)]);
        mock.expect_list("protection-groups/targets?group_names=g&limit=1000", body).await;
        let targets = ProtectionGroupTargets::new(&mock.array);
        let found: Vec<GroupTarget> = targets.of_group(&Context::default(), "g").try_collect().await.unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.member.name(), one.allowed)).collect();
        assert_eq!(found, [("array-b", Some(true)), ("array-c", Some(false)), ("nfs", None)]);
    }

    #[tokio::test]
    async fn a_peers_group_is_allowed_by_its_name_here() {
        let mut mock = MockArray::start().await;
        let path = "protection-groups/targets?group_names=array-b%3Ag";
        let request = mock.expect_change("PATCH", path, json!({"allowed": true}), json!([])).await;
        ProtectionGroupTargets::new(&mock.array).allow(&Context::default(), "array-b:g").await.unwrap();
        request.assert_async().await;
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        let context = &Context::default();
        assert_errors_are_told_apart("GET", "protection-groups/targets", async |array| {
            ProtectionGroupTargets::new(&array).of_group(context, "g").try_collect::<Vec<_>>().await
        })
        .await;
        assert_errors_are_told_apart("PATCH", "protection-groups/targets", async |array| {
            ProtectionGroupTargets::new(&array).allow(context, "array-b:g").await
        })
        .await;
        let mut mock = MockArray::start().await;
        let body = Some(json!({"allowed": true}));
        let answer = refusal("Protection group already allowed on array-a.", "array-b:g");
        mock.expect("PATCH", "protection-groups/targets?group_names=array-b%3Ag", body, 400, answer).await;
        let error = ProtectionGroupTargets::new(&mock.array).allow(context, "array-b:g").await.unwrap_err();
        assert_eq!(error.meaning(), Some(Meaning::AlreadySo));
    }
}
