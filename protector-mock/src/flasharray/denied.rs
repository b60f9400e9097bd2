use crate::arrays::Refused;
use crate::arrays::systems::Failure;
use crate::world::WorldError;
use http::StatusCode;

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Denied {
    pub(super) status: StatusCode,
    pub(super) message: String,
    pub(super) context: Option<String>,
    /// How the array plays dead, if it does.
    pub(super) plays_dead: Option<Failure>,
    /// The ordered refusal that this is.
    pub(super) ordered: Option<String>,
    /// What broke inside, if it was the simulator itself.
    pub(super) source: Option<WorldError>,
}

impl Denied {
    pub(super) fn new(status: StatusCode, message: impl Into<String>, context: Option<&str>) -> Self {
        Self {
            status,
            message: message.into(),
            context: context.map(str::to_owned),
            plays_dead: None,
            ordered: None,
            source: None,
        }
    }

    /// 400.
    pub(super) fn bad(message: impl Into<String>, context: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, Some(context))
    }

    /// 401.
    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message, None)
    }

    /// 503, or worse.
    pub(super) fn dead(failure: Failure) -> Self {
        let denied = Self::new(StatusCode::SERVICE_UNAVAILABLE, "Service unavailable.", None);
        Self { plays_dead: Some(failure).filter(|failure| *failure != Failure::Unavailable), ..denied }
    }
}

impl From<WorldError> for Denied {
    fn from(error: WorldError) -> Self {
        let message = "The simulated world could not be read or changed.";
        Self { source: Some(error), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, message, None) }
    }
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Sentence { context, message } => Self::bad(message, &context),
            Refused::World(error) => error.into(),
        }
    }
}
