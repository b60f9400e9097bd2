//! One verb, done in one moment of the world.

use super::access::Access;
use crate::arrays::objects;
use crate::arrays::systems::{self, Failure, System};
use crate::arrays::volumes::Volume;
use crate::arrays::{Refused, groups};
use crate::world::{Transaction, WorldError};
use protector_core::driver::{ArrayVolume, Error, GroupOrigin};
use protector_core::id::{ArrayName, ArrayVolumeId};
use protector_core::transport::{CallError, CallFailure, Context, SendError, SendFailure, Sent};

/// What a peer's group is called on the arrays that it is replicated to.
pub(super) fn replica(origin: &GroupOrigin) -> String {
    groups::name_on_target(origin.array.as_str(), &origin.group)
}

/// Why a verb failed; which verb of which array is told once, where it ends.
#[derive(Debug)]
pub(super) enum Problem {
    NotFound(String),
    Refused(String),
    /// The array could not be asked, in the words of a client that speaks HTTP.
    Call(CallFailure),
    Configuration(String),
    World(WorldError),
}

impl From<WorldError> for Problem {
    fn from(error: WorldError) -> Self {
        Self::World(error)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Sentence { context, message } if message.ends_with("does not exist.") => {
                Self::NotFound(context)
            }
            Refused::Sentence { context, message } => Self::Refused(format!("{context}: {message}")),
            Refused::World(error) => Self::World(error),
        }
    }
}

impl Problem {
    pub(super) fn into_error(self, array: &ArrayName, attempted: &str) -> Error {
        let (array, attempted) = (array.clone(), attempted.to_owned());
        match self {
            Self::NotFound(what) => Error::NotFound { array, attempted, what },
            Self::Refused(reason) => Error::Refused { array, attempted, reason },
            Self::Configuration(reason) => Error::Configuration { array, reason },
            Self::World(error) => Error::Other { array, attempted, source: Box::new(error) },
            Self::Call(failure) => {
                let source = CallError { purpose: attempted, attempts: Vec::new(), failure };
                Error::Call { array, source: Box::new(source) }
            }
        }
    }
}

/// A verb under way.
pub(super) struct Verb<'a, 'w> {
    pub(super) at: &'a mut Transaction<'w>,
    /// The array as the world calls it.
    pub(super) array: String,
}

impl Verb<'_, '_> {
    /// A volume, destroyed or not; `None` if it is not there.
    pub(super) fn volume(&self, id: &ArrayVolumeId) -> Result<Option<Volume>, Problem> {
        Ok(objects::with_id(self.at, &self.array, id.as_str())?)
    }

    /// A volume that has to be there and to live.
    pub(super) fn living_volume(&self, id: &ArrayVolumeId) -> Result<Volume, Problem> {
        match self.volume(id)? {
            None => Err(Problem::NotFound(format!("volume {id}"))),
            Some(volume) if volume.destroyed.is_some() => {
                Err(Problem::Refused(format!("volume {} is destroyed", volume.name)))
            }
            Some(volume) => Ok(volume),
        }
    }
}

/// A volume in the contract's words.
pub(super) fn described(volume: Volume) -> ArrayVolume {
    ArrayVolume { id: volume.id.into(), name: volume.name, serial: volume.serial, size: volume.provisioned }
}

/// Does a verb, unless it may not begin any more or the array is ill. What it changed is taken back if it fails.
pub(super) async fn act<T>(
    name: &ArrayName,
    access: &Access,
    context: &Context,
    attempted: &str,
    action: impl FnOnce(&mut Verb<'_, '_>) -> Result<T, Problem> + Send,
) -> Result<T, Error> {
    let failed = |problem: Problem| problem.into_error(name, attempted);
    context.check().map_err(|stopped| failed(Problem::Call(CallFailure::NotSent(stopped))))?;
    let reached = access.reach(context).await.map_err(failed)?;
    let done = reached.world.transact(|transaction| {
        let system = systems::find(transaction, &reached.array)?;
        let system =
            system.ok_or_else(|| Problem::NotFound(format!("the simulated array {}", reached.array)))?;
        check(&system, access)?;
        action(&mut Verb { at: transaction, array: system.name })
    });
    done.map_err(failed)
}

/// Refuses as an array does that is ill, or that does not know who asks.
fn check(system: &System, access: &Access) -> Result<(), Problem> {
    let silent = |sent, failure| CallFailure::NoAnswer(SendError { sent, failure, source: None });
    match system.failure {
        None => {}
        Some(Failure::Unavailable) => return Err(Problem::Call(silent(Sent::No, SendFailure::Connect))),
        Some(Failure::Hang) => return Err(Problem::Call(silent(Sent::Maybe, SendFailure::Timeout))),
        Some(Failure::Close) => return Err(Problem::Call(silent(Sent::Maybe, SendFailure::Broken))),
    }
    if access.is_token(&system.token) {
        return Ok(());
    }
    Err(Problem::Call(CallFailure::Unauthenticated(None)))
}
