use super::version::Version;
use http::StatusCode;
use protector_core::error::{Class, Code, Coded};
use protector_core::transport::{CallError, CallFailure};
use serde_json::Value;
use std::fmt;

/// A request to an array failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The array refused it and says why.
    #[error("failed to {purpose}: {refusal}")]
    Refused {
        /// What was to be done.
        purpose: String,
        /// What the array said.
        refusal: Box<Refusal>,
    },
    /// The call failed otherwise.
    #[error(transparent)]
    Call(Box<CallError>),
    /// The array speaks no version that is known here.
    #[error(
        "failed to speak with array {array}: REST {} is needed and {offered} is the newest offered",
        Version::OLDEST
    )]
    Version {
        /// The array.
        array: String,
        /// The newest that it offers.
        offered: String,
    },
}

/// What an array said when it refused a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it means.
    pub meaning: Meaning,
    /// The array's own sentence, or sentences.
    pub message: String,
    /// The object it is about.
    pub context: Option<String>,
    /// The status: 400 for nearly everything.
    pub status: u16,
    /// The array's own names of all requests that were made.
    pub request_ids: Vec<String>,
}

/// What a refusal means. Arrays answer 400 to all of them: the sentence tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// The object is not there.
    NotFound,
    /// The object is destroyed and not eradicated yet.
    Destroyed,
    /// An object of that name is there.
    Exists,
    /// It is so already.
    AlreadySo,
    /// A host uses it.
    InUse,
    /// Anything else.
    Other,
}

/// Parts of the array's sentences, as Cinder's driver tells them apart.
// cinder/volume/drivers/pure.py (ERR_MSG_*), 2026.2
const SENTENCES: [(&str, Meaning); 10] = [
    ("has been destroyed", Meaning::Destroyed),
    ("already exists", Meaning::Exists),
    ("already allowed on", Meaning::AlreadySo),
    ("already includes", Meaning::AlreadySo),
    ("already belongs to", Meaning::AlreadySo),
    ("existing connections", Meaning::InUse),
    ("already in use", Meaning::InUse),
    ("does not exist", Meaning::NotFound),
    ("no such volume or snapshot", Meaning::NotFound),
    ("could not be found", Meaning::NotFound),
];

impl Meaning {
    fn of(sentence: &str) -> Self {
        let sentence = sentence.to_ascii_lowercase();
        SENTENCES
            .iter()
            .find(|(part, _)| sentence.contains(part))
            .map_or(Self::Other, |(_, meaning)| *meaning)
    }
}

impl Error {
    /// Gives a failed call its meaning.
    pub(super) fn of(error: CallError) -> Self {
        match refusal(&error) {
            Some(refusal) => Self::Refused { purpose: error.purpose, refusal: Box::new(refusal) },
            None => Self::Call(Box::new(error)),
        }
    }

    /// What the array meant, if it refused.
    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.meaning),
            _ => None,
        }
    }

    /// Whether the object is not there, or is destroyed.
    pub fn is_gone(&self) -> bool {
        matches!(self.meaning(), Some(Meaning::NotFound | Meaning::Destroyed))
    }
}

/// An answer that is not what an array gives.
pub(super) fn malformed(purpose: &str, why: impl Into<String>) -> Error {
    Error::Call(Box::new(CallError {
        purpose: purpose.to_owned(),
        attempts: Vec::new(),
        failure: CallFailure::Malformed { source: why.into().into() },
    }))
}

/// The array's own errors: `{"errors": [{"context": …, "message": …}]}` with a status of the caller's fault. 401 and 403
/// are about who asks, 429 about how often: they stay what they are.
fn refusal(error: &CallError) -> Option<Refusal> {
    let status = error.status()?;
    let about_the_caller =
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if !status.is_client_error() || about_the_caller {
        return None;
    }
    let errors = error.body()?.get("errors")?.as_array()?;
    let texts = |key: &str| -> Vec<&str> {
        let mut texts: Vec<&str> =
            errors.iter().filter_map(|one| one.get(key).and_then(Value::as_str)).collect();
        texts.dedup();
        texts
    };
    let messages = texts("message");
    let meanings: Vec<Meaning> = messages.iter().map(|message| Meaning::of(message)).collect();
    let meaning = *meanings.first()?;
    Some(Refusal {
        meaning: if meanings.iter().all(|other| *other == meaning) { meaning } else { Meaning::Other },
        message: messages.join(" "),
        context: Some(texts("context").join(", ")).filter(|context| !context.is_empty()),
        status: status.as_u16(),
        request_ids: error.request_ids().into_iter().map(str::to_owned).collect(),
    })
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message.trim_end_matches('.'))?;
        if let Some(context) = &self.context {
            write!(formatter, " ({context})")?;
        }
        if !self.request_ids.is_empty() {
            write!(formatter, ", requests {}", self.request_ids.join(" "))?;
        }
        Ok(())
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Refused { refusal, .. } => match refusal.meaning {
                Meaning::NotFound | Meaning::Destroyed => Code::NotFound,
                Meaning::Exists | Meaning::AlreadySo | Meaning::InUse => Code::Conflict,
                Meaning::Other => Code::RequestRefused,
            },
            Self::Call(error) => error.code(),
            Self::Version { .. } => Code::CapabilityMissing,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class(),
            _ => self.code().class(),
        }
    }
}
