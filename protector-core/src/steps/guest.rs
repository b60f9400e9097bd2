//! Steps that look whether a guest is up.

use crate::engine::{StepError, StepRun};
use crate::error::{Code, chain};
use crate::id::ServerId;
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use crate::transport::Stopped;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Between two looks at a guest.
const PAUSE: Duration = Duration::from_secs(2);
/// How many of the console's last lines are read.
const LINES: u32 = 200;
/// How long one attempt to connect may take: what drops packets says nothing.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Looks for a text on a server's serial console, until it is there or time is up.
#[derive(Debug)]
pub struct CheckConsole;

/// See [`CheckConsole`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckConsoleInput {
    /// Whom it looks at.
    #[serde(flatten)]
    pub guest: Guest,
    /// The server's id; none if it was not made.
    pub server_id: Option<ServerId>,
    /// The text.
    pub text: String,
}

/// Connects to a TCP port of a guest, until it can or time is up.
#[derive(Debug)]
pub struct CheckPort;

/// See [`CheckPort`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckPortInput {
    /// Whom it looks at.
    #[serde(flatten)]
    pub guest: Guest,
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// Whom a check looks at.
#[derive(Debug, Serialize, Deserialize)]
pub struct Guest {
    /// The VM's name.
    pub vm: String,
    /// Whether Nova has shown that it runs: of one that does not nothing more is wanted.
    pub runs: bool,
    /// How long it may take, seconds.
    pub within: u64,
    /// Whether the operation is left for a person if nothing is seen; else it goes on.
    pub stops: bool,
}

impl Guest {
    /// The run, in the time that the guest has.
    fn in_time(&self, run: &StepRun) -> StepRun {
        StepRun { context: run.context.within(Duration::from_secs(self.within)), ..run.clone() }
    }

    /// Looks again and again until there is nothing that is missing.
    async fn until_seen<F: Future<Output = Result<(), String>> + Send>(
        &self,
        run: &StepRun,
        look: impl Fn() -> F + Send,
    ) -> Result<Nothing, StepError> {
        if !self.runs {
            return Ok(Nothing {});
        }
        let mut missed: Option<String> = None;
        loop {
            let Err(mut missing) = look().await else { return Ok(Nothing {}) };
            // A look that ran out of time tells less than the one before it.
            if run.context.check().is_err() {
                missing = missed.take().unwrap_or(missing);
            }
            match run.context.sleep(PAUSE).await {
                Ok(()) => missed = Some(missing),
                Err(Stopped::Deadline) => return Err(self.not_up(run, &missing)),
                Err(stopped) => return Err(StepError::stopped(&format!("see {} come up", self.vm), stopped)),
            }
        }
    }

    fn not_up(&self, run: &StepRun, missing: &str) -> StepError {
        let site = run.site.as_ref().map_or("no site", crate::id::SiteName::as_str);
        let message = format!(
            "server {} at {site} runs, but its guest was not seen to be up within {} s: {missing}; look at the guest, \
             then resume, or skip the step",
            self.vm, self.within
        );
        if self.stops { StepError::conflict(message) } else { StepError::new(Code::StepFailed, message) }
    }
}

impl SiteStep for CheckConsole {
    const NAME: &'static str = "check_console";
    const SYSTEM: &'static str = "guest";
    type Input = CheckConsoleInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        // Looking again changes nothing.
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let Some(server_id) = &input.server_id else { return Ok(Nothing {}) };
        let run = &input.guest.in_time(run);
        let servers = &site.access.cloud.servers();
        let look = || async move {
            let output = servers.console_output(&run.context, server_id, LINES).await;
            let output = output.map_err(|error| chain(&error))?;
            if output.contains(&input.text) {
                return Ok(());
            }
            let last = output.lines().rfind(|line| !line.trim().is_empty());
            Err(match last {
                Some(last) => format!("its console has no {:?}; its last line is {last:?}", input.text),
                None => format!("its console has no {:?}: it is empty", input.text),
            })
        };
        input.guest.until_seen(run, look).await
    }
}

impl SiteStep for CheckPort {
    const NAME: &'static str = "check_port";
    const SYSTEM: &'static str = "guest";
    type Input = CheckPortInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        // Looking again changes nothing.
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let run = &input.guest.in_time(run);
        let address = SocketAddr::new(input.address, input.port);
        let look = || async move {
            let context = run.context.within(CONNECT_TIME);
            match context.before_deadline(site.machine.connect(address)).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(format!("failed to connect to {address}: {error}")),
                Err(_) => Err(format!("failed to connect to {address}: no answer")),
            }
        };
        input.guest.until_seen(run, look).await
    }
}
