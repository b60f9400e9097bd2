use super::{ConfirmArguments, RunArguments};
use clap::{Args, Subcommand};
use protector_core::operations::{PolicyChange, ProtectRequest};
use protector_core::protector::{MembersRequest, MoveRequest, Request, SetRequest, TestRequest};
use std::path::PathBuf;
use std::time::Duration;

/// What can be done with groups.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum GroupCommand {
    /// All groups
    List,
    /// One group
    Show {
        /// The group
        group: String,
    },
    /// What has become of a group's VMs since they were captured: exit code 6 if anything has
    Drift {
        /// The group
        group: String,
    },
    /// Writes a group as a YAML document, from which `apply` makes the same
    Export {
        /// The group
        group: String,
        /// The file; standard output without it
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Makes a group what a YAML document says: each change is an operation, one after the other
    Apply {
        /// The document; `-` is standard input
        file: PathBuf,
        #[command(flatten)]
        run: ConfirmArguments,
    },
    /// What changes a group is an operation.
    #[command(flatten)]
    Change(ChangeCommand<RunArguments>),
}

/// An operation that is wanted; `Run` is how it is to be run.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum ChangeCommand<Run: Args> {
    /// Protects VMs as one group: twins of their volumes at the other site, and a first recovery point there
    #[command(visible_alias = "protect")]
    Create(Change<CreateArguments, Run>),
    /// Ends the protection; the VMs stay where they run, and what protector made at the other site goes
    #[command(visible_alias = "unprotect")]
    Delete(Change<DeleteArguments, Run>),
    /// Moves a group away from its home
    Failover(Change<MoveArguments, Run>),
    /// Moves a group back to its home
    Failback(Change<MoveArguments, Run>),
    /// Runs copies of a group's VMs at the other site, in networks of their own; production gets no request
    #[command(alias = "test_failover")]
    TestFailover(Change<TestArguments, Run>),
    /// Ends a group's test: all that it made goes
    #[command(alias = "test_cleanup")]
    TestCleanup(Change<GroupArgument, Run>),
    /// Replicates a group now, and captures its VMs' definitions again
    Sync(Change<GroupArgument, Run>),
    /// Makes a group's data reach the other site again, after an unplanned move
    Reprotect(Change<GroupArgument, Run>),
    /// Lets go of the safety copies of a group's moves: they cannot be taken back any more
    Commit(Change<GroupArgument, Run>),
    /// Gives a group another replication policy
    Set(Change<SetArguments, Run>),
    /// Takes more VMs into a group
    #[command(alias = "add_member")]
    AddMember(Change<MembersArguments, Run>),
    /// Takes VMs out of a group; they stay where they run
    #[command(alias = "remove_member")]
    RemoveMember(Change<MembersArguments, Run>),
    /// Takes a group's last planned move back
    Undo(Change<GroupArgument, Run>),
}

/// What is wanted, and how it is to be run.
#[derive(Debug, Args)]
pub struct Change<Wanted: Args, Run: Args> {
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    run: Run,
}

/// Not at all: it is planned only.
#[derive(Debug, Args)]
pub struct NotRun {}

/// A group.
#[derive(Debug, Args)]
pub struct GroupArgument {
    /// The group
    group: String,
}

/// A group whose protection ends.
#[derive(Debug, Args)]
pub struct DeleteArguments {
    /// The group
    group: String,
    /// Leaves this site behind as it is, because it does not answer; what stays there is named
    #[arg(long, value_name = "SITE")]
    without_site: Option<String>,
}

/// A new group.
#[derive(Debug, Args)]
pub struct CreateArguments {
    /// The group's name
    group: String,
    /// The site where the VMs run: the group's home
    #[arg(long, value_name = "SITE")]
    primary_site: String,
    /// The other site
    #[arg(long, value_name = "SITE")]
    secondary_site: String,
    /// A VM, by name or id; may be given more than once
    #[arg(long = "member", value_name = "VM", required = true)]
    members: Vec<String>,
}

/// Another policy.
#[derive(Debug, Args)]
pub struct SetArguments {
    /// The group
    group: String,
    /// Seconds between scheduled recovery points
    #[arg(long, value_name = "SECONDS")]
    replication_interval: Option<u64>,
    /// Seconds for which the other site keeps recovery points
    #[arg(long, value_name = "SECONDS")]
    retention: Option<u64>,
    /// Minutes that may be lost at the most: what `rpo check` judges by
    #[arg(long, value_name = "MINUTES")]
    rpo_minutes: Option<u32>,
}

/// VMs of a group.
#[derive(Debug, Args)]
pub struct MembersArguments {
    /// The group
    group: String,
    /// A VM, by name or id; may be given more than once
    #[arg(long = "member", value_name = "VM", required = true)]
    members: Vec<String>,
}

/// A move.
#[derive(Debug, Args)]
pub struct MoveArguments {
    /// The group
    group: String,
    /// Without the site where the group runs, from a recovery point: what was written since is lost
    #[arg(long)]
    unplanned: bool,
    /// The recovery point to go on from; the newest eligible one without it
    #[arg(long, value_name = "NAME", requires = "unplanned")]
    recovery_point: Option<String>,
    /// Accepts the loss that the plan states
    #[arg(long, requires = "unplanned")]
    accept_loss: bool,
    /// Leaves a VM out, its volumes move with the others; may be given more than once
    #[arg(long, value_name = "VM")]
    without: Vec<String>,
}

/// A test.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// The group
    group: String,
    /// The recovery point to run on; the newest eligible one without it
    #[arg(long, value_name = "NAME")]
    recovery_point: Option<String>,
    /// Seconds after which `tick` ends the test; as protector.yaml has it without
    #[arg(long, value_name = "SECONDS")]
    time_to_live: Option<u64>,
    /// A new floating IP for each copy of what has one, where a network for tests leads outside
    #[arg(long)]
    floating_ips: bool,
}

impl CreateArguments {
    fn request(&self) -> Request {
        Request::Protect(ProtectRequest {
            name: self.group.clone(),
            source: self.primary_site.as_str().into(),
            target: self.secondary_site.as_str().into(),
            servers: self.members.clone(),
        })
    }
}

impl DeleteArguments {
    fn request(&self) -> Request {
        let without_site = self.without_site.as_deref().map(Into::into);
        Request::Unprotect { group: self.group.clone(), without_site }
    }
}

impl MoveArguments {
    fn request(&self) -> MoveRequest {
        let request = if self.unplanned {
            MoveRequest::unplanned(&self.group, self.accept_loss)
        } else {
            MoveRequest::planned(&self.group)
        };
        let request = request.without(self.without.iter().cloned());
        match &self.recovery_point {
            Some(point) => request.from_point(point),
            None => request,
        }
    }
}

impl SetArguments {
    fn request(&self) -> SetRequest {
        let mut change = PolicyChange::default();
        change.replication_interval = self.replication_interval.map(Duration::from_secs);
        change.retention = self.retention.map(Duration::from_secs);
        change.rpo_minutes = self.rpo_minutes;
        SetRequest::new(&self.group, change)
    }
}

impl MembersArguments {
    fn request(&self) -> MembersRequest {
        MembersRequest::new(&self.group, self.members.iter().cloned())
    }
}

impl TestArguments {
    fn request(&self) -> Request {
        let mut request = TestRequest::new(&self.group);
        if let Some(point) = &self.recovery_point {
            request = request.from_point(point);
        }
        if let Some(seconds) = self.time_to_live {
            request = request.ending_after(Duration::from_secs(seconds));
        }
        if self.floating_ips {
            request = request.with_floating_ips();
        }
        Request::TestFailover(request)
    }
}

impl GroupArgument {
    fn name(&self) -> String {
        self.group.clone()
    }
}

impl<Run: Args> ChangeCommand<Run> {
    pub(crate) fn request(&self) -> Request {
        match self {
            Self::Create(change) => change.wanted.request(),
            Self::Delete(change) => change.wanted.request(),
            Self::Failover(change) => Request::Failover(change.wanted.request()),
            Self::Failback(change) => Request::Failback(change.wanted.request()),
            Self::TestFailover(change) => change.wanted.request(),
            Self::TestCleanup(change) => Request::TestCleanup { group: change.wanted.name() },
            Self::Sync(change) => Request::Sync { group: change.wanted.name() },
            Self::Reprotect(change) => Request::Reprotect { group: change.wanted.name() },
            Self::Commit(change) => Request::Commit { group: change.wanted.name() },
            Self::Undo(change) => Request::Undo { group: change.wanted.name() },
            Self::Set(change) => Request::Set(change.wanted.request()),
            Self::AddMember(change) => Request::AddMember(change.wanted.request()),
            Self::RemoveMember(change) => Request::RemoveMember(change.wanted.request()),
        }
    }

    pub(crate) fn run(&self) -> &Run {
        match self {
            Self::Create(change) => &change.run,
            Self::Failover(change) | Self::Failback(change) => &change.run,
            Self::TestFailover(change) => &change.run,
            Self::Set(change) => &change.run,
            Self::AddMember(change) | Self::RemoveMember(change) => &change.run,
            Self::Delete(change) => &change.run,
            Self::TestCleanup(change)
            | Self::Sync(change)
            | Self::Reprotect(change)
            | Self::Commit(change)
            | Self::Undo(change) => &change.run,
        }
    }
}
