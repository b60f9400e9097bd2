//! Keystone, beside signing in.

mod projects;

pub use projects::{Project, Projects};
