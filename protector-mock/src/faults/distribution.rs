use serde::Deserialize;
use std::time::Duration;

/// How long something takes, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Distribution {
    /// Always the same.
    Constant(f64),
    /// One of the others.
    Named(Named),
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Named {
    Uniform(f64, f64),
    LogNormal { median: f64, sigma: f64 },
    Exponential(f64),
}

/// No wait is longer, whatever was drawn.
const LONGEST: f64 = 1e7;

impl Distribution {
    /// One duration of it, from numbers between 0 and 1.
    pub(crate) fn draw(self, mut random: impl FnMut() -> f64) -> Duration {
        let seconds = match self {
            Self::Constant(seconds) => seconds,
            Self::Named(Named::Uniform(from, to)) => from + (to - from) * random(),
            Self::Named(Named::LogNormal { median, sigma }) => {
                let radius = (-2.0 * (1.0 - random()).ln()).sqrt();
                median * (sigma * radius * (std::f64::consts::TAU * random()).cos()).exp()
            }
            Self::Named(Named::Exponential(mean)) => -mean * (1.0 - random()).ln(),
        };
        Duration::from_secs_f64(if seconds.is_nan() { 0.0 } else { seconds.clamp(0.0, LONGEST) })
    }
}
