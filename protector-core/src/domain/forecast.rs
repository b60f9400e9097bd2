use super::{ProtectionGroup, RecoveryPoint, judge};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the data reaches the other site in the last replication of a planned move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplicationBasis {
    /// What was written since a point that is there.
    Delta,
    /// All of it: no point of where the group runs now is there yet.
    Full,
}

/// What the last replication of a planned move is likely to cost. An estimate from the points before it: an array does not tell
/// beforehand what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationForecast {
    /// What has to be sent.
    pub basis: ReplicationBasis,
    /// The moment of the newest point that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Bytes that are likely; not known before two points have come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Bytes at the most: the volumes' sizes.
    pub at_most_bytes: u64,
    /// Seconds that sending them is likely to take; not known before something has been sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

impl fmt::Display for ReplicationForecast {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.basis, self.since) {
            (ReplicationBasis::Delta, Some(since)) => write!(formatter, "what was written since {since}")?,
            _ => write!(formatter, "all of it")?,
        }
        match self.bytes {
            Some(bytes) => write!(formatter, ", about {bytes} bytes of at most {}", self.at_most_bytes)?,
            None => write!(formatter, ", at most {} bytes", self.at_most_bytes)?,
        }
        match self.seconds {
            Some(seconds) => write!(formatter, ", about {seconds} s"),
            None => Ok(()),
        }
    }
}

/// Estimates the last replication of a planned move at `now`, of a group whose volumes have `size` bytes.
pub fn forecast_replication(
    group: &ProtectionGroup,
    points: &[RecoveryPoint],
    size: u64,
    now: Timestamp,
) -> ReplicationForecast {
    let of_now = points.iter().filter(|point| {
        let judged = judge(point, group);
        judged.complete && judged.current_primary && judged.current_epoch
    });
    let mut arrived: Vec<&RecoveryPoint> = of_now.collect();
    arrived.sort_by_key(|point| point.created);
    let (Some(first), Some(newest)) = (arrived.first(), arrived.last()) else {
        let (basis, since, bytes, seconds) = (ReplicationBasis::Full, None, None, None);
        return ReplicationForecast { basis, since, bytes, at_most_bytes: size, seconds };
    };
    // The first one may have been sent whole.
    let sent: Option<u64> = arrived.iter().skip(1).map(|point| point.bytes_transferred).sum();
    let spanned = seconds_between(first.created, newest.created);
    let written = (spanned > 0.0).then(|| sent.map(|sent| sent as f64 / spanned)).flatten();
    let bytes = written.map(|rate| (rate * seconds_between(newest.created, now)).ceil() as u64);
    let bytes = bytes.map(|bytes| bytes.min(size));
    let seconds = bytes.zip(speed(&arrived)).map(|(bytes, speed)| (bytes as f64 / speed).ceil() as u64);
    ReplicationForecast {
        basis: ReplicationBasis::Delta,
        since: Some(newest.created),
        bytes,
        at_most_bytes: size,
        seconds,
    }
}

/// Bytes a second at which points have come.
fn speed(arrived: &[&RecoveryPoint]) -> Option<f64> {
    let transfers = arrived.iter().filter_map(|point| {
        let took = seconds_between(point.created, point.completed?);
        point.bytes_transferred.filter(|bytes| *bytes > 0 && took > 0.0).map(|bytes| (bytes as f64, took))
    });
    let (bytes, took) =
        transfers.fold((0.0, 0.0), |(bytes, took), (more, longer)| (bytes + more, took + longer));
    (took > 0.0).then_some(bytes / took)
}

fn seconds_between(from: Timestamp, until: Timestamp) -> f64 {
    until.duration_since(from).as_secs_f64().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{at, group, point};

    const SIZE: u64 = 1_000_000;

    fn sent(site: &str, name: &str, created: i64, bytes: u64) -> RecoveryPoint {
        RecoveryPoint { bytes_transferred: Some(bytes), ..point(site, name, created) }
    }

    #[test]
    fn all_is_sent_while_no_point_of_where_the_group_runs_is_there() {
        let moved = group("b", 2, Some(10));
        // What came before the move, and what has not arrived, is no base.
        let mut half = point("b", "half", 12);
        half.completed = None;
        let forecast = forecast_replication(&moved, &[point("a", "old", 5), half], SIZE, at(20));
        assert_eq!((forecast.basis, forecast.bytes, forecast.seconds), (ReplicationBasis::Full, None, None));
        assert_eq!(forecast.at_most_bytes, SIZE);
    }

    #[test]
    fn a_first_point_is_a_base_and_no_measure_of_what_is_written() {
        let forecast = forecast_replication(&group("a", 1, None), &[sent("a", "1", 5, 900)], SIZE, at(6));
        assert_eq!(
            (forecast.basis, forecast.since, forecast.bytes),
            (ReplicationBasis::Delta, Some(at(5)), None)
        );
    }

    #[test]
    fn what_was_written_between_points_goes_on_to_be_written() {
        // 600 bytes in ten minutes are one a second. A point takes a minute to come.
        let points = [sent("a", "3", 15, 300), sent("a", "1", 5, 60_000), sent("a", "2", 10, 300)];
        let forecast = forecast_replication(&group("a", 1, None), &points, SIZE, at(17));
        assert_eq!((forecast.since, forecast.bytes), (Some(at(15)), Some(120)));
        // 60,600 bytes in three minutes.
        assert_eq!(forecast.seconds, Some(1));
        let late = forecast_replication(&group("a", 1, None), &points, 100, at(17));
        assert_eq!(late.bytes, Some(100), "no more than there is");
    }

    #[test]
    fn what_an_array_does_not_tell_is_not_made_up() {
        let silent = |name, created| RecoveryPoint { bytes_transferred: None, ..point("a", name, created) };
        let points = [silent("1", 5), silent("2", 10)];
        let forecast = forecast_replication(&group("a", 1, None), &points, SIZE, at(12));
        assert_eq!((forecast.basis, forecast.bytes, forecast.seconds), (ReplicationBasis::Delta, None, None));
    }
}
