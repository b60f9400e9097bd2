//! The native module of the Python package `protector`. All that it does is in [`protector_core`]; here are waits, signals,
//! processes that fork, and the way of values from the one language to the other.
//!
//! | module | what it holds |
//! |---|---|
//! | `handle` | what `protector.open` gives: one question in, one answer out, waited for or awaited |
//! | `questions` | what can be asked, by name and arguments |
//! | `written` | what people write down: a group, a policy |
//! | `run` | an operation that is under way, and what has happened in it |
//! | `driver` | storage drivers that are written in Python, and those in Rust as Python sees them |
//! | `testing` | the conformance suite for them |
//! | `site` | a site that is being left |
//! | `clouds` | lists of the typed OpenStack clients, turned into Python as they are read |
//! | `pair` | a simulated pair, served |
//! | `waiting` | the ways to wait: here, with Ctrl-C; or in an event loop |
//! | `ending` | that an interpreter ends without threads of ours in it |
//! | `runtime` | what runs it all, one a process |
//! | `failure` | why something failed, as an exception |
//! | `conversion` | values |

mod clouds;
mod conversion;
mod driver;
mod ending;
mod failure;
mod handle;
mod pair;
mod questions;
mod run;
mod runtime;
mod site;
mod testing;
mod waiting;
mod written;

use pyo3::prelude::*;

/// Everything has locks of its own, and nothing is changed but behind them.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::clouds::{Cloud, Resource, Resources};
    #[pymodule_export]
    use super::driver::native::{Context, Driver, Settings};
    #[pymodule_export]
    use super::failure::codes;
    #[pymodule_export]
    use super::handle::{Handle, Planned};
    #[pymodule_export]
    use super::pair::Pair;
    #[pymodule_export]
    use super::run::Run;
    #[pymodule_export]
    use super::site::SiteRun;
    #[pymodule_export]
    use super::testing::{clauses, try_clause};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::ending::register(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
