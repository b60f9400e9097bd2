"""Storage drivers that are written in Python: each verb, over the border and back."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import protector
import pytest
from memory_array import MemoryBench, MemoryDriver, Volume, World, settings
from protector import DriverError, StorageDriver
from protector.driver import (
    ArraySettings,
    Configuration,
    Context,
    Delegate,
    EpochMark,
    GroupOrigin,
    NotFound,
    Refused,
    Unauthenticated,
    Unreachable,
    Unsupported,
)
from protector.testing import conformance

VERBS = sorted(name for name, _ in inspect.getmembers(StorageDriver, inspect.isfunction) if not name.startswith("_"))


@pytest.fixture
def pair(quick_pair: protector.mock.Pair) -> protector.mock.Pair:
    """Nothing here depends on how quickly time passes."""
    return quick_pair


def test_a_driver_in_python_keeps_the_contract() -> None:
    assert conformance(MemoryBench()) == []


def test_a_driver_that_asks_another_keeps_it_too_and_sees_each_verb() -> None:
    seen: set[str] = set()

    class Seeing(Delegate):
        def _ask(self, verb: str, context: Context, *given: Any) -> Any:
            seen.add(verb)
            return super()._ask(verb, context, *given)

    def driver(array: str, settings: ArraySettings, world: World) -> StorageDriver:
        return Seeing(array, settings, driver=MemoryDriver(array, settings, world))

    assert conformance(MemoryBench(driver)) == []
    assert sorted(seen) == VERBS


def without(*names: str) -> Callable[[Any], Any]:
    """An answer that lacks what is in fields."""
    return lambda answer: {**answer, **dict.fromkeys(names, [])}


def broken(verb: str, make: Callable[[Any, MemoryDriver, Any], Any]) -> type[MemoryDriver]:
    """A driver of which one verb is broken: ``make`` is given the right verb, the driver, and the arguments."""

    def asked(self: MemoryDriver, context: Context, *given: Any) -> Any:
        return make(lambda *other: getattr(MemoryDriver, verb)(self, context, *(other or given)), self, given)

    return type("Broken", (MemoryDriver,), {verb: asked})


def again(driver: MemoryDriver, name: str, point: str) -> Any:
    """Forgets a point, so that it is made anew."""
    driver.own.groups[name].points.pop(point, None)


def remembered(volume: Volume, mark: EpochMark | None) -> Any:
    """Takes any epoch, and nothing else."""
    volume.epoch = mark


def overwritten(driver: MemoryDriver, origin: GroupOrigin, point: str, member: str, volume: str) -> None:
    """Takes whatever has come so far."""
    found = driver.replica(origin).points[point]
    driver.volume(volume).data, _ = found.data[member]
    driver.volume(volume).content = {"origin": origin, "point": point}


BROKEN: list[tuple[int, str, Callable[[Any, MemoryDriver, Any], Any]]] = [
    (1, "describe", lambda right, *_: without("peers")(right())),
    (2, "resolve", lambda right, *_: sorted(right(), key=lambda volume: volume["id"] if volume else "")),
    (4, "storage_group", lambda right, *_: (found := right()) and without("members")(found)),
    (5, "set_replication", lambda right, driver, given: right(given[0], {**given[1], "retention": given[1]["retention"] or 1})),
    (6, "allow_replication", lambda right, driver, given: None),
    (7, "replicate_now", lambda right, driver, given: (again(driver, *given), right())),
    (7, "source_point", lambda right, *_: (found := right()) and without("members")(found)),
    (8, "recovery_points", lambda right, *_: right()[::-1]),
    (10, "materialize", lambda right, driver, given: overwritten(driver, *given)),
    (12, "content", lambda right, *_: (found := right()) and {**found, "point": "p1"}),
    (13, "take_safety_snapshot", lambda right, driver, given: (again(driver, *given), right())[1]),
    (13, "has_safety_snapshot", lambda *_: True),
    (14, "restore", lambda right, driver, given: None),
    (15, "record_epoch", lambda right, driver, given: [remembered(driver.volume(id), given[1]) for id in given[0]] and None),
    (15, "epoch", lambda *_: None),
    (16, "discard_point", lambda right, driver, given: again(driver, *given)),
    (16, "discard_replica", lambda *_: None),
    (17, "discard_volume", lambda right, driver, given: driver.own.volumes[given[0]].__dict__.update(destroyed=True)),
    (20, "forget_marks", lambda right, driver, given: [remembered(driver.volume(id), None) for id in given[0]] and None),
    (21, "discard_origin", lambda *_: None),
    (22, "close", lambda *_: None),
    (23, "hold_point", lambda *_: None),
    (23, "release_point", lambda *_: None),
    (24, "source_points", lambda right, *_: [point for point in right() if not point["destroyed"]]),
    (25, "storage_group_by_name", lambda *_: None),
]


def test_a_fault_is_planted_in_each_verb() -> None:
    assert sorted({verb for _, verb, _ in BROKEN}) == VERBS


@pytest.mark.parametrize(("clause", "verb", "make"), BROKEN, ids=[f"{clause}-{verb}" for clause, verb, _ in BROKEN])
def test_the_suite_finds_a_verb_that_is_broken(
    clause: int, verb: str, make: Callable[[Any, MemoryDriver, Any], Any]
) -> None:
    violations = conformance(MemoryBench(broken(verb, make)), [clause])
    assert [violation.clause for violation in violations] == [clause] and violations[0].found


def test_what_is_promised_and_not_there_is_found_and_what_is_not_promised_is_not_asked() -> None:
    class Forgetful(MemoryDriver):
        capabilities: Any = ("asynchronous", "overwrite", "marks")

    (violation,) = conformance(MemoryBench(Forgetful), [18])
    assert "hold_point is not offered and answers" in violation.found
    for verb in ("hold_point", "release_point"):
        setattr(Forgetful, verb, getattr(StorageDriver, verb))
    assert conformance(MemoryBench(Forgetful), [18, 21, 23]) == []


class Odd(StorageDriver):
    """Answers and raises what it is told to."""

    capabilities: Any = ("asynchronous",)
    answer: ClassVar[Any] = None

    def describe(self, context: Context) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer() if callable(self.answer) else self.answer

    def resolve(self, context: Context, volumes: list[str]) -> Any:
        return self.answer

    def recovery_points(self, context: Context, origin: GroupOrigin) -> Any:
        return self.answer


def asked(answer: Any, verb: str = "describe", *given: Any, timeout: float | None = None) -> Any:
    """What protector makes of an answer."""
    driver = type("Told", (Odd,), {"answer": staticmethod(answer) if callable(answer) else answer})
    delegate: Any = Delegate("array-a", settings(), driver=driver("array-a", settings()))
    return getattr(delegate, verb)(Context(timeout), *given)


DESCRIBED = {"name": "array-a", "id": "1", "version": "1", "peers": [{"name": "array-b", "connected": True}]}
POINT = {
    "name": "p1",
    "created": "2026-01-01T00:00:00+00:00",
    "completed": None,
    "progress": 0,
    "bytes_transferred": None,
    "bytes": None,
    "held": False,
    "members": [{"name": "one", "size": 1}],
}
ORIGIN = {"array": "array-b", "group": "web"}


def test_a_document_that_is_wrong_is_named_by_verb_and_field() -> None:
    assert asked(DESCRIBED) == DESCRIBED
    wrong: list[tuple[Any, str]] = [
        (None, "`describe` has to be a dict, and is None"),
        ({**DESCRIBED, "peers": [{"name": 7, "connected": True}]}, "`describe.peers[0].name` has to be text, and is 7"),
        ({**DESCRIBED, "peers": [{"name": "b"}]}, "`describe.peers[0].connected` is missing"),
        ({**DESCRIBED, "size": 1}, "`describe.size` is not known"),
        (object(), "`describe` cannot be used: TypeError: a object cannot be an answer"),
    ]
    for answer, told in wrong:
        with pytest.raises(DriverError) as error:
            asked(answer)
        assert told in error.value.reason
        assert "failed to describe itself" in error.value.reason
    more: list[tuple[dict[str, Any], str]] = [
        ({"created": "yesterday"}, "`recovery_points[1].created` has to be a moment with its offset"),
        ({"created": "2026-01-01T00:00:00"}, "as RFC 3339 writes it, and is the text"),
        ({"members": [{"name": "one", "size": -1}]}, "`recovery_points[1].members[0].size` has to be a whole number"),
        ({"held": "no"}, "`recovery_points[1].held` has to be True or False, and is the text \"no\""),
    ]
    for fields, told in more:
        with pytest.raises(DriverError) as error:
            asked([POINT, {**POINT, **fields}], "recovery_points", ORIGIN)
        assert told in error.value.reason
    with pytest.raises(DriverError, match="has to have 2 items, as many as were asked for, and has 1"):
        asked([None], "resolve", ["one", "other"])


def test_what_a_driver_raises_keeps_its_meaning() -> None:
    raised: list[tuple[BaseException, type[DriverError], str]] = [
        (NotFound("group web"), NotFound, "group web"),
        (Refused("not as things stand"), Refused, "not as things stand"),
        (Unsupported("describe"), Unsupported, "describe itself"),
        (NotImplementedError(), Unsupported, "describe itself"),
        (Configuration("no such port"), Configuration, "no such port"),
        (Unauthenticated("the token has expired"), Unauthenticated, "the token has expired"),
        (DriverError("a disk is full"), DriverError, "a disk is full"),
        (ZeroDivisionError("division by zero"), DriverError, "ZeroDivisionError: division by zero"),
    ]
    for error, kind, reason in raised:
        with pytest.raises(DriverError) as told:
            asked(error)
        assert type(told.value) is kind and reason in told.value.reason, error
    assert "test_driver.py, line" in told.value.reason and "in describe" in told.value.reason
    lost: list[tuple[BaseException, bool, str]] = [
        (Unreachable("no route", sent=False), False, "no connection could be made"),
        (Unreachable("no answer"), True, "the connection broke"),
        (ConnectionRefusedError("refused"), False, "no connection could be made"),
        (ConnectionResetError("reset"), True, "the connection broke"),
        (TimeoutError("slow"), True, "no answer came in time"),
    ]
    for error, sent, reason in lost:
        with pytest.raises(Unreachable, match=reason) as unreachable:
            asked(error)
        assert unreachable.value.sent is sent and str(error) in unreachable.value.reason


def test_a_cause_is_told_with_its_own_cause() -> None:
    def describe() -> None:
        try:
            raise OSError("the cable is out")
        except OSError as cause:
            raise RuntimeError("could not ask") from cause

    with pytest.raises(DriverError, match=r"RuntimeError: could not ask .* OSError: the cable is out"):
        asked(describe)


def test_a_verb_that_does_not_come_back_is_given_up() -> None:
    released = threading.Event()

    def describe() -> dict[str, Any]:
        released.wait(60)
        return DESCRIBED

    try:
        with pytest.raises(Unreachable, match="the deadline has passed") as told:
            asked(describe, timeout=0.2)
        assert told.value.sent
    finally:
        released.set()
    with pytest.raises(Unreachable, match="stopped before it was sent") as told:
        asked(DESCRIBED, timeout=0)
    assert not told.value.sent


def test_a_driver_that_cannot_be_used_is_refused_when_the_sites_are_opened(pair: protector.mock.Pair) -> None:
    named(pair, "mine")

    def opened(drivers: dict[str, Any]) -> str:
        with pytest.raises(protector.ProtectorError) as told:
            protector.open(pair.config, clouds=pair.clouds, drivers=drivers)
        return f"{told.value.code}: {told.value.message}"

    assert "has the driver mine, which this program does not have: it has pure, mock" in opened({})
    assert "has to be a protector.StorageDriver, and is a dict" in opened({"mine": lambda *_: {}})
    odd = type("Odder", (Odd,), {"capabilities": ("magic",)})
    assert "there is no capability magic: there are asynchronous, overwrite, marks, holds" in opened({"mine": odd})

    def unusable(array: str, settings: ArraySettings) -> StorageDriver:
        raise Configuration("it wants a port")

    told = opened({"mine": unusable})
    assert told == "configuration-invalid: failed to use the configuration of array array-a: it wants a port"
    assert "argument-invalid: argument `drivers` of open cannot be used: the package has a driver pure of its own" in opened(
        {"pure": Odd}
    )


def named(pair: protector.mock.Pair, driver: str) -> None:
    """Lets the configuration of a pair name a driver."""
    with open(pair.config, encoding="utf-8") as file:
        text = file.read()
    assert "driver: pure" in text
    with open(pair.config, "w", encoding="utf-8") as file:
        file.write(text.replace("driver: pure", f"driver: {driver}"))


@pytest.mark.parametrize("driver", ["pure", "mock"])
def test_a_group_goes_away_and_comes_back_through_a_driver_in_python(pair: protector.mock.Pair, driver: str) -> None:
    named(pair, "counting")
    asked: list[tuple[str, str]] = []

    class Counting(Delegate):
        def __init__(self, array: str, settings: ArraySettings) -> None:
            super().__init__(array, settings, driver=driver)
            assert settings.api_token not in repr(settings)

        def _ask(self, verb: str, context: Context, *given: Any) -> Any:
            asked.append((self.array, verb))
            return super()._ask(verb, context, *given)

    with protector.open(pair.config, clouds=pair.clouds, drivers={"counting": Counting}) as sites:
        made = sites.protect("web", primary_site="site-a", secondary_site="site-b", members=["web-1"])
        assert made["group"]["status"] == "active"
        moved = sites.failover("web", confirm="web")
        assert moved["group"]["current_primary_site"] == "site-b"
        back = sites.failback("web", confirm="web")
        assert back["group"]["current_primary_site"] == "site-a"
        assert sites.recovery_points("web")
    assert {"replicate_now", "materialize", "take_safety_snapshot", "record_epoch", "content"} <= verbs(asked)
    assert {array for array, verb in asked if verb == "materialize"} == {"array-a", "array-b"}
    assert {array for array, verb in asked if verb == "close"} == {"array-a", "array-b"}


def verbs(asked: Iterable[tuple[str, str]]) -> set[str]:
    return {verb for _, verb in asked}


def test_an_operation_says_what_a_driver_raised(pair: protector.mock.Pair) -> None:
    named(pair, "broken")

    class Broken(Delegate):
        def replicate_now(self, context: Context, group: str, point: str) -> None:
            raise ZeroDivisionError("division by zero")

    with protector.open(pair.config, clouds=pair.clouds, drivers={"broken": Broken}) as sites:
        with pytest.raises(protector.errors.OperationFailed) as told:
            sites.protect("web", primary_site="site-a", secondary_site="site-b", members=["web-1"])
    message = told.value.message
    assert "ZeroDivisionError: division by zero" in message and "on array array-a" in message
