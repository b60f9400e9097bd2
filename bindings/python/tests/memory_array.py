"""Two arrays in memory, a storage driver for them, and a bench: what somebody writes who has an array of their own."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any, Concatenate, ParamSpec, TypeVar

from protector import StorageDriver
from protector.driver import (
    ArrayDescription,
    ArraySettings,
    ArrayVolume,
    Capability,
    Content,
    Context,
    EpochMark,
    GroupOrigin,
    NotFound,
    RecoveryPoint,
    Refused,
    ReplicationSettings,
    SourcePoint,
    StorageGroup,
    Unreachable,
)
from protector.testing import Arranged, Bench, Half

QUICK, SLOW, OFTEN = 0.1, 20.0, 0.5
"""Seconds of a transfer, and between two points of a schedule that is hurried."""


@dataclass
class Volume:
    id: str
    name: str
    cinder: str | None
    size: int = 1 << 30
    data: str = ""
    destroyed: bool = False
    hosts: int = 0
    content: Content | None = None
    epoch: EpochMark | None = None

    def shown(self) -> ArrayVolume:
        return {"id": self.id, "name": self.name, "serial": self.id[-12:], "size": self.size}


@dataclass
class Point:
    """A snapshot of a group, on its array or on a target, where it may still be under way."""

    name: str
    created: datetime
    data: dict[str, tuple[str, int]]
    scheduled: bool = False
    destroyed: bool = False
    left: float = 0.0
    completed: datetime | None = None
    held: bool = False

    def told(self) -> RecoveryPoint:
        members = [{"name": name, "size": size} for name, (_, size) in self.data.items()]
        return {
            "name": self.name,
            "created": self.created.isoformat(),
            "completed": self.completed.isoformat() if self.completed else None,
            "progress": 1.0 if self.completed else 0.5,
            "bytes_transferred": None,
            "bytes": None,
            "held": self.held,
            "members": members if self.completed else [],  # type: ignore[typeddict-item]
        }


@dataclass
class Group:
    """A group of this array, or one of a peer as it is seen here."""

    name: str
    cinder: str | None = None
    volumes: list[Volume] = field(default_factory=list)
    targets: dict[str, bool] = field(default_factory=dict)
    settings: ReplicationSettings = field(default_factory=lambda: ReplicationSettings(enabled=False, interval=900, retention=3600))
    points: dict[str, Point] = field(default_factory=dict)
    destroyed: bool = False
    since: float = 0.0


@dataclass
class Array:
    name: str
    volumes: dict[str, Volume] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    replicas: dict[tuple[str, str], Group] = field(default_factory=dict)
    sessions: set[int] = field(default_factory=set)
    dead: bool = False


class World:
    """Both arrays, and the time that passes there."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.arrays = {half: Array(f"array-{half}") for half in ("a", "b")}
        self.now = datetime(2026, 1, 1, tzinfo=timezone.utc)
        self.transfer, self.frozen = QUICK, False
        self.often: float | None = None
        self.keep: int | None = None
        self.under_way = 0
        self.numbers = count(1)

    def named(self, name: str) -> Array:
        return next(array for array in self.arrays.values() if array.name == name)

    def number(self) -> str:
        return f"c1deb00c-0000-4000-8000-{next(self.numbers):012}"

    def point(self, array: Array, group: Group, name: str, *, scheduled: bool = False, sent: bool = True) -> None:
        """No two are of the same moment."""
        self.now += timedelta(milliseconds=1)
        data = {volume.name: (volume.data, volume.size) for volume in group.volumes}
        group.points[name] = Point(name, self.now, data, scheduled, completed=self.now)
        for target, allowed in group.targets.items():
            if sent and allowed:
                replica = self.named(target).replicas[array.name, group.name]
                replica.points[name] = Point(name, self.now, data, scheduled, left=self.transfer)

    def pass_time(self, seconds: float, step: float = 0.1) -> None:
        for _ in range(round(seconds / step)):
            self.now += timedelta(seconds=step)
            for array in self.arrays.values():
                for group in array.groups.values():
                    self.scheduled(array, group, step)
                for replica in array.replicas.values():
                    self.transferred(replica, step)

    def scheduled(self, array: Array, group: Group, step: float) -> None:
        group.since += step
        if group.settings["enabled"] and not group.destroyed and group.since >= (self.often or group.settings["interval"]):
            group.since = 0.0
            self.point(array, group, f"scheduled-{next(self.numbers)}", scheduled=True)

    def transferred(self, replica: Group, step: float) -> None:
        for point in replica.points.values():
            if point.completed is None and not self.frozen:
                point.left -= step
                if point.left <= 0:
                    point.completed = self.now
        if self.keep is not None:
            whole = [point for point in replica.points.values() if point.scheduled and point.completed]
            for point in sorted(whole, key=lambda point: point.created)[: -self.keep]:
                point.destroyed = True


P = ParamSpec("P")
T = TypeVar("T")
Verb = Callable[Concatenate["MemoryDriver", Context, P], T]


def verb(method: Verb[P, T]) -> Verb[P, T]:
    """A verb waits while its array is dead, and signs in if it has to."""

    def asked(self: MemoryDriver, context: Context, /, *given: P.args, **named: P.kwargs) -> T:
        with self.asked(context):
            self.session = self.session or next(self.world.numbers)
            self.own.sessions.add(self.session)
            return method(self, context, *given, **named)

    functools.update_wrapper(asked, method)
    return asked


class MemoryDriver(StorageDriver):
    """Speaks for one of the two arrays."""

    capabilities: Any = ("asynchronous", "overwrite", "marks", "holds")

    def __init__(self, array: str, settings: ArraySettings, world: World) -> None:
        super().__init__(array, settings)
        self.world = world
        self.own = world.named(array)
        self.session = 0

    @contextmanager
    def asked(self, context: Context) -> Iterator[None]:
        with self.world.changed:
            self.world.under_way += 1
            try:
                while self.own.dead:
                    if not context.wanted:
                        raise Unreachable(f"{self.array} does not answer", sent=False)
                    self.world.changed.wait(0.05)
                yield
            finally:
                self.world.under_way -= 1
                self.world.changed.notify_all()

    def volume(self, id: str) -> Volume:
        volume = self.own.volumes.get(id)
        if volume is None:
            raise NotFound(f"volume {id}")
        if volume.destroyed:
            raise Refused(f"volume {volume.name} is destroyed")
        return volume

    def group(self, name: str) -> Group:
        group = self.own.groups.get(name)
        if group is None or group.destroyed:
            raise NotFound(f"group {name}")
        return group

    def replica(self, origin: GroupOrigin) -> Group:
        replica = self.own.replicas.get((origin["array"], origin["group"]))
        if replica is None or replica.destroyed:
            raise NotFound(f"group {origin['group']} of {origin['array']}")
        return replica

    def whole(self, origin: GroupOrigin, name: str) -> Point:
        point = self.replica(origin).points.get(name)
        if point is None:
            raise NotFound(f"point {name}")
        if point.completed is None or (point.destroyed and not point.held):
            raise Refused(f"point {name} is not complete, or was discarded")
        return point

    def close(self, context: Context) -> None:
        with self.world.changed:
            if not self.own.dead:
                self.own.sessions.discard(self.session)
            self.session = 0

    @verb
    def describe(self, context: Context) -> ArrayDescription:
        peers = [array.name for array in self.world.arrays.values() if array is not self.own]
        return {
            "name": self.own.name,
            "id": f"id-of-{self.own.name}",
            "version": "1.0",
            "peers": [{"name": peer, "connected": True} for peer in peers],
        }

    @verb
    def resolve(self, context: Context, volumes: list[str]) -> list[ArrayVolume | None]:
        there = {volume.cinder: volume.shown() for volume in self.own.volumes.values() if not volume.destroyed}
        return [there.get(id) for id in volumes]

    def shown(self, group: Group) -> StorageGroup:
        return {
            "name": group.name,
            "members": [volume.shown() for volume in group.volumes],
            "targets": [{"array": array, "allowed": allowed} for array, allowed in group.targets.items()],
            "settings": group.settings,
        }

    @verb
    def storage_group(self, context: Context, group: str) -> StorageGroup | None:
        found = [one for one in self.own.groups.values() if one.cinder == group and not one.destroyed]
        return self.shown(found[0]) if found else None

    @verb
    def storage_group_by_name(self, context: Context, group: str) -> StorageGroup | None:
        found = self.own.groups.get(group)
        return self.shown(found) if found and not found.destroyed else None

    @verb
    def set_replication(self, context: Context, group: str, settings: ReplicationSettings) -> None:
        found = self.group(group)
        retention = found.settings["retention"] if settings["retention"] is None else settings["retention"]
        found.settings = {**settings, "retention": retention}

    @verb
    def allow_replication(self, context: Context, origin: GroupOrigin) -> None:
        group = self.world.named(origin["array"]).groups.get(origin["group"])
        if group is None or group.destroyed or self.own.name not in group.targets:
            raise NotFound(f"group {origin['group']} of {origin['array']}")
        group.targets[self.own.name] = True
        self.own.replicas.setdefault((origin["array"], group.name), Group(group.name))

    @verb
    def replicate_now(self, context: Context, group: str, point: str) -> None:
        found = self.group(group)
        if point not in found.points:
            self.world.point(self.own, found, point)

    @verb
    def source_point(self, context: Context, group: str, point: str) -> RecoveryPoint | None:
        found = self.group(group).points.get(point)
        return found.told() if found and not found.destroyed else None

    @verb
    def source_points(self, context: Context, group: str) -> list[SourcePoint]:
        return [
            {"name": point.name, "created": point.created.isoformat(), "bytes": None, "destroyed": point.destroyed}
            for point in self.group(group).points.values()
        ]

    @verb
    def recovery_points(self, context: Context, origin: GroupOrigin) -> list[RecoveryPoint]:
        points = sorted(self.replica(origin).points.values(), key=lambda point: point.created)
        return [point.told() for point in points if point.held or not point.destroyed]

    @verb
    def hold_point(self, context: Context, origin: GroupOrigin, point: str) -> None:
        self.whole(origin, point).held = True

    @verb
    def release_point(self, context: Context, origin: GroupOrigin, point: str) -> None:
        found = self.replica(origin).points.get(point)
        if found is not None:
            found.held = False

    @verb
    def materialize(self, context: Context, origin: GroupOrigin, point: str, member: str, volume: str) -> None:
        found, target = self.whole(origin, point), self.volume(volume)
        if member not in found.data:
            raise NotFound(f"member {member} of point {point}")
        target.content = None
        target.data, _ = found.data[member]
        if not context.wanted:
            raise Unreachable("the volume is overwritten and not marked", sent=True)
        target.content = {"origin": origin, "point": point}

    @verb
    def content(self, context: Context, volume: str) -> Content | None:
        return self.volume(volume).content

    @verb
    def take_safety_snapshot(self, context: Context, group: str, name: str) -> None:
        found = self.group(group)
        if name not in found.points:
            self.world.point(self.own, found, name, sent=False)

    @verb
    def has_safety_snapshot(self, context: Context, group: str, name: str) -> bool:
        point = self.group(group).points.get(name)
        return point is not None and not point.destroyed

    @verb
    def restore(self, context: Context, group: str, name: str, volume: str) -> None:
        point, target = self.group(group).points.get(name), self.volume(volume)
        if point is None or point.destroyed:
            raise NotFound(f"safety snapshot {name} of {group}")
        target.content = None
        target.data, _ = point.data[target.name]

    @verb
    def record_epoch(self, context: Context, volumes: list[str], mark: EpochMark) -> None:
        found = [self.volume(id) for id in volumes]
        for volume in found:
            if volume.epoch is not None and volume.epoch["epoch"] > mark["epoch"]:
                raise Refused(f"volume {volume.name} bears epoch {volume.epoch['epoch']}")
        for volume in found:
            volume.epoch = mark

    @verb
    def epoch(self, context: Context, volume: str) -> EpochMark | None:
        return self.volume(volume).epoch

    @verb
    def discard_point(self, context: Context, group: str, point: str) -> None:
        found = self.group(group).points.get(point)
        if found is not None:
            found.destroyed = True

    @verb
    def discard_replica(self, context: Context, origin: GroupOrigin, point: str) -> None:
        found = self.replica(origin).points.get(point)
        if found is not None:
            found.destroyed = True

    @verb
    def discard_volume(self, context: Context, volume: str) -> None:
        found = self.own.volumes.get(volume)
        if found is None:
            return
        if found.hosts:
            raise Refused(f"volume {found.name} is connected")
        found.destroyed = True

    @verb
    def forget_marks(self, context: Context, volumes: list[str]) -> None:
        for id in volumes:
            found = self.own.volumes.get(id)
            if found is not None:
                found.content = found.epoch = None

    @verb
    def discard_origin(self, context: Context, origin: GroupOrigin) -> None:
        replica = self.own.replicas.get((origin["array"], origin["group"]))
        if replica is not None:
            replica.destroyed = True
            for point in replica.points.values():
                point.destroyed, point.held = True, False


def settings() -> ArraySettings:
    return ArraySettings("https://array.example", "none")


class MemoryBench(Bench):
    """A world in which drivers of one kind are tried."""

    def __init__(self, driver: Callable[[str, ArraySettings, World], StorageDriver] = MemoryDriver) -> None:
        self.world = World()
        self.driver = driver

    def open(self, half: Half) -> StorageDriver:
        return self.driver(self.world.arrays[half].name, settings(), self.world)

    def _volume(self, half: Half, name: str, cinder: str | None) -> Volume:
        volume = Volume(self.world.number(), name, cinder)
        self.world.arrays[half].volumes[volume.id] = volume
        return volume

    def create_volume(self, half: Half) -> str:
        id = self.world.number()
        self._volume(half, f"volume-{id}", id)
        return id

    def create_group(self, half: Half, volumes: int) -> Arranged:
        id, array = self.world.number(), self.world.arrays[half]
        made = [self.create_volume(half) for _ in range(volumes)]
        members = [volume for volume in array.volumes.values() if volume.cinder in made]
        other = self.world.arrays["b" if half == "a" else "a"].name
        array.groups[f"group-{id}"] = Group(f"group-{id}", id, members, {other: False})
        return {"group": id, "volumes": made}

    def delete_group(self, half: Half, group: Arranged) -> None:
        self.world.arrays[half].groups[f"group-{group['group']}"].destroyed = True

    def create_lookalikes(self, half: Half, of: Arranged) -> None:
        array = self.world.arrays[half]
        names = [name for id in of["volumes"] for name in (f"volume-{id}-2", f"a-volume-{id}")]
        group = Group(f"group-{of['group']}-2", None, [self._volume(half, name, None) for name in names])
        array.groups[group.name] = group
        for name in ("p1", "safe"):
            self.world.point(array, group, name, sent=False)

    def connect(self, half: Half, volume: str) -> None:
        self.world.arrays[half].volumes[volume].hosts += 1

    def disconnect(self, half: Half, volume: str) -> None:
        self.world.arrays[half].volumes[volume].hosts = 0

    def write(self, half: Half, volume: str, content: str) -> None:
        self.world.arrays[half].volumes[volume].data = content

    def read(self, half: Half, volume: str) -> str:
        return self.world.arrays[half].volumes[volume].data

    def slow_transfers(self) -> None:
        self.world.transfer = SLOW

    def hold_transfers(self) -> None:
        self.world.frozen = True

    def release_transfers(self) -> None:
        self.world.frozen, self.world.transfer = False, QUICK
        for array in self.world.arrays.values():
            for replica in array.replicas.values():
                for point in replica.points.values():
                    point.left = min(point.left, QUICK)

    def schedule_often(self, keep: int | None) -> None:
        self.world.often, self.world.keep = OFTEN, keep

    def schedule_as_set(self) -> None:
        self.world.often = self.world.keep = None

    def everything(self, half: Half) -> dict[str, dict[str, str]]:
        array = self.world.arrays[half]
        volumes = {volume.name: repr(volume) for volume in array.volumes.values()}
        groups, points = {}, {}
        for at, group in [*((("", name), group) for name, group in array.groups.items()), *array.replicas.items()]:
            name = ":".join(at)
            groups[name] = repr((group.volumes, group.targets, group.settings, group.destroyed))
            for point in group.points.values():
                points[f"{name}.{point.name}"] = repr((point.created, point.data, point.destroyed, point.held))
        return {"volume": volumes, "group": groups, "point": points}

    def sessions(self, half: Half) -> int:
        return len(self.world.arrays[half].sessions)

    def kill(self, half: Half) -> None:
        self.world.arrays[half].dead = True

    def revive(self, half: Half) -> None:
        with self.world.changed:
            self.world.arrays[half].dead = False
            self.world.changed.notify_all()

    def wait(self) -> None:
        with self.world.changed:
            self.world.changed.wait_for(lambda: self.world.under_way == 0, timeout=10)
            self.world.pass_time(1.0)
