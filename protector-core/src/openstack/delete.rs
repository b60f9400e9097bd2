use super::{ApiRequest, Error, Session};
use crate::transport::Context;

/// Sends a request that deletes. What is not there is as good as deleted.
pub(super) async fn delete(session: &Session, context: &Context, request: &ApiRequest) -> Result<(), Error> {
    match session.send(context, request).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
