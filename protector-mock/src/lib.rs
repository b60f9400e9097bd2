//! Mock mode: two OpenStack sites and two FlashArrays, simulated so that other people's clients believe them.
//!
//! There is one [`world`](world::World), in one SQLite file: everything that exists, everything that is going to happen, and
//! its own clock. All simulators are functions on a transaction of it; nothing runs in the background. A request first lets
//! happen what has become due, then is answered, in one transaction. So a killed process loses nothing, time can be virtual,
//! and the same seed gives the same world.
//!
//! | module | what it holds |
//! |---|---|
//! | [`world`] | the store, the clock, what is due, the seeded source |
//! | [`http`] | one exchange, with sockets or without |
//! | [`arrays`] | what FlashArrays hold and how it behaves |
//! | `driver` | their `StorageDriver` |
//! | [`flasharray`] | their REST API |
//! | [`cloud`] | what all OpenStack services share: routes, tokens, microversions, errors, pages |
//!
//! The simulators speak JSON that was written from the services' own source. They share no type with protector's clients,
//! so that a wrong field cannot cancel itself out.

pub mod arrays;
pub mod cloud;
mod driver;
pub mod flasharray;
pub mod http;
pub mod world;

pub use driver::{MockDriver, MockFactory, factory};

/// All that happens in a world by itself: what a world that is opened has to know.
pub fn reactions() -> world::Reactions {
    world::Reactions::default().with(arrays::REACTIONS)
}
