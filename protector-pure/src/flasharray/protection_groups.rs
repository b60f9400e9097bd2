use super::error::malformed;
use super::page::list;
use super::query::Query;
use super::reference::null_as_default;
use super::request::Request;
use super::{Error, FlashArray};
use futures::{StreamExt, TryStreamExt};
use http::Method;
use protector_core::transport::{Context, Semantics};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A protection group, as `GET /protection-groups` gives it. Group `G` of array `A` is `A:G` on the arrays it replicates to.
// OpenAPI FA2.36, schema ProtectionGroup; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct ProtectionGroup {
    /// Its name.
    pub name: String,
    /// Whether it is destroyed and not eradicated yet.
    #[serde(default, deserialize_with = "null_as_default")]
    pub destroyed: bool,
    /// Whether this array is its own, and not one that it is replicated to.
    pub is_local: Option<bool>,
    /// When it replicates by itself.
    #[serde(default, deserialize_with = "null_as_default")]
    pub replication_schedule: Schedule,
    /// How long its targets keep what its schedule made.
    #[serde(default, deserialize_with = "null_as_default")]
    pub target_retention: Retention,
}

/// When a group replicates by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub struct Schedule {
    /// Whether it does.
    pub enabled: Option<bool>,
    /// Milliseconds between two points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<u64>,
}

/// How long scheduled points are kept: all for a while, then some of each day for some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub struct Retention {
    /// All, for so many seconds.
    pub all_for_sec: Option<u64>,
    /// Then, for so many days,
    pub days: Option<u64>,
    /// so many of each.
    pub per_day: Option<u64>,
}

/// What to change of a group; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct GroupChange {
    /// When it replicates by itself.
    #[serde(rename = "replication_schedule", skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How long its targets keep what its schedule made.
    #[serde(rename = "target_retention", skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// The protection groups of an array.
#[derive(Debug, Clone)]
pub struct ProtectionGroups {
    array: FlashArray,
}

impl ProtectionGroups {
    /// The protection groups of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Reads a group, be it destroyed.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, name: &str) -> Result<ProtectionGroup, Error> {
        let purpose = format!("read protection group {name}");
        let request =
            Request::get("protection-groups", &purpose).with_query(Query::default().list("names", &[name]));
        let groups = list(&self.array, context, vec![request]);
        groups.boxed().try_next().await?.ok_or_else(|| malformed(&purpose, "the answer holds no group"))
    }

    /// Changes a group of this array.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    ///
    /// # Effects
    /// Undone by the opposite change. Twice is as good as once.
    pub async fn change(&self, context: &Context, name: &str, change: &GroupChange) -> Result<(), Error> {
        let purpose = format!("change protection group {name}");
        let request = Request::new(Method::PATCH, Semantics::Idempotent, "protection-groups", purpose)
            .with_query(Query::default().list("names", &[name]))
            .with_body(json!(change));
        self.array.send(context, &request).await.map(drop)
    }

    /// Destroys a group with its snapshots. The array eradicates it when its delay has passed.
    ///
    /// # Errors
    /// The error [is gone](Error::is_gone) if the group is not there or destroyed already; otherwise the call failed.
    ///
    /// # Effects
    /// Undone by the array's `destroyed: false`, until it is eradicated.
    pub async fn destroy(&self, context: &Context, name: &str) -> Result<(), Error> {
        let purpose = format!("destroy protection group {name}");
        let request = Request::new(Method::PATCH, Semantics::Idempotent, "protection-groups", purpose)
            .with_query(Query::default().list("names", &[name]))
            .with_body(json!({"destroyed": true}));
        self.array.send(context, &request).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
    use protector_core::error::{Code, Coded};

    #[tokio::test]
    async fn a_group_is_read_with_schedule_and_retention() {
        let mut mock = MockArray::start().await;
        let body = json!([{"id": "g1", "name": "g", "destroyed": false, "is_local": true, "volume_count": 2,
            "source": {"id": "a1", "name": "array-a"}, "pod": {"id": null, "name": null},
            "replication_schedule": {"at": null, "blackout": null, "enabled": true, "frequency": 300_000},
            "snapshot_schedule": {"at": null, "enabled": false, "frequency": 3_600_000},
            "source_retention": {"all_for_sec": 1, "days": 2, "per_day": 3},
            "target_retention": {"all_for_sec": 86400, "days": 7, "per_day": 4}}]);
        mock.expect_list("protection-groups?names=g&limit=1000", body).await;
        let group = ProtectionGroups::new(&mock.array).get(&Context::default(), "g").await.unwrap();
        assert_eq!((group.name.as_str(), group.destroyed, group.is_local), ("g", false, Some(true)));
        assert_eq!(group.replication_schedule, Schedule { enabled: Some(true), frequency: Some(300_000) });
        let retention = Retention { all_for_sec: Some(86400), days: Some(7), per_day: Some(4) };
        assert_eq!(group.target_retention, retention);
    }

    #[tokio::test]
    async fn nulls_in_place_of_schedule_and_retention_are_read() {
        let mut mock = MockArray::start().await;
        let body = json!([{"name": "g", "destroyed": null, "replication_schedule": null, "target_retention":
            {"all_for_sec": null, "days": null, "per_day": null}}]);
        mock.expect_list("protection-groups?names=g&limit=1000", body).await;
        let group = ProtectionGroups::new(&mock.array).get(&Context::default(), "g").await.unwrap();
        assert_eq!((group.destroyed, group.is_local), (false, None));
        assert_eq!(group.replication_schedule, Schedule::default());
        assert_eq!(group.target_retention, Retention::default());
    }

    #[tokio::test]
    async fn only_what_is_to_change_is_sent() {
        let mut mock = MockArray::start().await;
        let groups = ProtectionGroups::new(&mock.array);
        let context = Context::default();
        let off = GroupChange {
            schedule: Some(Schedule { enabled: Some(false), frequency: None }),
            ..GroupChange::default()
        };
        let body = json!({"replication_schedule": {"enabled": false}});
        let request = mock.expect_change("PATCH", "protection-groups?names=g", body, json!([])).await;
        groups.change(&context, "g", &off).await.unwrap();
        request.assert_async().await;

        let both = GroupChange {
            schedule: Some(Schedule { enabled: Some(true), frequency: Some(300_000) }),
            retention: Some(Retention { all_for_sec: Some(86400), days: Some(0), per_day: Some(0) }),
        };
        let body = json!({"replication_schedule": {"enabled": true, "frequency": 300_000},
            "target_retention": {"all_for_sec": 86400, "days": 0, "per_day": 0}});
        let request = mock.expect_change("PATCH", "protection-groups?names=g", body, json!([])).await;
        groups.change(&context, "g", &both).await.unwrap();
        request.assert_async().await;
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        let context = &Context::default();
        assert_errors_are_told_apart("GET", "protection-groups", async |array| {
            ProtectionGroups::new(&array).get(context, "g").await
        })
        .await;
        assert_errors_are_told_apart("PATCH", "protection-groups", async |array| {
            ProtectionGroups::new(&array).change(context, "g", &GroupChange::default()).await
        })
        .await;
        let mut mock = MockArray::start().await;
        mock.expect_list("protection-groups?names=g&limit=1000", json!([])).await;
        let error = ProtectionGroups::new(&mock.array).get(context, "g").await.unwrap_err();
        assert_eq!(error.code(), Code::AnswerMalformed);
    }
}
