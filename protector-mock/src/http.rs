//! One exchange: what every simulated service answers, whether a socket brought the request or not.

mod query;

pub use query::Query;

use bytes::Bytes;
use std::fmt;

/// A request, whole.
pub type Request = http::Request<Bytes>;

/// An answer, whole.
pub type Response = http::Response<Bytes>;

/// Something that answers requests: one service of one site, or one array.
///
/// An answer is made in one moment of the world and never waits; latency and faults are laid around it.
pub trait Endpoint: Send + Sync + fmt::Debug {
    /// Its name in logs and fault rules: `site-a/compute`, `array-a`.
    fn name(&self) -> &str;

    /// Answers.
    fn answer(&self, request: &Request) -> Response;
}
