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
//! | [`cloud`] | what all OpenStack services share: routes, tokens, microversions, errors, pages |
//! | [`identity`] | Keystone |
//! | [`compute`] | Nova |
//! | [`block_storage`] | Cinder, on its Pure driver |
//! | [`network`] | Neutron |
//! | [`image`] | Glance |
//! | [`arrays`] | what FlashArrays hold and how it behaves |
//! | [`flasharray`] | their REST API |
//! | [`faults`] | what is to happen to which request, as data |
//! | [`gate`] | the way to an endpoint: rules apply and requests are recorded there |
//! | [`admin`] | the window for tests: rules, record, time, settings |
//! | [`server`], [`transport`], [`clock`] | endpoints on sockets, with TLS; the same without sockets, and in no time |
//! | [`estate`] | what there is in a new world |
//! | [`pair`] | two sites, two arrays, and the files that lead clients to them |
//!
//! The simulators speak JSON that was written from the services' own source. They share no type with protector's clients,
//! so that a wrong field cannot cancel itself out.

pub mod admin;
pub mod arrays;
pub mod block_storage;
pub mod clock;
pub mod cloud;
pub mod compute;
pub mod estate;
pub mod faults;
pub mod flasharray;
pub mod gate;
pub mod http;
pub mod identity;
pub mod image;
pub mod network;
pub mod pair;
pub mod server;
pub mod transport;
pub mod world;
