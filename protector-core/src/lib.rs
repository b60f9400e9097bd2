//! Site recovery for OpenStack: moves a tenant's VMs, with their volumes on replicating arrays, from one
//! OpenStack cloud to another and back.
//!
//! A module uses those above it in this list, never those below:
//!
//! | module | what it holds |
//! |---|---|
//! | [`id`] [`time`] [`error`] [`secret`] | small words that everyone needs |
//! | [`config`] | `clouds.yaml`, `protector.yaml`: the only reader of files and environment |
//! | [`transport`] | one request, sent safely |
//! | [`openstack`] | typed clients, one file a resource |
//! | [`domain`] | what the product talks about; no IO |
//! | [`driver`] | the `StorageDriver` trait and its contract |
//! | [`inventory`] | reads a site into a snapshot of facts |
//! | [`journal`] | durable events and documents |
//! | [`engine`] | decides and executes; knows neither OpenStack nor arrays |
//! | [`steps`] | the step kinds, by system |
//! | [`operations`] | planners: facts in, frozen plan out |
//! | [`protector`] | what a user of the crate holds |
//! | [`faces`] | what the command, Python, the `openstack` command and Ansible say alike |

pub mod config;
pub mod domain;
pub mod driver;
pub mod engine;
pub mod error;
pub mod faces;
pub mod id;
pub mod inventory;
pub mod journal;
pub mod openstack;
pub mod operations;
pub mod protector;
pub mod secret;
pub mod steps;
pub mod time;
pub mod transport;
