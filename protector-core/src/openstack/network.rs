//! Neutron.

mod ports;

pub use ports::{AddressPair, ExtraDhcpOption, FixedIp, NewPort, Port, PortQuery, PortUpdate, Ports};

use super::{ApiRequest, Error, Service, Session};
use crate::transport::{Context, Semantics};
use http::Method;

fn read(path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::get(Service::Network, path, purpose)
}

fn change(method: Method, semantics: Semantics, path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::new(Service::Network, method, semantics, path, purpose)
}

/// Deletes an object of a collection; that it is gone already is no error.
async fn delete(
    session: &Session,
    context: &Context,
    collection: &str,
    id: &str,
    purpose: String,
) -> Result<(), Error> {
    let request = change(Method::DELETE, Semantics::Idempotent, collection, purpose).segment(id);
    match session.send(context, &request).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod testing;
