//! What runs everything: made when it is first needed, and anew in a process that was forked.

use crate::failure::Failure;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime, and the process that made it: threads do not come along into a fork. It is held only while the interpreter
/// is, and a fork holds the interpreter, too: no child finds it locked.
static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// Requests, engines and simulators share these.
const THREADS: usize = 4;

/// The runtime of this process.
pub(crate) fn handle() -> Result<Handle, Failure> {
    let mut made = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((maker, runtime)) = *made
        && maker == process
    {
        return Ok(runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("protector")
        .enable_all()
        .build()
        .map_err(|source| Failure::Runtime { source })?;
    // Never dropped: a parent's has threads that are not there, and this process' runs until its end.
    let runtime: &'static Runtime = Box::leak(Box::new(runtime));
    *made = Some((process, runtime));
    Ok(runtime.handle().clone())
}
