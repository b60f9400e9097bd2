//! What stands between a wire and an [`Endpoint`]: every request passes here, whether a socket or a simulated transport
//! brought it.

mod outcome;

pub use outcome::{Manner, Outcome};

use crate::http::{Endpoint, Request};
use std::sync::Arc;

/// The way to one endpoint.
#[derive(Debug, Clone)]
pub struct Gate {
    endpoint: Arc<dyn Endpoint>,
}

impl Gate {
    /// A way on which nothing happens to anybody.
    pub fn quiet(endpoint: Arc<dyn Endpoint>) -> Self {
        Self { endpoint }
    }

    /// The endpoint's name.
    pub fn name(&self) -> &str {
        self.endpoint.name()
    }

    /// Lets a request pass; says what the wire has to do then. Work of the endpoint is done on a thread where it may block.
    pub async fn pass(&self, request: Request) -> Outcome {
        let endpoint = Arc::clone(&self.endpoint);
        let answered = tokio::task::spawn_blocking(move || endpoint.answer(&request)).await;
        match answered {
            Ok(response) => Outcome::Answer { response, manner: Manner::Whole },
            Err(error) => {
                tracing::error!(endpoint = self.name(), %error, "no answer was made");
                Outcome::HangUp { reset: false }
            }
        }
    }
}
