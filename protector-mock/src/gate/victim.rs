use protector_core::time::Clock;
use rustix::process::{Pid, Signal, getpid, getppid, kill_process};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The process under test, which a rule may kill. It is registered after it was started, and forgotten when it is dead.
#[derive(Debug, Default)]
pub(crate) struct Victim {
    pid: Mutex<Option<i32>>,
}

/// A dying process is waited for so long.
const DEATH: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);

impl Victim {
    /// Registers it; tells whether the pid is one that a process under test may have.
    pub(crate) fn register(&self, pid: i64) -> bool {
        let own = [Some(getpid()), getppid()].map(|own| own.map(|own| i64::from(own.as_raw_nonzero().get())));
        let Ok(candidate) = i32::try_from(pid) else { return false };
        if candidate <= 1 || own.contains(&Some(pid)) {
            return false;
        }
        *self.pid.lock().unwrap_or_else(PoisonError::into_inner) = Some(candidate);
        true
    }

    pub(crate) fn forget(&self) {
        *self.pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn registered(&self) -> Option<i32> {
        *self.pid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills a process, and returns when it is dead.
    pub(super) async fn kill(&self, pid: i32, clock: &dyn Clock) {
        let Some(process) = Pid::from_raw(pid) else { return };
        if let Err(error) = kill_process(process, Signal::KILL) {
            tracing::debug!(pid, %error, "not killed");
        }
        let end = clock.monotonic() + DEATH;
        while is_alive(pid) && clock.monotonic() < end {
            clock.sleep(LOOK).await;
        }
        if self.registered() == Some(pid) {
            self.forget();
        }
    }
}

/// Linux's own word; a zombie is dead.
fn is_alive(pid: i32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = status.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, Some('Z' | 'X') | None)
}
