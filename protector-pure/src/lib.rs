//! Pure Storage FlashArray driver for protector.
//!
//! | module | what it holds |
//! |---|---|
//! | [`flasharray`] | the REST 2 interface: session, versions, lists, one client for each resource |

pub mod flasharray;
