use crate::arrays::systems::Failure;
use crate::flasharray::PlaysDead;
use crate::http::Response;
use std::time::Duration;

/// How a request ends on the wire.
#[derive(Debug)]
pub enum Outcome {
    /// With an answer.
    Answer {
        /// The answer.
        response: Response,
        /// How it is sent.
        manner: Manner,
    },
    /// The connection is closed without an answer.
    HangUp {
        /// With a reset instead of an orderly end.
        reset: bool,
    },
    /// Nothing comes, and the connection stays open.
    Hang,
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    /// As it should be.
    Whole,
    /// Whole; then the connection is closed, which no header has said.
    ThenClosed,
    /// So many bytes of the body, then a reset.
    Cut {
        /// How many.
        after: usize,
    },
    /// The body byte by byte.
    Slow {
        /// Between two of them.
        pause: Duration,
    },
    /// The body behind so many blanks, which JSON allows.
    Padded {
        /// How many.
        blanks: u64,
    },
}

impl Outcome {
    /// With what an endpoint answers: an array that is ill may give nothing.
    pub(super) fn of(response: Response) -> Self {
        match response.extensions().get() {
            Some(PlaysDead(Failure::Hang)) => Self::Hang,
            Some(PlaysDead(Failure::Close)) => Self::HangUp { reset: false },
            _ => Self::whole(response),
        }
    }

    /// With an answer, as it should be.
    pub(crate) fn whole(response: Response) -> Self {
        Self::Answer { response, manner: Manner::Whole }
    }
}
