//! The two ways to wait: here, where Ctrl-C is looked for, or in an event loop. What is waited for runs on its own either way.

use crate::ending;
use crate::failure::Failure;
use crate::runtime;
use pyo3::prelude::*;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How often it is looked whether Ctrl-C was pressed.
const LOOK: Duration = Duration::from_millis(50);

/// What can be waited for.
pub(crate) trait Product: Send + 'static {
    /// The value for Python.
    fn give(self, py: Python<'_>) -> PyResult<Py<PyAny>>;

    /// Nobody waits any more.
    fn abandon(self);
}

/// Runs it on its own; a panic in it is an error like others.
fn spawned<P: Product>(
    work: impl Future<Output = Result<P, Failure>> + Send + 'static,
) -> Result<impl Future<Output = Result<P, Failure>> + Send + 'static, Failure> {
    let task = runtime::handle()?.spawn(work);
    Ok(async move { task.await.unwrap_or_else(|lost| Err(Failure::of_task(lost))) })
}

/// Waits here. The interpreter is free meanwhile. When a signal's handler raises, as Ctrl-C's does, it is no longer waited for:
/// what was begun comes to its end, and an operation is stopped where `resume` goes on.
pub(crate) fn wait<P: Product>(
    py: Python<'_>,
    work: impl Future<Output = Result<P, Failure>> + Send + 'static,
) -> PyResult<Py<PyAny>> {
    let work = spawned(work)?;
    let (sender, receiver) = sync_channel(1);
    runtime::handle()?.spawn(async move {
        if let Err(unwanted) = sender.send(work.await)
            && let Ok(product) = unwanted.0
        {
            product.abandon();
        }
    });
    let mut waiting = receiver;
    loop {
        let (came, receiver) = py.detach(move || (waiting.recv_timeout(LOOK), waiting));
        match came {
            Ok(outcome) => return outcome?.give(py),
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| {
                // It may have come in this moment: then nobody else lets go of it.
                if let Ok(Ok(product)) = receiver.try_recv() {
                    product.abandon();
                }
            })?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Panicked("the answer was lost".to_owned()).into());
            }
        }
        waiting = receiver;
    }
}

/// Waits in the event loop that runs in this thread: an awaitable, which may be cancelled like others.
pub(crate) fn awaitable<P: Product>(
    py: Python<'_>,
    work: impl Future<Output = Result<P, Failure>> + Send + 'static,
) -> PyResult<Bound<'_, PyAny>> {
    let event_loop = py.import("asyncio")?.call_method0("get_running_loop")?;
    let future = event_loop.call_method0("create_future")?;
    let settle = py.import("protector._settle")?.getattr("settle")?.unbind();
    let (event_loop, settled) = (event_loop.unbind(), future.clone().unbind());
    let work = spawned(work)?;
    runtime::handle()?.spawn(async move {
        let outcome = work.await;
        // The interpreter may be busy: that must not keep others from running.
        tokio::task::spawn_blocking(move || {
            // There is nobody to tell in an interpreter that ends.
            if let Some(_inside) = ending::enter() {
                Python::try_attach(|py| tell(py, outcome, &event_loop, &settle, &settled));
            }
        });
    });
    Ok(future)
}

fn tell<P: Product>(
    py: Python<'_>,
    outcome: Result<P, Failure>,
    event_loop: &Py<PyAny>,
    settle: &Py<PyAny>,
    future: &Py<PyAny>,
) {
    let (value, error) = match outcome.map_err(PyErr::from).and_then(|product| product.give(py)) {
        Ok(value) => (value, py.None()),
        Err(error) => (py.None(), error.into_value(py).into_any()),
    };
    let told = event_loop.call_method1(py, "call_soon_threadsafe", (settle, future, &value, error));
    if told.is_err() {
        // The loop has ended, and with it whoever waited.
        drop(value.call_method0(py, "stop"));
    }
}
