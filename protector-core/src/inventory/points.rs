use crate::domain::{RecoveryPoint, ReplicationSchedule, StorageGroupReference};
use crate::driver::{self, GroupOrigin, StorageDriver};
use crate::id::ConsistencyGroupId;
use crate::transport::Context;
use jiff::Timestamp;
use std::time::SystemTime;

/// Reads the points that have come to an array from another's group, oldest first. An array that has never heard of the
/// group has none. Asks nothing of the array that they come from.
///
/// # Errors
/// The array could not be asked.
pub async fn read_points(
    driver: &dyn StorageDriver,
    context: &Context,
    origin: &StorageGroupReference,
) -> Result<Vec<RecoveryPoint>, driver::Error> {
    let asked = GroupOrigin { array: origin.array.clone(), group: origin.name.clone() };
    let points = match driver.recovery_points(context, &asked).await {
        Err(driver::Error::NotFound { .. }) => Vec::new(),
        other => other?,
    };
    Ok(points.into_iter().map(|point| in_words_of_the_domain(point, origin)).collect())
}

fn in_words_of_the_domain(point: driver::RecoveryPoint, origin: &StorageGroupReference) -> RecoveryPoint {
    RecoveryPoint {
        origin: origin.clone(),
        name: point.name,
        created: utc(point.created),
        completed: point.completed.map(utc),
        progress: point.progress,
        bytes_transferred: point.bytes_transferred,
        members: point.members.into_iter().map(|member| (member.name, member.size)).collect(),
    }
}

/// What lies beyond all calendars counts as the oldest: nothing is ever chosen for it.
fn utc(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Reads how an array replicates the group of a Cinder group; `None` if it has no such group.
///
/// # Errors
/// The array could not be asked.
pub async fn read_schedule(
    driver: &dyn StorageDriver,
    context: &Context,
    group: &ConsistencyGroupId,
) -> Result<Option<ReplicationSchedule>, driver::Error> {
    let found = driver.storage_group(context, group).await?;
    Ok(found.map(|found| ReplicationSchedule {
        enabled: found.settings.enabled,
        interval: found.settings.interval.as_secs(),
        retention: found.settings.retention.map(|retention| retention.as_secs()),
    }))
}
