use protector_core::faces::exit;
use serde_json::Value;

/// What a command came to: the same for a person and for a program.
#[derive(Debug)]
pub struct Answer {
    /// For a person.
    pub text: String,
    /// For a program.
    pub document: Value,
    /// The process' exit code.
    pub exit: u8,
}

impl Answer {
    pub(crate) fn new(text: impl Into<String>, document: Value) -> Self {
        Self { text: text.into(), document, exit: exit::DONE }
    }

    pub(crate) fn with_exit(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }
}
