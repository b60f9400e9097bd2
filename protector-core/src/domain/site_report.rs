//! Whether a site is fit to be half of a pair: what was seen of it, judged.
//!
//! What is read is a [`SiteObservation`]; [`SiteObservation::report`] judges it without IO. What could not be read is an
//! observation, too: a dead site has a report.

mod arrays;
mod cloud;
mod project;

use crate::id::{ArrayName, SiteName};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a check came out. The greater is the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It is as it should be.
    Ok,
    /// It works, or may work, and somebody should know.
    Warning,
    /// An operation would fail.
    Failed,
}

impl CheckStatus {
    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a check is about. Stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckKind {
    /// A service answers, in a version that is understood.
    Service,
    /// Its clock and ours agree.
    Clock,
    /// Project, user and roles.
    Credentials,
    /// The processes of Cinder and Nova.
    Processes,
    /// The backends of Cinder.
    Backends,
    /// An array answers and can do what is needed.
    Array,
    /// Two arrays replicate to each other.
    Pairing,
    /// What the project may use.
    Quota,
    /// The type of Cinder's groups.
    GroupType,
    /// The types of its volumes.
    VolumeTypes,
    /// What stands at one site for what is at the other.
    Mappings,
    /// Volumes that compute hosts may not be able to attach.
    ImportedVolumes,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What it is about.
    pub kind: CheckKind,
    /// How it came out.
    pub status: CheckStatus,
    /// What was looked at: `array array-a`.
    pub subject: String,
    /// What was seen.
    pub seen: String,
    /// What to do; nothing, if it is as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    /// It is as it should be.
    pub fn ok(kind: CheckKind, subject: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { kind, status: CheckStatus::Ok, subject: subject.into(), seen: seen.into(), remedy: None }
    }

    /// Somebody should know.
    pub fn warning(
        kind: CheckKind,
        subject: impl Into<String>,
        seen: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { kind, status: CheckStatus::Warning, subject: subject.into(), seen: seen.into(), remedy }
    }

    /// An operation would fail.
    pub fn failed(
        kind: CheckKind,
        subject: impl Into<String>,
        seen: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { status: CheckStatus::Failed, ..Self::warning(kind, subject, seen, remedy) }
    }

    /// What the role may not see is said and not guessed.
    fn unseen(kind: CheckKind, subject: impl Into<String>, unseen: &Unseen) -> Self {
        match unseen {
            Unseen::Forbidden => Self::warning(
                kind,
                subject,
                "the credential's roles may not see it",
                "have an administrator look, or give the service credential the role admin",
            ),
            Unseen::Failed(reason) => Self::failed(kind, subject, reason, "see the checks of the services"),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.status, self.subject, self.seen)?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(formatter, "; {remedy}"))
    }
}

/// What was found out about a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteReport {
    /// The site.
    pub site: SiteName,
    /// The site that it is paired with.
    pub other_site: SiteName,
    /// When it was looked at.
    pub checked_at: Timestamp,
    /// The worst of the checks.
    pub status: CheckStatus,
    /// All that was looked at.
    pub checks: Vec<Check>,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// The credential's roles do not show it.
    Forbidden,
    /// It could not be read.
    Failed(String),
}

/// What was read, or why not.
pub type Seen<T> = Result<T, Unseen>;

/// What was seen of a site, and of the other one as far as the two have to fit.
#[derive(Debug, Clone)]
pub struct SiteObservation {
    /// The site.
    pub site: SiteName,
    /// The site that it is paired with.
    pub other_site: SiteName,
    /// When it was looked at.
    pub looked_at: Timestamp,
    /// Each service.
    pub services: Vec<ServiceSeen>,
    /// Who protector is there.
    pub credential: Seen<CredentialSeen>,
    /// The processes of Cinder.
    pub volume_processes: Seen<Vec<ProcessSeen>>,
    /// The processes of Nova.
    pub compute_processes: Seen<Vec<ProcessSeen>>,
    /// The backends of Cinder.
    pub backends: Seen<Vec<BackendSeen>>,
    /// The site's arrays.
    pub arrays: Vec<ArraySeen>,
    /// The other site's arrays.
    pub other_arrays: Vec<ArraySeen>,
    /// What the project may use.
    pub quotas: Vec<(&'static str, Seen<Vec<QuotaSeen>>)>,
    /// The group types.
    pub group_types: Seen<Vec<GroupTypeSeen>>,
    /// The group type that the configuration names.
    pub wanted_group_type: Option<String>,
    /// The project's volumes that Cinder took over from the backend.
    pub imported: Seen<Vec<ImportedVolume>>,
}

/// A service that was asked.
#[derive(Debug, Clone)]
pub struct ServiceSeen {
    /// Its name: `compute`.
    pub service: String,
    /// The API version whose shapes protector knows, if the service has versions to choose from.
    pub needed: Option<ApiVersion>,
    /// What it answered.
    pub answer: Seen<ServiceAnswer>,
}

/// A version of an API: major and minor.
pub type ApiVersion = (u16, u16);

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAnswer {
    /// The oldest and newest version on offer, if it has versions to choose from.
    pub versions: Option<(ApiVersion, ApiVersion)>,
    /// How far its clock is ahead of ours, if it told its time.
    pub ahead: Option<SignedDuration>,
}

/// Who protector is at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSeen {
    /// The project's id.
    pub project: String,
    /// The project's name, if it could be read.
    pub project_name: Option<String>,
    /// The user's id.
    pub user: String,
    /// The roles in the project.
    pub roles: Vec<String>,
}

impl CredentialSeen {
    fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|has| has == role)
    }
}

/// A process of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessSeen {
    /// `cinder-volume`.
    pub binary: String,
    /// Its host.
    pub host: String,
    /// Whether it was heard of lately.
    pub up: bool,
    /// Whether it is given work.
    pub enabled: bool,
    /// What else is wrong with it.
    pub trouble: Option<String>,
}

/// A backend of Cinder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendSeen {
    /// `host@backend#pool`.
    pub name: String,
    /// Whether it answers; `None` if it does not say.
    pub up: Option<bool>,
    /// Whether it replicates.
    pub replicates: bool,
    /// What it says it replicates to.
    pub targets: Vec<String>,
    /// Whether it takes snapshots of a group at one moment.
    pub consistent: bool,
}

/// An array that was asked.
#[derive(Debug, Clone)]
pub struct ArraySeen {
    /// Its name in the configuration.
    pub name: ArrayName,
    /// What its driver lacks, in words.
    pub lacking: Vec<&'static str>,
    /// What it answered.
    pub answer: Seen<ArrayAnswer>,
}

/// What an array answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayAnswer {
    /// Its own name.
    pub name: ArrayName,
    /// The version of its software.
    pub version: String,
    /// The arrays that it knows, and whether it is connected to them now.
    pub peers: Vec<(ArrayName, bool)>,
}

/// What may be used of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaSeen {
    /// `volumes`.
    pub kind: &'static str,
    /// How much is allowed; `None` is without limit.
    pub limit: Option<u64>,
    /// How much is used, or about to be.
    pub used: u64,
    /// How much more the groups need that may come here.
    pub needed: u64,
}

/// A type of Cinder's groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTypeSeen {
    /// Its name.
    pub name: String,
    /// Whether its groups are snapshotted at one moment and replicated; `None` if the role may not see it.
    pub replicated: Option<bool>,
}

/// A volume without the mark of the process that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedVolume {
    /// Its name or id.
    pub name: String,
    /// Whether attaching it fails on every compute host; otherwise on those with a lacking or old `iscsiadm`.
    pub everywhere: bool,
}

impl SiteObservation {
    /// Judges what was seen.
    pub fn report(&self) -> SiteReport {
        let checks: Vec<Check> = [
            self.check_services(),
            self.check_credential(),
            self.check_processes(),
            self.check_backends(),
            self.check_arrays(),
            self.check_pairing(),
            self.check_quotas(),
            self.check_group_types(),
            self.check_imported_volumes(),
        ]
        .concat();
        self.report_of(checks)
    }

    fn report_of(&self, checks: Vec<Check>) -> SiteReport {
        SiteReport {
            site: self.site.clone(),
            other_site: self.other_site.clone(),
            checked_at: self.looked_at,
            status: worst(&checks),
            checks,
        }
    }
}

impl SiteReport {
    /// The report with another check.
    pub fn add(&mut self, check: Check) {
        self.status = self.status.max(check.status);
        self.checks.push(check);
    }
}

fn worst(checks: &[Check]) -> CheckStatus {
    checks.iter().map(|check| check.status).max().unwrap_or(CheckStatus::Ok)
}

#[cfg(test)]
mod tests;
