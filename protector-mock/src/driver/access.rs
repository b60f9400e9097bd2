//! How a driver finds the world that its array is in.

use super::verb::Problem;
use crate::world::World;
use http::Method;
use protector_core::driver::ArraySettings;
use protector_core::error::chain;
use protector_core::secret::{ExposeSecret, SecretString};
use protector_core::time::SystemClock;
use protector_core::transport::{Call, Caller, Context, HttpTransport, NoCredentials, Semantics};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Requests that one driver has under way at a time.
const AT_ONCE: usize = 1;

/// A world, and what the array is called there.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) world: Arc<World>,
    pub(super) array: String,
}

/// Where the world is, and the token that the array expects.
#[derive(Debug)]
pub(super) struct Access {
    settings: ArraySettings,
    reached: OnceCell<Reached>,
}

/// What a simulated array tells at `GET /_world`.
#[derive(Deserialize)]
struct Told {
    path: Option<PathBuf>,
    array: String,
}

impl Access {
    /// To a world that is at hand, or that the simulator at the settings' address tells about.
    pub(super) fn new(settings: ArraySettings, at_hand: Option<Reached>) -> Self {
        Self { settings, reached: OnceCell::new_with(at_hand) }
    }

    pub(super) fn is_token(&self, token: &str) -> bool {
        let given: &SecretString = &self.settings.api_token;
        given.expose_secret() == token
    }

    /// The world; it is asked for once.
    pub(super) async fn reach(&self, context: &Context) -> Result<&Reached, Problem> {
        self.reached.get_or_try_init(|| self.find(context)).await
    }

    async fn find(&self, context: &Context) -> Result<Reached, Problem> {
        let unusable = |reason: String| Problem::Configuration(reason);
        let transport = HttpTransport::new(&self.settings.tls).map_err(|error| unusable(chain(&error)))?;
        let caller = Caller::new(Arc::new(transport), Arc::new(NoCredentials), AT_ONCE);
        let url = self.settings.url.join("/_world").map_err(|error| unusable(error.to_string()))?;
        let call = Call::new("ask the simulator for its world", Semantics::Safe, Method::GET, url);
        let answer = caller.call(context, &call).await.map_err(|error| Problem::Call(error.failure))?;
        let told: Told = answer.json().map_err(|error| Problem::Call(error.failure))?;
        let path = told.path.filter(|path| path.is_file()).ok_or_else(|| {
            unusable(
                "its simulator keeps its world in memory or on another machine: only driver: pure reaches it"
                    .to_owned(),
            )
        })?;
        // The world is there, so that it needs no seed.
        let world = World::open(&path, 0, Arc::new(SystemClock::new()), crate::reactions())
            .map_err(|error| unusable(chain(&error)))?;
        Ok(Reached { world: Arc::new(world), array: told.array })
    }
}
