//! That no thread of ours is in the interpreter when it ends: an older Python ends a thread that comes back into it then, in
//! the middle of Rust, and so the whole process aborts.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The process, whether its interpreter ends, and how many threads are in it: in one word, because a lock that is held while
/// somebody forks stays locked in the child, and a child has none of these threads.
static INSIDE: AtomicU64 = AtomicU64::new(0);

const PROCESS: u32 = 32;
const ENDS: u64 = 1 << 31;
const THREADS: u64 = ENDS - 1;

/// A thread of ours in the interpreter, until this is dropped.
#[derive(Debug)]
pub(crate) struct Inside(());

/// Changes the word, as it is in this process.
fn change(change: impl Fn(u64) -> Option<u64>) -> bool {
    let fresh = u64::from(std::process::id()) << PROCESS;
    let here = |state: u64| if state >> PROCESS == fresh >> PROCESS { state } else { fresh };
    INSIDE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| change(here(state))).is_ok()
}

/// To be held from before a thread attaches to the interpreter until it has let go of it; none when the interpreter ends.
pub(crate) fn enter() -> Option<Inside> {
    change(|state| (state & ENDS == 0).then_some(state + 1)).then_some(Inside(()))
}

impl Drop for Inside {
    fn drop(&mut self) {
        change(|state| (state & THREADS > 0).then(|| state - 1));
    }
}

/// Lets nobody in any more, and waits until nobody is left.
#[pyfunction]
fn end(py: Python<'_>) {
    change(|state| Some(state | ENDS));
    py.detach(|| {
        while INSIDE.load(Ordering::SeqCst) & THREADS > 0 {
            // It takes a moment.
            thread::yield_now();
        }
    });
}

/// Has the interpreter call [`end`] while it still runs.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let end = wrap_pyfunction!(end, module)?;
    module.py().import("atexit")?.call_method1("register", (end,)).map(drop)
}
