//! Pure Storage FlashArray driver for protector.
//!
//! Hand [`factory`] to the builder of `Protector`; `protector.yaml` then says `driver: pure` of an array.
//!
//! | module | what it holds |
//! |---|---|
//! | [`flasharray`] | the REST 2 interface: session, versions, lists, one client for each resource |
//! | [`driver`] | protector's contract with arrays, said in that language |

pub mod driver;
pub mod flasharray;

pub use driver::{PureDriver, PureFactory, factory};
