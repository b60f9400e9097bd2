use super::Refusal;
use crate::gate::Surroundings;
use crate::world::{Pace, World, WorldError};
use serde_json::{Value, json};
use std::time::Duration;

const ON_COMMAND: &str = "on-command";

pub(super) fn shown(world: &World) -> Result<Value, WorldError> {
    let pace = match world.pace()? {
        Pace::Factor(factor) => json!(factor),
        Pace::OnCommand => json!(ON_COMMAND),
    };
    Ok(json!({"now": world.now()?.to_string(), "pace": pace}))
}

pub(super) fn set(surroundings: &Surroundings, body: &Value) -> Result<Value, Refusal> {
    let known = |(name, _): (&String, &Value)| !["pace", "advance"].contains(&name.as_str());
    if body.as_object().is_none_or(|fields| fields.iter().any(known)) {
        return Err(Refusal::Bad("a clock takes pace and advance".to_owned()));
    }
    let pace = match body.get("pace") {
        None => None,
        Some(pace) if *pace == ON_COMMAND => Some(Pace::OnCommand),
        Some(pace) => match pace.as_f64().filter(|factor| *factor > 0.0) {
            Some(factor) => Some(Pace::Factor(factor)),
            None => return Err(Refusal::Bad(format!("pace is a number above 0, or {ON_COMMAND:?}"))),
        },
    };
    let by = body.get("advance").map(|seconds| {
        let seconds = seconds.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        seconds.ok_or_else(|| Refusal::Bad("advance is a number of seconds".to_owned()))
    });
    let by = by.transpose()?;
    if let Some(pace) = pace {
        surroundings.set_pace(pace)?;
    }
    if let Some(by) = by {
        surroundings.world.advance(by)?;
        surroundings.deliver_due();
    }
    Ok(shown(&surroundings.world)?)
}
