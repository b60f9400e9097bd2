//! What the faces (the `protector` command, the Python package, the `openstack` command, the Ansible collection) say alike: one
//! form of each answer, one table of exit codes, one rule of what has to be confirmed. Pure.
//!
//! | module | what it holds |
//! |---|---|
//! | [`arguments`] | arguments by name, and what is wrong with them |
//! | [`confirmation`] | which operations are begun with the group's name only, and whether one was confirmed |
//! | [`documents`] | answers and errors as JSON documents |
//! | [`exit`] | exit codes |
//! | [`origin`] | the site and the requests of an error |
//! | [`requests`] | operations by name and arguments |
//! | [`support`] | what somebody is shown who helps from outside, without secrets |
//! | [`trouble`] | a run that is no success, as an error |

pub mod arguments;
pub mod confirmation;
pub mod documents;
pub mod exit;
pub mod origin;
pub mod requests;
pub mod support;
mod trouble;

pub use trouble::{site_trouble, trouble};
