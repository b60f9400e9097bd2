use crate::world::WorldError;

/// An array does not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// In the array's words.
    #[error("{message}")]
    Sentence {
        /// What it is about: usually an object's name.
        context: String,
        /// The sentence. Cinder's driver looks for parts of it.
        message: String,
    },
    /// The simulator itself failed.
    #[error(transparent)]
    World(#[from] WorldError),
}

impl Refused {
    /// With a sentence about something.
    pub fn new(message: impl Into<String>, context: impl Into<String>) -> Self {
        Self::Sentence { context: context.into(), message: message.into() }
    }
}
