use super::BadRule;
use super::action::Action;
use super::distribution::Distribution;
use super::rule::Rule;
use crate::world::{Record, Transaction, World, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// The scope of rules in the world.
const SCOPE: &str = "faults";
const NUMBER: &str = "faults-number";

/// A rule as the world keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    id: String,
    told: Value,
    hits: u64,
    fired: u64,
}

impl Record for Kept {
    const KIND: &'static str = "fault-rule";

    fn id(&self) -> &str {
        &self.id
    }
}

/// A request, as far as rules look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'r> {
    pub(crate) target: &'r str,
    pub(crate) method: &'r str,
    /// With its query.
    pub(crate) path: &'r str,
    pub(crate) body: &'r [u8],
}

/// What rules say of a request.
#[derive(Debug, Default)]
pub(crate) struct Fired {
    /// To wait first.
    pub(crate) delay: Duration,
    /// To queue for.
    pub(crate) workers: Vec<Arc<Semaphore>>,
    /// Whose rules these are.
    pub(crate) ids: Vec<u64>,
    /// The one that decides, and what it is called.
    pub(crate) decided: Option<(String, Arc<Action>)>,
    /// What a limit answers, if the request is beyond one.
    pub(crate) limited: Option<crate::http::Response>,
}

#[derive(Debug)]
struct State {
    rules: Vec<Rule>,
    random: u64,
}

/// All rules, in the order in which they were given. They are part of the world: a restart knows them.
#[derive(Debug)]
pub(crate) struct Rules {
    world: Arc<World>,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl Rules {
    /// Those of a world.
    pub(crate) fn load(world: Arc<World>) -> Result<Self, WorldError> {
        let (kept, drawn) = world.transact(|transaction| {
            Ok::<_, WorldError>((transaction.list::<Kept>(SCOPE)?, transaction.draw()?))
        })?;
        let mut rules = Vec::new();
        for kept in kept {
            let id = kept.id.parse().unwrap_or_default();
            match Rule::new(id, &kept.told) {
                Ok(rule) => rules.push(rule.met(kept.hits, kept.fired)),
                Err(error) => {
                    tracing::warn!(rule = kept.id, %error, "a rule of the world is not known any more");
                }
            }
        }
        let random = u64::from_be_bytes(drawn.first_chunk::<8>().copied().unwrap_or_default());
        let state = Mutex::new(State { rules, random });
        Ok(Self { world, state, changed: watch::Sender::new(()) })
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds all of them, or none.
    pub(crate) fn add(&self, told: &[Value]) -> Result<Result<Vec<Value>, BadRule>, WorldError> {
        let mut state = self.locked();
        let first = self.world.transact(|transaction| {
            let last: u64 = transaction.fact(NUMBER)?.and_then(|text| text.parse().ok()).unwrap_or(0);
            transaction.set_fact(NUMBER, &(last + told.len() as u64).to_string())?;
            Ok::<_, WorldError>(last + 1)
        })?;
        let rules =
            told.iter().zip(first..).map(|(told, id)| Rule::new(id, told)).collect::<Result<Vec<_>, _>>();
        let rules = match rules {
            Ok(rules) => rules,
            Err(bad) => return Ok(Err(bad)),
        };
        self.world.transact(|transaction| rules.iter().try_for_each(|rule| keep(transaction, rule)))?;
        let views = rules.iter().map(Rule::view).collect();
        state.rules.extend(rules);
        drop(state);
        self.changed.send_replace(());
        Ok(Ok(views))
    }

    /// Removes one, or all; tells how many.
    pub(crate) fn remove(&self, id: Option<u64>) -> Result<usize, WorldError> {
        let mut state = self.locked();
        let (kept, gone): (Vec<_>, Vec<_>) =
            state.rules.drain(..).partition(|rule| id.is_some_and(|id| id != rule.id));
        state.rules = kept;
        self.world.transact(|transaction| {
            gone.iter().try_for_each(|rule| transaction.remove::<Kept>(SCOPE, &rule.id.to_string()).map(drop))
        })?;
        drop(state);
        self.changed.send_replace(());
        Ok(gone.len())
    }

    /// All of them, with what they have met.
    pub(crate) fn views(&self) -> Vec<Value> {
        self.locked().rules.iter().map(Rule::view).collect()
    }

    /// What they say of a request. All that fit count it.
    pub(crate) fn fire(&self, asked: &Asked<'_>, now: Timestamp) -> Fired {
        let mut state = self.locked();
        let State { rules, random } = &mut *state;
        let mut draw = || next(random);
        let mut fired = Fired::default();
        let mut counted = Vec::new();
        for rule in rules.iter_mut().filter(|rule| rule.fits(asked)) {
            let action = Arc::clone(&rule.action);
            let open = fired.decided.is_none() && fired.limited.is_none();
            match &*action {
                Action::Refuse => {}
                Action::Delay(distribution) => {
                    if rule.count(&mut draw) {
                        fired.delay = fired.delay.saturating_add(distribution.draw(&mut draw));
                        fired.ids.push(rule.id);
                    }
                }
                Action::Workers(workers) => {
                    if rule.count(&mut draw) {
                        fired.workers.push(Arc::clone(workers));
                        fired.ids.push(rule.id);
                    }
                }
                Action::Rate { rate, answer } if open => match rate.take(now) {
                    Ok(()) => rule.hits += 1,
                    Err(seconds) if rule.count(&mut draw) => {
                        fired.limited = Some(answer.after(seconds, now));
                        fired.ids.push(rule.id);
                    }
                    Err(_) => {}
                },
                _ if open => {
                    if rule.count(&mut draw) {
                        let name = rule.told.get("action").and_then(Value::as_str).unwrap_or_default();
                        fired.decided = Some((name.to_owned(), action));
                        fired.ids.push(rule.id);
                    }
                }
                _ => rule.hits += 1,
            }
            if rule.counts() {
                counted.push(&*rule);
            }
        }
        if !counted.is_empty() {
            let stored = self
                .world
                .transact(|transaction| counted.iter().try_for_each(|rule| keep(transaction, rule)));
            if let Err(error) = stored {
                tracing::error!(error = %protector_core::error::chain(&error), "what a rule met was not kept");
            }
        }
        fired
    }

    /// A duration of a distribution, from the seeded source.
    pub(crate) fn draw(&self, distribution: Distribution) -> Duration {
        let mut state = self.locked();
        distribution.draw(|| next(&mut state.random))
    }

    /// Whether connections to a target are refused.
    pub(crate) fn refuse(&self, target: &str) -> bool {
        let refuses = |rule: &Rule| matches!(*rule.action, Action::Refuse) && rule.is_about(target);
        self.locked().rules.iter().any(refuses)
    }

    /// Waits until connections to a target are, or are no longer, refused.
    pub(crate) async fn until_refused(&self, target: &str, refused: bool) {
        let mut changed = self.changed.subscribe();
        while self.refuse(target) != refused {
            // The sender lives as long as we do.
            if changed.changed().await.is_err() {
                return;
            }
        }
    }
}

fn keep(transaction: &mut Transaction<'_>, rule: &Rule) -> Result<(), WorldError> {
    let kept = Kept {
        id: rule.id.to_string(),
        told: Value::Object(rule.told.clone()),
        hits: rule.hits,
        fired: rule.fired,
    };
    transaction.put(SCOPE, &kept)
}

/// A number from 0 up to, and without, 1: SplitMix64.
fn next(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}
