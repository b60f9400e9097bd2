//! Typed clients of the OpenStack services, one file a resource.
//!
//! A resource's client builds requests without IO ([`ApiRequest`]); [`Session`] adds endpoint, token and microversion
//! and sends them. Every type names the source file and release of the service it was checked against.

mod cloud;
mod delete;
mod error;
mod microversion;
mod page;
mod quota;
mod request;
mod session;

pub mod block_storage;
pub mod compute;
pub mod identity;
pub mod image;
pub mod network;

#[cfg(test)]
pub(crate) mod testing;

pub use cloud::Cloud;
pub use error::{ConflictKind, Error, Meaning};
pub use microversion::Microversion;
pub use page::list;
pub use quota::QuotaUsage;
pub use request::{ApiRequest, Service};
pub use session::Session;
