//! What is to happen to which request, as data.
//!
//! A rule says which requests it is about (`target` with `*` and `?`, `method`, `path` and `body` as regular expressions that
//! are searched for), when it fires (from the `nth` that fits, `times` times, 0 for ever, each with a `chance`), and what
//! happens then:
//!
//! | action | needs | what happens |
//! |---|---|---|
//! | `kill-before`, `kill-after` | (`pid`) | the victim is killed; the request has no effect, or all of it |
//! | `drop-before`, `drop-after` | | the connection is closed without an answer |
//! | `reset-before`, `reset-after` | | the same with a reset |
//! | `hang-before`, `hang-after` | | no answer ever comes |
//! | `refuse` | | no connection is taken, until the rule is removed |
//! | `answer`, `answer-after` | `status` (`headers`, `answer_body`, `retry_after_date`) | this is answered |
//! | `delay` | `seconds` | it waits first |
//! | `workers` | `workers` | so many requests at a time; others queue |
//! | `rate` | `requests`, `per` (`status`, …) | more of them in `per` seconds are answered 429 |
//! | `duplicate` | | it takes effect twice; the second answer is sent |
//! | `late` | `seconds` | the connection is closed; it takes effect later |
//! | `cut` | `bytes` | a reset after so much of the answer |
//! | `slow` | `pause` | the answer comes byte by byte, with so many seconds between them |
//! | `close` | | after the answer, without having said so |
//! | `oversize` | `bytes` | the answer is behind so many blanks |
//! | `truncate` | `bytes` | the answer's JSON ends there |
//! | `malformed`, `html` | | the answer is not JSON, or a page |
//! | `content-type` | `content_type` | the answer says that it is something else |
//! | `nest` | `depth` | the answer is so many lists in each other |
//! | `bomb` | `bytes` | the answer unpacks to so many bytes |
//! | `change` | `changes` | values in the answer are replaced, removed or copied, by JSON pointer (`*` for all) |
//! | `page-loop` | | the next page is this one again |
//! | `stale` | `seconds` | what was answered before, for so long |
//!
//! `seconds` are a number, `{"uniform": [from, to]}`, `{"log_normal": {"median", "sigma"}}` or `{"exponential": mean}`.
//! All rules that fit count the request; delays add up; of the others the first that fires decides. Losses happen once
//! unless `times` says otherwise, everything else for ever.

mod action;
mod alteration;
mod answer;
mod bomb;
mod distribution;
mod limit;
mod pattern;
mod profile;
mod rule;
mod rules;

#[cfg(test)]
mod tests;

pub use profile::{Profile, ProfileError};
pub use rule::BadRule;

pub(crate) use action::{Action, Loss};
pub(crate) use distribution::Distribution;
pub(crate) use rules::{Asked, Fired, Rules};
