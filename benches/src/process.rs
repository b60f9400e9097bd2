//! What this process has used.

use anyhow::{Context, Result};
use rustix::param::clock_ticks_per_second;
use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};
use std::fs;

/// Seconds by the machine's clock, and of the processor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) seconds: f64,
    pub(crate) processor_seconds: f64,
}

impl Used {
    /// Since some moment, and since the process began.
    pub(crate) fn now() -> Self {
        let seconds = |clock| {
            let time = clock_gettime(clock);
            time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
        };
        Self { seconds: seconds(ClockId::Monotonic), processor_seconds: seconds(ClockId::ProcessCPUTime) }
    }

    pub(crate) fn since(self) -> Self {
        let now = Self::now();
        Self {
            seconds: now.seconds - self.seconds,
            processor_seconds: now.processor_seconds - self.processor_seconds,
        }
    }
}

/// Seconds of the processor that another process has used, to a hundredth.
pub(crate) fn processor_seconds_of(process: Pid) -> Result<f64> {
    let path = format!("/proc/{}/stat", process.as_raw_nonzero());
    let stat = fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))?;
    // proc_pid_stat(5): after the name in brackets the state is the third field, and utime and stime are the 14th and 15th.
    let fields = stat.rsplit(')').next().context("the kernel does not tell the process's times")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let ticks: f64 = ticks.sum::<Result<f64, _>>()?;
    Ok(ticks / clock_ticks_per_second() as f64)
}

/// The most memory that it ever had, or had since [`forget_peak`], in megabytes.
pub(crate) fn peak_megabytes() -> Result<f64> {
    megabytes("VmHWM:")
}

/// The memory that it has, in megabytes.
pub(crate) fn megabytes_now() -> Result<f64> {
    megabytes("VmRSS:")
}

/// The most memory is counted from now on.
pub(crate) fn forget_peak() -> Result<()> {
    // 5: see proc_pid_clear_refs(5)
    fs::write("/proc/self/clear_refs", "5").context("failed to have the kernel count anew")
}

fn megabytes(name: &str) -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("failed to read what the kernel counts")?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix("kB"));
    let kibibytes: f64 = kibibytes.context("the kernel does not tell the memory")?.trim().parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}
