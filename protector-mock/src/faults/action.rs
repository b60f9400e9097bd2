use super::alteration::Alteration;
use super::answer::MadeUp;
use super::distribution::Distribution;
use super::limit::Rate;
use super::rule::{BadRule, Told};
use crate::gate::Manner;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What a rule does.
#[derive(Debug)]
pub(crate) enum Action {
    /// No answer arrives.
    Lose { loss: Loss, after: bool },
    /// Another answer arrives.
    Answer { answer: MadeUp, after: bool },
    /// It takes longer.
    Delay(Distribution),
    /// So many at a time.
    Workers(Arc<Semaphore>),
    /// So many in a time.
    Rate { rate: Rate, answer: MadeUp },
    /// Nothing listens.
    Refuse,
    /// Twice.
    Duplicate,
    /// Later.
    Late(Distribution),
    /// The answer is changed.
    Alter(Alteration),
    /// The answer is sent in another manner.
    Send(Manner),
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Whoever waits for it is killed: this process, or the registered one.
    Kill(Option<i32>),
    /// The connection ends.
    Drop,
    /// The connection breaks.
    Reset,
    /// Nothing happens any more.
    Hang,
}

impl Action {
    /// Takes from `told` what the action needs.
    pub(super) fn of(told: &mut Told) -> Result<Self, BadRule> {
        let name = told.action.clone();
        let needs = |what: &str| BadRule(format!("{name:?} needs {what:?}"));
        let lose = |loss| Self::Lose { loss, after: name.ends_with("-after") };
        Ok(match name.as_str() {
            "kill-before" | "kill-after" => lose(Loss::Kill(told.pid.take())),
            "drop-before" | "drop-after" => lose(Loss::Drop),
            "reset-before" | "reset-after" => lose(Loss::Reset),
            "hang-before" | "hang-after" => lose(Loss::Hang),
            "answer" | "answer-after" => {
                let status = told.status.take().ok_or_else(|| needs("status"))?;
                Self::Answer { answer: made_up(told, status)?, after: name == "answer-after" }
            }
            "delay" => Self::Delay(told.seconds.take().ok_or_else(|| needs("seconds"))?),
            "workers" => {
                let workers =
                    told.workers.take().filter(|count| *count > 0).ok_or_else(|| needs("workers"))?;
                Self::Workers(Arc::new(Semaphore::new(workers.min(Semaphore::MAX_PERMITS))))
            }
            "rate" => {
                let positive = |number: Option<f64>| number.filter(|number| *number > 0.0);
                let requests = positive(told.requests.take()).ok_or_else(|| needs("requests"))?;
                let per = positive(told.per.take()).ok_or_else(|| needs("per"))?;
                let status = told.status.take().unwrap_or(429);
                Self::Rate { rate: Rate::new(requests, per), answer: made_up(told, status)? }
            }
            "refuse" => Self::Refuse,
            "duplicate" => Self::Duplicate,
            "late" => Self::Late(told.seconds.take().ok_or_else(|| needs("seconds"))?),
            "cut" => {
                let bytes = told.bytes.take().ok_or_else(|| needs("bytes"))?;
                Self::Send(Manner::Cut { after: usize::try_from(bytes).unwrap_or(usize::MAX) })
            }
            "slow" => {
                let pause = told.pause.take().ok_or_else(|| needs("pause"))?;
                let pause = Duration::try_from_secs_f64(pause)
                    .map_err(|error| BadRule(format!("\"pause\": {error}")))?;
                Self::Send(Manner::Slow { pause })
            }
            "close" => Self::Send(Manner::ThenClosed),
            "oversize" => {
                Self::Send(Manner::Padded { blanks: told.bytes.take().ok_or_else(|| needs("bytes"))? })
            }
            _ => match Alteration::of(told)? {
                Some(alteration) => Self::Alter(alteration),
                None => return Err(BadRule(format!("no action is called {name:?}"))),
            },
        })
    }

    /// Whether it happens once unless its rule says otherwise.
    pub(super) fn is_singular(&self) -> bool {
        matches!(self, Self::Lose { .. } | Self::Duplicate | Self::Late(_))
    }
}

fn made_up(told: &mut Told, status: u16) -> Result<MadeUp, BadRule> {
    let headers = told.headers.take().unwrap_or_default();
    MadeUp::new(status, headers, told.answer_body.take(), told.retry_after_date.take())
}
