"""Storage drivers: what protector wants of an array, and how it is written in Python.

One :class:`StorageDriver` speaks for one array. Its language is replication: a *storage group* is the array's side of a Cinder
consistency group, a *recovery point* is a snapshot of all its volumes at one moment, complete on the array that will use it, and to
*materialize* a point is to make a site's own volume hold its content. The numbered clauses of the contract are in the
documentation of ``protector_core::driver``; :func:`protector.testing.conformance` tries each.

No verb waits: protector names the thing, the verb starts it, a reading verb reports. Every verb that crosses arrays is two halves,
each sent to one array and callable while the other is dead. A verb may be called from several threads at a time, and again when
its answer was lost: twice is as good as once.

A driver is handed to :func:`protector.open` under the name that ``protector.yaml`` uses::

    protector.open(config, drivers={"mine": MyDriver})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict

from . import _native
from ._native import ArraySettings, Context

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "ArrayDescription",
    "ArraySettings",
    "ArrayVolume",
    "Capability",
    "Configuration",
    "Content",
    "Context",
    "Delegate",
    "DriverError",
    "EpochMark",
    "GroupOrigin",
    "NotFound",
    "Peer",
    "PointMember",
    "RecoveryPoint",
    "Refused",
    "ReplicationSettings",
    "ReplicationTarget",
    "SourcePoint",
    "StorageDriver",
    "StorageGroup",
    "Unauthenticated",
    "Unreachable",
    "Unsupported",
]

Capability = Literal["asynchronous", "overwrite", "marks", "holds"]
"""What a driver can do; planners ask before they plan.

``asynchronous``: snapshots are replicated on a schedule and on demand. ``overwrite``: a volume's content can be overwritten from
a replicated snapshot. ``marks``: marks can be kept with a volume. ``holds``: a point's content can be kept from the array's own
retention.
"""


class Peer(TypedDict):
    """An array that another replicates to."""

    name: str
    connected: bool
    """Whether the connection works now."""


class ArrayDescription(TypedDict):
    """An array as it describes itself."""

    name: str
    id: str
    version: str
    """Of its software."""
    peers: list[Peer]
    """The arrays that it replicates to."""


class ArrayVolume(TypedDict):
    """A volume on an array."""

    id: str
    """Its identity, which stays when its content is overwritten."""
    name: str
    """Its name now."""
    serial: str
    """Its serial number, which hosts see."""
    size: int
    """Bytes."""


class ReplicationTarget(TypedDict):
    """Where a group replicates to."""

    array: str
    allowed: bool
    """Whether that array allows it."""


class ReplicationSettings(TypedDict):
    """How a group replicates."""

    enabled: bool
    """Whether the schedule is on."""
    interval: float
    """Seconds between two scheduled points."""
    retention: float | None
    """Seconds for which the target keeps scheduled points; None leaves it as it is."""


class StorageGroup(TypedDict):
    """The array's side of a Cinder consistency group."""

    name: str
    """On its own array."""
    members: list[ArrayVolume]
    targets: list[ReplicationTarget]
    settings: ReplicationSettings


class GroupOrigin(TypedDict):
    """A group as its replication target sees it."""

    array: str
    """The array that it replicates from."""
    group: str
    """Its name there."""


class PointMember(TypedDict):
    """A volume in a recovery point."""

    name: str
    """The volume's name on the source array when the point was made: what ``materialize`` is given."""
    size: int
    """Bytes."""


class RecoveryPoint(TypedDict):
    """All volumes of a group at one moment. Moments are RFC 3339 with an offset, as ``datetime.isoformat`` of an aware one."""

    name: str
    """Within the group: the suffix."""
    created: str
    """The moment, by the source array's clock."""
    completed: str | None
    """When it had wholly arrived here; None while it has not."""
    progress: float
    """0 to 1."""
    bytes_transferred: int | None
    """As far as the array tells."""
    bytes: int | None
    """That it takes up beside what volumes and other snapshots hold, as far as the array tells."""
    held: bool
    """Whether it stays usable though the array's own retention removes it."""
    members: list[PointMember]
    """On the target only known once it is complete."""


class SourcePoint(TypedDict):
    """A snapshot of a group on its own array, whoever made it."""

    name: str
    """Within the group: the suffix."""
    created: str
    """The moment, by the array's clock."""
    bytes: int | None
    """That it takes up beside what volumes and other snapshots hold, as far as the array tells."""
    destroyed: bool
    """Whether the array eradicates it after a while; until then it can be recovered there."""


class Content(TypedDict):
    """What a volume was made to hold."""

    origin: GroupOrigin
    point: str


class EpochMark(TypedDict):
    """An epoch, as it is kept with volumes."""

    group: str
    epoch: int
    operation: str
    """Which operation raised it."""


class DriverError(Exception):
    """A verb failed, and none of the meanings below says why. Each is one of the meanings that protector tells apart; of other
    exceptions it knows ``NotImplementedError`` (unsupported), ``ConnectionError`` and ``TimeoutError`` (unreachable)."""

    kind: ClassVar[str] = "failed"
    """Which meaning it is."""
    reason: str
    """Why, in one line."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotFound(DriverError):
    """What the verb was about is not on the array; ``reason`` names it."""

    kind = "not_found"


class Refused(DriverError):
    """The array, or the contract, refuses it as things stand. Nothing was changed."""

    kind = "refused"


class Unsupported(DriverError):
    """The driver does not offer the verb. Nothing was sent."""

    kind = "unsupported"


class Configuration(DriverError):
    """The driver's settings cannot be used."""

    kind = "configuration"


class Unauthenticated(DriverError):
    """The array does not accept the credentials."""

    kind = "unauthenticated"


class Unreachable(DriverError):
    """The array could not be asked, or its answer not be had."""

    kind = "unreachable"
    sent: bool
    """Whether it may have taken effect: then it is looked at before it is tried again."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(reason)


def of_kind(told: tuple[str, str, bool]) -> DriverError:
    """The exception of a meaning, with its reason and whether it may have taken effect."""
    kind, reason, sent = told
    if kind == Unreachable.kind:
        return Unreachable(reason, sent=sent)
    for known in (NotFound, Refused, Unsupported, Configuration, Unauthenticated):
        if known.kind == kind:
            return known(reason)
    return DriverError(reason)


class StorageDriver:
    """One array. A subclass has a method for each verb that its ``capabilities`` promise; what it leaves out is unsupported.

    Every verb is given a :class:`Context`: ``context.remaining`` is how many seconds it may take, for the timeouts of requests. What
    does not come back by then is not waited for. What it answers is looked at, and an error names the field that is wrong. It
    raises the exceptions of this module.
    """

    capabilities: Collection[Capability] = ()
    """What it can do; asked once, when it is opened."""
    array: str
    """The array's name, as its peers and the configuration know it."""

    def __init__(self, array: str, settings: ArraySettings) -> None:
        """Takes what the configuration says of an array. Nothing is sent yet."""
        self.array = array
        self.settings = settings

    def close(self, context: Context) -> None:
        """Ends what is kept open with the array, within five seconds though the array is dead; the next verb begins anew
        (clause 22)."""

    def describe(self, context: Context) -> ArrayDescription:
        """Reads the array's own description (clause 1)."""
        raise Unsupported("describe")

    def resolve(self, context: Context, volumes: list[str]) -> list[ArrayVolume | None]:
        """Finds the array's volumes of Cinder volumes, in the order asked; None for those that it does not hold (clause 2)."""
        raise Unsupported("resolve")

    def storage_group(self, context: Context, group: str) -> StorageGroup | None:
        """Finds the storage group of a Cinder consistency group, by its id (clause 4)."""
        raise Unsupported("storage_group")

    def storage_group_by_name(self, context: Context, group: str) -> StorageGroup | None:
        """Finds a storage group of this array by its name (clause 25)."""
        raise Unsupported("storage_group_by_name")

    def set_replication(self, context: Context, group: str, settings: ReplicationSettings) -> None:
        """Sets a group's schedule, interval and retention, on the source half (clause 5)."""
        raise Unsupported("set_replication")

    def allow_replication(self, context: Context, origin: GroupOrigin) -> None:
        """Allows a peer's group to replicate here, on the target half; ``NotFound`` until it is known here (clause 6)."""
        raise Unsupported("allow_replication")

    def replicate_now(self, context: Context, group: str, point: str) -> None:
        """Makes a point and starts its transfer to all targets, on the source half (clauses 7 and 9)."""
        raise Unsupported("replicate_now")

    def source_point(self, context: Context, group: str, point: str) -> RecoveryPoint | None:
        """Finds a point on the source half; None if it was never made or is discarded."""
        raise Unsupported("source_point")

    def source_points(self, context: Context, group: str) -> list[SourcePoint]:
        """Lists all snapshots of a group of this array, destroyed ones included, oldest first (clause 24)."""
        raise Unsupported("source_points")

    def recovery_points(self, context: Context, origin: GroupOrigin) -> list[RecoveryPoint]:
        """Lists the points that have come from a peer's group, on the target half, oldest first, complete or not; those among
        them that are held and that the array has removed (clauses 8 and 23)."""
        raise Unsupported("recovery_points")

    def hold_point(self, context: Context, origin: GroupOrigin, point: str) -> None:
        """Keeps the content of a complete point usable, whatever becomes of the point itself (clause 23)."""
        raise Unsupported("hold_point")

    def release_point(self, context: Context, origin: GroupOrigin, point: str) -> None:
        """Ends the hold of a point, recoverably (clause 23)."""
        raise Unsupported("release_point")

    def materialize(self, context: Context, origin: GroupOrigin, point: str, member: str, volume: str) -> None:
        """Overwrites a volume of this array with a member of a complete point, on the target half (clauses 3, 10, 11, 12)."""
        raise Unsupported("materialize")

    def content(self, context: Context, volume: str) -> Content | None:
        """Tells what was materialized last into a volume; None if nothing ever was (clause 12)."""
        raise Unsupported("content")

    def take_safety_snapshot(self, context: Context, group: str, name: str) -> None:
        """Keeps the content of all members of a group of this array (clause 13)."""
        raise Unsupported("take_safety_snapshot")

    def has_safety_snapshot(self, context: Context, group: str, name: str) -> bool:
        """Whether a safety snapshot is there."""
        raise Unsupported("has_safety_snapshot")

    def restore(self, context: Context, group: str, name: str, volume: str) -> None:
        """Overwrites a volume with what a safety snapshot of its group kept of it (clause 14)."""
        raise Unsupported("restore")

    def record_epoch(self, context: Context, volumes: list[str], mark: EpochMark) -> None:
        """Records the epoch with the volumes that are now primary; a lower one than is recorded is refused (clause 15)."""
        raise Unsupported("record_epoch")

    def epoch(self, context: Context, volume: str) -> EpochMark | None:
        """Reads the epoch recorded with a volume; None if none ever was (clause 15)."""
        raise Unsupported("epoch")

    def discard_point(self, context: Context, group: str, point: str) -> None:
        """Discards a point or safety snapshot of a group of this array, recoverably (clause 16)."""
        raise Unsupported("discard_point")

    def discard_replica(self, context: Context, origin: GroupOrigin, point: str) -> None:
        """Discards a point that came from a peer's group, recoverably (clause 16)."""
        raise Unsupported("discard_replica")

    def discard_volume(self, context: Context, volume: str) -> None:
        """Discards a volume that Cinder no longer manages, recoverably; one that a host uses is refused (clause 17)."""
        raise Unsupported("discard_volume")

    def forget_marks(self, context: Context, volumes: list[str]) -> None:
        """Removes epoch and content from volumes that are protector's affair no longer (clause 20)."""
        raise Unsupported("forget_marks")

    def discard_origin(self, context: Context, origin: GroupOrigin) -> None:
        """Discards what is left here of a peer's group, held points included, recoverably (clause 21)."""
        raise Unsupported("discard_origin")


class Delegate(StorageDriver):
    """Asks another driver, each verb: a subclass overrides those that it wants to see, to count or to refuse.

    The other is one that the package brings (``driver`` is ``pure`` or ``mock``), or one in Python, which is asked as protector
    asks it: what it answers is looked at.
    """

    def __init__(self, array: str, settings: ArraySettings, *, driver: str | StorageDriver = "pure") -> None:
        """Opens the other driver. Nothing is sent yet."""
        super().__init__(array, settings)
        if isinstance(driver, StorageDriver):
            self._native = _native.Driver.of(array, driver)
        else:
            self._native = _native.Driver.open(driver, array, settings)
        self.capabilities = self._native.capabilities

    def _ask(self, verb: str, context: Context, *given: Any) -> Any:
        return self._native.ask(verb, context, list(given))

    def close(self, context: Context) -> None:
        self._ask("close", context)

    def describe(self, context: Context) -> ArrayDescription:
        answer: ArrayDescription = self._ask("describe", context)
        return answer

    def resolve(self, context: Context, volumes: list[str]) -> list[ArrayVolume | None]:
        answer: list[ArrayVolume | None] = self._ask("resolve", context, volumes)
        return answer

    def storage_group(self, context: Context, group: str) -> StorageGroup | None:
        answer: StorageGroup | None = self._ask("storage_group", context, group)
        return answer

    def storage_group_by_name(self, context: Context, group: str) -> StorageGroup | None:
        answer: StorageGroup | None = self._ask("storage_group_by_name", context, group)
        return answer

    def set_replication(self, context: Context, group: str, settings: ReplicationSettings) -> None:
        self._ask("set_replication", context, group, settings)

    def allow_replication(self, context: Context, origin: GroupOrigin) -> None:
        self._ask("allow_replication", context, origin)

    def replicate_now(self, context: Context, group: str, point: str) -> None:
        self._ask("replicate_now", context, group, point)

    def source_point(self, context: Context, group: str, point: str) -> RecoveryPoint | None:
        answer: RecoveryPoint | None = self._ask("source_point", context, group, point)
        return answer

    def source_points(self, context: Context, group: str) -> list[SourcePoint]:
        answer: list[SourcePoint] = self._ask("source_points", context, group)
        return answer

    def recovery_points(self, context: Context, origin: GroupOrigin) -> list[RecoveryPoint]:
        answer: list[RecoveryPoint] = self._ask("recovery_points", context, origin)
        return answer

    def hold_point(self, context: Context, origin: GroupOrigin, point: str) -> None:
        self._ask("hold_point", context, origin, point)

    def release_point(self, context: Context, origin: GroupOrigin, point: str) -> None:
        self._ask("release_point", context, origin, point)

    def materialize(self, context: Context, origin: GroupOrigin, point: str, member: str, volume: str) -> None:
        self._ask("materialize", context, origin, point, member, volume)

    def content(self, context: Context, volume: str) -> Content | None:
        answer: Content | None = self._ask("content", context, volume)
        return answer

    def take_safety_snapshot(self, context: Context, group: str, name: str) -> None:
        self._ask("take_safety_snapshot", context, group, name)

    def has_safety_snapshot(self, context: Context, group: str, name: str) -> bool:
        answer: bool = self._ask("has_safety_snapshot", context, group, name)
        return answer

    def restore(self, context: Context, group: str, name: str, volume: str) -> None:
        self._ask("restore", context, group, name, volume)

    def record_epoch(self, context: Context, volumes: list[str], mark: EpochMark) -> None:
        self._ask("record_epoch", context, volumes, mark)

    def epoch(self, context: Context, volume: str) -> EpochMark | None:
        answer: EpochMark | None = self._ask("epoch", context, volume)
        return answer

    def discard_point(self, context: Context, group: str, point: str) -> None:
        self._ask("discard_point", context, group, point)

    def discard_replica(self, context: Context, origin: GroupOrigin, point: str) -> None:
        self._ask("discard_replica", context, origin, point)

    def discard_volume(self, context: Context, volume: str) -> None:
        self._ask("discard_volume", context, volume)

    def forget_marks(self, context: Context, volumes: list[str]) -> None:
        self._ask("forget_marks", context, volumes)

    def discard_origin(self, context: Context, origin: GroupOrigin) -> None:
        self._ask("discard_origin", context, origin)
