//! What all OpenStack services of a site share: routes, tokens, microversions, errors, pages.
//!
//! A service is a [`ServiceDescription`]: data and plain functions. A handler gets a [`Call`] and returns a [`Reply`] or a
//! [`Fault`]; a fault takes back what the handler changed.

mod call;
mod fault;
mod manner;
mod microversion;
mod page;
pub mod python;
mod reply;
pub mod schema;
mod service;
mod site;

#[cfg(test)]
mod tests;

pub use call::{Call, Caller};
pub use fault::Fault;
pub use microversion::{Microversion, MicroversionRange};
pub use page::{Page, UnknownMarker, query_with, sort};
pub use reply::{Content, Reply};
pub use service::{Handler, Route, Service, ServiceDescription};
pub use site::{Release, ServiceKind, Site};
