use crate::config::ConfigError;
use crate::domain::{Action, Finding, GroupStatus, OperationStatus, OperationType, ReplicationState};
use crate::error::{Class, Code, Coded};
use crate::id::{ArrayName, OperationId, SiteName, StepId};
use crate::journal::StoreError;
use crate::operations::PlanningError;
use crate::secret::sealed::SealError;
use crate::steps::RecordError;
use crate::transport::{Stopped, TransportBuildError};
use jiff::Timestamp;
use std::time::Duration;

/// What a user of [`super::Protector`] is told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The encryption key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A site's certificates.
    #[error("failed to prepare the connection to {to}")]
    Transport {
        /// The site or array.
        to: String,
        /// Why.
        #[source]
        source: TransportBuildError,
    },
    /// `protector.yaml` names a driver that nobody handed in.
    #[error("array {array} has the driver {driver}, which this program does not have: it has {}", known.join(", "))]
    DriverUnknown {
        /// The array.
        array: String,
        /// The driver.
        driver: String,
        /// Those that were handed in.
        known: Vec<String>,
    },
    /// An array.
    #[error(transparent)]
    Driver(#[from] crate::driver::Error),
    /// A service.
    #[error(transparent)]
    OpenStack(#[from] crate::openstack::Error),
    /// A site store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The planner.
    #[error(transparent)]
    Planning(#[from] PlanningError),
    /// A plan in a store is not what this release writes.
    #[error("failed to read the plan of operation {operation}")]
    PlanUnreadable {
        /// The operation.
        operation: OperationId,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// No site of that name.
    #[error("there is no site {name} in protector.yaml: it has {}", list(known))]
    SiteUnknown {
        /// The name.
        name: SiteName,
        /// Those there are.
        known: Vec<SiteName>,
    },
    /// A group is on an array that the configuration does not have at the site.
    #[error(
        "group {group} is on array {array}, which {site} does not have in protector.yaml: it has {}",
        list(known)
    )]
    ArrayUnknown {
        /// The array.
        array: String,
        /// The site.
        site: SiteName,
        /// The group.
        group: String,
        /// Those that the site has.
        known: Vec<ArrayName>,
    },
    /// An array did not answer in time.
    #[error("array {array} at {site} did not answer within {} s", waited.as_secs())]
    ArraySilent {
        /// The array.
        array: ArrayName,
        /// The site.
        site: SiteName,
        /// How long it was waited for.
        waited: Duration,
        /// What ended the wait.
        #[source]
        source: Stopped,
    },
    /// A site did not answer in time.
    #[error("{site} did not answer within {} s", waited.as_secs())]
    SiteSilent {
        /// The site.
        site: SiteName,
        /// How long it was waited for.
        waited: Duration,
        /// What ended the wait.
        #[source]
        source: Stopped,
    },
    /// No group of that name.
    #[error("there is no Protection Group {name}: {}", if known.is_empty() { "there is none at all".to_owned() } else { format!("there are {}", known.join(", ")) })]
    GroupUnknown {
        /// The name.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// A group of that name is there.
    #[error("there is a Protection Group {name} already, in status {status}")]
    GroupExists {
        /// The name.
        name: String,
        /// Its status.
        status: GroupStatus,
    },
    /// A group has another home than a document says.
    #[error(
        "group {group} has its home at {home}, the document says {wanted}: a home is fixed; correct the document, or unprotect the group first"
    )]
    HomeDiffers {
        /// The group.
        group: String,
        /// Its home.
        home: SiteName,
        /// What the document says.
        wanted: SiteName,
    },
    /// The group, as it is, does not allow the action.
    #[error("{action} of group {group} is not possible while it is {status} at {site}{}; possible are: {}", unreplicated(*replication), names(possible))]
    StatusForbids {
        /// What was wanted.
        action: Action,
        /// The group.
        group: String,
        /// Its status.
        status: GroupStatus,
        /// Whether its data reaches the other site.
        replication: ReplicationState,
        /// Where it runs.
        site: SiteName,
        /// What is possible.
        possible: Vec<Action>,
    },
    /// A site that the action needs cannot be asked.
    #[error("{action} of group {group} needs {site}, which cannot be asked; possible without it: {}", if possible.is_empty() { "nothing, for what the group holds is there only".to_owned() } else { names(possible) })]
    SiteNeeded {
        /// What was wanted.
        action: Action,
        /// The group.
        group: String,
        /// The site.
        site: SiteName,
        /// What is possible without it.
        possible: Vec<Action>,
        /// Why it cannot be asked.
        #[source]
        source: Box<Error>,
    },
    /// Another operation of the group has not ended.
    #[error("operation {operation} ({kind}) of group {group} is {status}: resume it first")]
    Unfinished {
        /// The group.
        group: String,
        /// The operation.
        operation: OperationId,
        /// What it is.
        kind: OperationType,
        /// Where it stands.
        status: OperationStatus,
    },
    /// The operation is refused.
    #[error("{operation} is refused: {} findings", findings.len())]
    Refused {
        /// The operation.
        operation: OperationType,
        /// Why.
        findings: Vec<Finding>,
        /// What else there is to know.
        warnings: Vec<Finding>,
    },
    /// What is wanted of a group's moves cannot be.
    #[error("the policy of group {group} is not changed: {}", reasons.join("; "))]
    PolicyRefused {
        /// The group.
        group: String,
        /// Why not: all of it.
        reasons: Vec<String>,
    },
    /// The world changed since the plan was made.
    #[error("the plan was made at epoch {planned} of group {group}, which is at epoch {now}")]
    PlanOutdated {
        /// The group.
        group: String,
        /// The plan's epoch.
        planned: u64,
        /// The group's.
        now: u64,
    },
    /// No operation of that id.
    #[error("there is no operation {0}")]
    OperationUnknown(OperationId),
    /// What was wanted of an operation is in its journal, which was removed.
    #[error(
        "the journal of operation {operation} of group {group} was removed at {at}: its summary is all that there is"
    )]
    JournalRemoved {
        /// The operation.
        operation: OperationId,
        /// Its group's name.
        group: String,
        /// When.
        at: Timestamp,
    },
    /// The operation has come to its end.
    #[error("operation {operation} is {status}: {wanted} comes too late")]
    OperationEnded {
        /// The operation.
        operation: OperationId,
        /// How it ended.
        status: OperationStatus,
        /// What was wanted.
        wanted: &'static str,
    },
    /// The operation can only go forward.
    #[error(
        "operation {operation} is past its point of no return and cannot be cancelled: it goes on, or waits"
    )]
    PastReturn {
        /// The operation.
        operation: OperationId,
    },
    /// The step is not one that can be skipped or tried again.
    #[error("step {step} of operation {operation} cannot be {wanted}: {why}")]
    StepNotIdle {
        /// The operation.
        operation: OperationId,
        /// The step.
        step: StepId,
        /// What was wanted: skipped, tried again.
        wanted: &'static str,
        /// Why not.
        why: String,
    },
    /// What a person wants could not be made durable.
    #[error("failed to journal what is wanted of operation {operation}")]
    NotJournaled {
        /// The operation.
        operation: OperationId,
        /// Why.
        #[source]
        source: crate::engine::LogError,
    },
    /// Nothing to resume.
    #[error("there is no unfinished operation")]
    NothingToResume,
    /// More than one operation could be resumed.
    #[error("more than one operation is unfinished: {}", list(.0))]
    SeveralToResume(Vec<OperationId>),
    /// Groups that are to be moved together wait for each other.
    #[error(transparent)]
    GroupsWait(crate::domain::GroupCycle),
    /// The task that moved the groups of a site is gone; their operations are not.
    #[error(
        "the task that moved the groups of {0} ended without an outcome: do it again, it goes on where it was"
    )]
    SiteTaskLost(SiteName),
    /// The task that ran the operation is gone.
    #[error("the task that ran operation {0} ended without an outcome")]
    TaskLost(OperationId),
}

fn list<T: ToString>(names: &[T]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Config(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Transport { .. }
            | Self::DriverUnknown { .. }
            | Self::SiteUnknown { .. }
            | Self::ArrayUnknown { .. } => Code::ConfigurationInvalid,
            Self::ArraySilent { .. } | Self::SiteSilent { .. } => Code::Unreachable,
            Self::Driver(error) => error.code(),
            Self::OpenStack(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Record(error) => error.code(),
            Self::Planning(error) => error.code(),
            Self::PlanUnreadable { .. } => Code::NeedsNewerRelease,
            Self::GroupUnknown { .. } => Code::GroupUnknown,
            Self::GroupExists { .. } | Self::HomeDiffers { .. } => Code::GroupExists,
            Self::StatusForbids { .. } => Code::StatusForbids,
            Self::SiteNeeded { source, .. } => source.code(),
            Self::Unfinished { .. } => Code::GroupBusy,
            Self::Refused { .. } | Self::PolicyRefused { .. } | Self::GroupsWait(_) => Code::OperationRefused,
            Self::PlanOutdated { .. } => Code::PlanOutdated,
            Self::OperationEnded { .. } | Self::PastReturn { .. } | Self::StepNotIdle { .. } => {
                Code::StatusForbids
            }
            Self::NotJournaled { source, .. } => source.code(),
            Self::JournalRemoved { .. } => Code::JournalRemoved,
            Self::OperationUnknown(_) | Self::NothingToResume | Self::SeveralToResume(_) => {
                Code::OperationUnknown
            }
            Self::TaskLost(_) | Self::SiteTaskLost(_) => Code::Internal,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Driver(error) => error.class(),
            Self::OpenStack(error) => error.class(),
            Self::SiteNeeded { source, .. } => source.class(),
            _ => self.code().class(),
        }
    }
}

fn unreplicated(replication: ReplicationState) -> &'static str {
    match replication {
        ReplicationState::Running => "",
        ReplicationState::Stopped => " and its data does not reach the other site",
    }
}

fn names(actions: &[Action]) -> String {
    actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ")
}
