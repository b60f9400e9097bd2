"""What the package answers, as types. The documents are those of the command's ``--output json``: dicts, lists, text, numbers.

Sizes are bytes, times are seconds, and moments are UTC, as text in RFC 3339. The fields of a class whose name ends in ``Extras`` are
there only where they mean something.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

SiteName = str
"""A site's name, as ``protector.yaml`` has it: many documents have a field for each site."""

GroupStatus = Literal[
    "creating",
    "active",
    "failing_over",
    "failed_over",
    "failed_over_partial",
    "failing_back",
    "updating",
    "testing",
    "test_active",
    "cleaning",
    "syncing",
    "deleting",
    "error",
]
"""How a group is."""

OperationType = Literal[
    "protect",
    "unprotect",
    "set",
    "add_member",
    "remove_member",
    "failover",
    "failback",
    "test_failover",
    "test_cleanup",
    "sync",
    "reprotect",
    "commit",
    "undo",
    "prune",
]
"""What an operation does."""

OperationStatus = Literal[
    "pending", "running", "waiting", "paused", "completed", "failed", "rolling_back", "rolled_back", "cancelled"
]
"""How an operation is."""


class FindingExtras(TypedDict, total=False):
    """What a finding may have besides."""
    site: SiteName
    """Where; left out if both sites are meant."""


class Finding(FindingExtras):
    """What refuses an operation, or what there is to know before it."""
    code: str
    subject: str
    """What it is about: ``volume web-1-data``."""
    message: str
    remedy: str


_Loss = TypedDict("_Loss", {"from": str})


class Loss(_Loss):
    """What an unplanned move lost."""
    point: str
    """The recovery point that it went on from."""
    until: str
    last_contact: str | None
    bytes: int | None


_LossForecast = TypedDict("_LossForecast", {"from": str})


class LossForecast(_LossForecast):
    """What an unplanned move would lose."""
    point: str
    last_contact: str | None
    until: str


class ReplicationForecastExtras(TypedDict, total=False):
    """What a forecast may have besides."""
    since: str
    bytes: int
    seconds: int


class ReplicationForecast(ReplicationForecastExtras):
    """What a planned move would replicate while its VMs are stopped."""
    basis: Literal["delta", "full"]
    at_most_bytes: int


class StorageGroupReference(TypedDict):
    """A group on an array."""
    array: str
    name: str


class SiteVolume(TypedDict):
    """A volume at one site."""
    volume_id: str
    """Cinder's."""
    array: str
    array_volume_id: str
    serial: str
    array_volume_name: str


class VolumeLineage(TypedDict):
    """One volume through all moves."""
    lineage: str
    name: str
    sites: dict[SiteName, SiteVolume]


class SiteMember(TypedDict):
    """A member at one site."""
    server_id: str | None
    ports: list[str]


class Absence(TypedDict):
    """Why a member has no server where the group runs."""
    reason: str
    left: bool
    """Whether it was left out on purpose."""


class Member(TypedDict):
    """One VM of a group."""
    name: str
    lineage: str
    order: int
    sites: dict[SiteName, SiteMember]
    volumes: list[VolumeLineage]
    absent: Absence | None


class SafetySnapshot(TypedDict):
    """What a volume group held before it was overwritten."""
    site: SiteName
    array: str
    group: str
    name: str


_UncommittedMove = TypedDict("_UncommittedMove", {"from": SiteName})


class UncommittedMove(_UncommittedMove):
    """A move that can still be taken back, or whose safety copies are still there."""
    operation: str
    operation_type: OperationType
    undoable: bool
    safety_snapshots: list[SafetySnapshot]


class RunningTestExtras(TypedDict, total=False):
    """What a test may have besides."""
    floating_ips: bool
    """That its copies have new floating IPs."""


class RunningTest(RunningTestExtras):
    """A test of a group."""
    operation: str
    site: SiteName
    point: str
    started_at: str
    ends_at: str | None


class Order(TypedDict, total=False):
    """In which order a group's VMs are moved."""
    tiers: list[list[str]]
    after: dict[str, list[str]]


class Stop(TypedDict):
    """How long VMs have to stop, and what becomes of the move otherwise."""
    within: int
    """Seconds."""
    otherwise: Literal["wait", "roll_back"]


class Policy(TypedDict, total=False):
    """What is wanted of a group's moves."""
    priority: int
    after_groups: list[str]
    order: Order
    stop: Stop
    boot_checks: list[dict[str, Any]]
    hooks: list[dict[str, Any]]


class GroupExtras(TypedDict, total=False):
    """What a group may have besides."""
    policy: Policy


class Group(GroupExtras):
    """A Protection Group."""
    id: str
    name: str
    status: GroupStatus
    replication_type: Literal["async"]
    primary_site: SiteName
    """Its home."""
    secondary_site: SiteName
    current_primary_site: SiteName
    """Where it runs."""
    epoch: int
    failover_count: int
    last_failover_at: str | None
    created_at: str | None
    projects: dict[SiteName, str]
    consistency_group_id: str | None
    consistency_groups: dict[SiteName, str]
    storage_groups: dict[SiteName, StorageGroupReference]
    replication_interval: int
    """Seconds."""
    retention: int
    """Seconds."""
    rpo_minutes: int
    members: list[Member]
    replication: Literal["running", "stopped"]
    uncommitted: UncommittedMove | None
    last_loss: Loss | None
    test: RunningTest | None
    possible: list[str]
    """What can be done with it now."""


class Holder(TypedDict):
    """Who is at work."""
    host: str
    process: int
    program: str
    user: str


class OperationExtras(TypedDict, total=False):
    """What only some operations have."""
    journal_removed_at: str
    """When its journal was removed, if it was: then this is all that there is, without its steps."""


class Operation(OperationExtras):
    """An operation."""
    id: str
    operation_type: OperationType
    status: OperationStatus
    progress: int
    """0 to 100."""
    source_site: SiteName
    target_site: SiteName
    started_at: str | None
    completed_at: str | None
    steps_completed: list[str]
    steps_failed: list[str]
    steps_skipped: list[str]
    steps_not_undone: list[str]
    error_message: str | None
    group: str
    """The group's id."""
    group_name: str
    started_by: Holder


class Remnant(TypedDict):
    """What a test made, and whether it is still there."""
    site: SiteName
    kind: str
    id: str
    name: str
    state: str


class OutcomeExtras(TypedDict, total=False):
    """What an outcome has besides, unless the operation was only watched."""
    group: Group
    warnings: list[Finding]
    remains: list[Remnant]


class Outcome(OutcomeExtras):
    """What the run of an operation came to."""
    operation: Operation
    exit_code: int
    """What the command ends with: 0 done, 6 a person has to act."""


class OutcomeOfUnprotect(TypedDict):
    """What the end of a protection came to."""
    operation: Operation
    exit_code: int
    group: None
    warnings: list[Finding]
    remains: list[Remnant]


class EventExtras(TypedDict, total=False):
    """What an event may have besides, by its kind."""
    term: int
    holder: str
    step: str
    output: Any
    trouble: dict[str, Any]
    reason: str
    by: str
    status: OperationStatus
    error_message: str


class Event(EventExtras):
    """What was journaled of an operation."""
    event: str
    """Its kind: ``step_done``, for one."""


class Progress(TypedDict):
    """Something that happened in an operation."""
    operation: str
    """Its id."""
    status: OperationStatus
    progress: int
    """0 to 100."""
    event: Event


class Step(TypedDict):
    """A step of a plan."""
    id: str
    kind: str
    site: SiteName | None
    title: str
    after: list[str]
    calls: list[str]
    revert: str | None
    """How it is undone."""
    optional: bool


class RollBackBefore(TypedDict):
    """A failure before a step is rolled back, and after it the operation only goes forward."""
    roll_back_before: str
    """The step."""


class Plan(TypedDict):
    """Every step of an operation, frozen."""
    hash: str
    operation_type: OperationType
    group_name: str
    source_site: SiteName
    target_site: SiteName
    recovery: Literal["roll_back", "forward_only"] | RollBackBefore
    """What becomes of it when a step fails."""
    steps: list[Step]


class PlannedDocument(TypedDict):
    """What planning came to."""
    plan: Plan | None
    findings: list[Finding]
    warnings: list[Finding]
    loss: LossForecast | None
    replication: ReplicationForecast | None


class ChangeExtras(TypedDict, total=False):
    """The arguments of a change, by its operation."""
    primary_site: SiteName
    secondary_site: SiteName
    members: list[str]
    replication_interval: int
    retention: int
    rpo_minutes: int
    without_site: SiteName


class Change(ChangeExtras):
    """What is to be done so that a group is as its document says: ``p.plan(**change)`` plans it."""
    operation: str
    group: str


class PlannedChange(TypedDict):
    """An operation that a document asks for."""
    operation_type: str
    needs_confirmation: bool
    """Whether it stops VMs or cannot be taken back: it is begun with the group's name only."""
    answer: PlannedDocument | None
    """What planning came to; none of those after the first, which are planned when it is done."""


class PlanOfChanges(TypedDict):
    """What makes a group what a document says, in order."""
    group: str
    changes: list[PlannedChange]


class ArrayExtras(TypedDict, total=False):
    """What is told of an array that does not answer."""
    trouble: str


class Array(ArrayExtras):
    """An array of a site."""
    name: str
    driver: str
    url: str
    reachable: bool


class SiteExtras(TypedDict, total=False):
    """What is told of a site that does not answer."""
    trouble: str


class Site(SiteExtras):
    """One site."""
    name: SiteName
    other_site: SiteName
    cloud: str
    region: str | None
    arrays: list[Array]
    reachable: bool
    primary_of: list[str]
    """Groups that run there."""
    secondary_of: list[str]


class CheckExtras(TypedDict, total=False):
    """What is told of a check that is not passed."""
    remedy: str


class Check(CheckExtras):
    """Something that a site has to be."""
    kind: str
    status: Literal["ok", "warning", "failed"]
    subject: str
    seen: str


class SiteValidation(TypedDict):
    """Whether a site is fit to be half of the pair."""
    site: SiteName
    other_site: SiteName
    checked_at: str
    status: Literal["ok", "warning", "failed"]
    checks: list[Check]


class Pairing(TypedDict):
    """What stands for a volume type at the other site."""
    state: Literal["paired", "proposed", "ambiguous", "unfit", "missing", "unknown"]
    name: str | None
    by: Literal["mapping", "name", "properties"] | None
    candidates: list[str]
    differences: list[str]
    said: str
    remedy: str | None


class VolumeType(TypedDict):
    """Whether volumes of a type can be protected."""
    name: str
    verdict: Literal["eligible", "unknown", "not_eligible"]
    reasons: list[str]
    unseen: list[str]
    replication_type: str | None
    backend: str | None
    arrays: list[str]
    pairing: Pairing | None


_Mapping = TypedDict("_Mapping", {"from": SiteName})


class Mapping(_Mapping):
    """What stands for something at the other site."""
    kind: str
    name: str
    to: SiteName
    mapped: str
    explicit: bool
    needed_by: list[str]
    problems: list[str]


class Eligibility(TypedDict):
    """Whether a group can go on from a recovery point."""
    complete: bool
    all_members: bool
    current_primary: bool
    current_epoch: bool
    reason: str | None


class Point(TypedDict):
    """A recovery point, as the array has it that would use it."""
    origin: StorageGroupReference
    name: str
    created: str
    completed: str | None
    progress: float
    """0 to 1."""
    bytes_transferred: int | None
    members: dict[str, int]
    """Bytes by volume."""


class RecoveryPoint(Point):
    """A recovery point of a group."""
    size: int | None
    """Bytes."""
    eligibility: Eligibility
    eligible: bool


class Transfer(TypedDict):
    """A recovery point that is under way."""
    name: str
    created: str
    progress: float
    """0 to 1."""
    bytes_transferred: int | None


class Rpo(TypedDict):
    """Whether a recovery point objective is met."""
    group: str
    """The group's id."""
    group_name: str
    current_primary_site: SiteName
    status: Literal["met", "unknown", "missed"]
    reason: str
    objective: int
    """Seconds."""
    age: int | None
    """Seconds."""
    newest: Point | None
    in_transfer: list[Transfer]
    schedule: Literal["on", "off", "unknown"]
    schedule_as_recorded: bool | None
    findings: list[Finding]


class SnapshotPlace(TypedDict):
    """Where a snapshot is."""
    array: str
    group: str


class Leftover(TypedDict):
    """What is left over."""
    site: SiteName
    kind: str
    id: str
    name: str
    group: str | None
    test: str | None
    place: SnapshotPlace | None
    bytes: int | None
    since: str | None
    quota: dict[str, int]
    reason: str


class Unread(TypedDict):
    """What could not be looked at."""
    site: SiteName
    subject: str
    reason: str


class HeldExtras(TypedDict, total=False):
    """What only snapshots on arrays have."""
    place: SnapshotPlace


class Held(HeldExtras):
    """What a group has in use where it does not run."""
    site: SiteName
    kind: str
    id: str
    name: str
    group: str
    group_name: str
    bytes: int | None
    since: str | None
    quota: dict[str, int]
    reason: str
    released_by: list[str]
    """The operations that let go of it."""


class Journals(TypedDict):
    """The journals of a group's operations."""
    group: str
    group_name: str
    operations: int
    unfinished: int
    summaries: int
    """Operations of which only a summary is left."""
    bytes: int
    oldest: str | None
    newest: str | None


class Housekeeping(TypedDict):
    """What is left over at both sites, what is in use, and the journals."""
    at: str
    leftovers: list[Leftover]
    held: list[Held]
    journals: list[Journals]
    unread: list[Unread]


class Kept(TypedDict):
    """What was not removed."""
    leftover: Leftover
    reason: str


class KeptJournal(TypedDict):
    """A journal that was not removed."""
    operation: str
    group_name: str
    needed: bool
    """Whether something still needs it; else it could not be removed."""
    reason: str


class PrunedJournals(TypedDict):
    """What became of the journals of operations that ended long ago."""
    removed: list[Operation]
    bytes: int
    kept: list[KeptJournal]


class Pruned(TypedDict):
    """What became of what was left over."""
    journals: PrunedJournals | None
    """Nothing if no journals were to be removed."""
    operations: list[Operation]
    kept: list[Kept]
    remains: list[Leftover]
    unread: list[Unread]


class Remark(TypedDict):
    """Something that went wrong on the way."""
    at: str
    text: str


class StepReport(TypedDict):
    """What became of a step."""
    id: str
    kind: str
    site: SiteName | None
    title: str
    status: str
    started_at: str | None
    completed_at: str | None
    seconds: float | None
    optional: bool
    critical: bool
    """Whether the operation took as long as it did because of it."""
    remarks: list[Remark]
    past_point_of_no_return: bool


class Report(TypedDict):
    """What an operation did."""
    operation: Operation
    plan_hash: str
    seconds: float
    critical_path: list[str]
    warnings: list[Finding]
    loss: Loss | None
    steps: list[StepReport]
    remarks: list[Remark]


class RecoveryTime(TypedDict):
    """How long a server took."""
    server: str
    seconds: float | None


class DrillFloatingIp(TypedDict):
    """A floating IP that was made for a VM's copy."""
    server: str
    address: str
    """Outside."""


class DrillStep(TypedDict):
    """A step on the time line of a drill."""
    id: str
    title: str
    site: SiteName | None
    begun: float
    """Seconds since the first effect."""
    ended: float | None
    done: bool


class DrillExtras(TypedDict, total=False):
    """What a drill may have besides."""
    floating_ips: list[DrillFloatingIp]
    """Those of a test that was to have some."""


class Drill(DrillExtras):
    """What a test or a move says of the time that a disaster would take."""
    operation: str
    operation_type: OperationType
    status: OperationStatus
    group_name: str
    first_effect_at: str | None
    point: str | None
    point_age: float | None
    recovery_time: float | None
    recovery_times: list[RecoveryTime]
    steps: list[DrillStep]


class DueExtras(TypedDict, total=False):
    """What came of what was due, by its kind."""
    operation: str
    status: OperationStatus
    remains: list[Remnant]
    reason: str
    servers: int


class Due(DueExtras):
    """What was due and done."""
    group: str
    due: Literal["test_ended", "test_not_ended", "captured", "not_captured"]


class MadeObject(TypedDict):
    """What protector made."""
    site: SiteName
    kind: str
    id: str
    name: str
    operation_id: str


class Status(TypedDict):
    """All that the stores know."""
    groups: list[dict[str, Any]]
    """As they are stored."""
    operations: list[Operation]
    objects: list[MadeObject]


class Reason(TypedDict):
    """Why something is not so."""
    code: str
    message: str
    hint: str


class TakenUp(TypedDict):
    """An operation that is taken up."""
    operation: str


class TaskOfGroup(TypedDict):
    """What is to be done of a group when its site is left."""
    group: str
    after: list[str]
    """The groups that it waits for."""
    task: Literal["done", "move", "resume", "refused", "failed"]
    what: PlannedDocument | TakenUp | Reason | None


class PlanOfSite(TypedDict):
    """What is to be done of each group when a site is left."""
    site: SiteName
    groups: list[TaskOfGroup]


class Went(TypedDict):
    """Something that happened in the operation of a group of a site that is being left."""
    status: OperationStatus
    progress: int
    """0 to 100."""
    event: Event


class ProgressOfSite(TypedDict):
    """Something that happened to a group of a site that is being left."""
    group: str
    operation: str | None
    happened: Literal["begun", "went", "ended"]
    what: Went | Result | None
    """Nothing if it has begun, what happened in its operation, or what became of the group in the end."""


class ResultExtras(TypedDict, total=False):
    """What is told of a group, by what became of it."""
    remark: str | None
    reason: str
    status: OperationStatus
    findings: list[Finding]
    code: str
    message: str
    hint: str


class Result(ResultExtras):
    """What became of a group when its site was left."""
    group: str
    operation: str | None
    outcome: Literal["was_done", "moved", "partial", "not_moved", "refused", "failed", "not_begun"]


class OutcomeOfSite(TypedDict):
    """What became of all groups of a site that was left."""
    site: SiteName
    groups: list[Result]
    exit_code: int
    """What the command ends with."""
