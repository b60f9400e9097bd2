"""Every public name of the package is called, in two threads at a time: a new name without a call is told."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import protector
import pytest
from memory_array import MemoryBench, MemoryDriver, World, settings
from protector import ProtectorError
from protector.driver import Context, Delegate, Unsupported

MODULES = [protector, protector.driver, protector.mock, protector.testing]
CLASSES = {
    kind
    for module in MODULES
    for name in module.__all__
    if inspect.isclass(kind := getattr(module, name)) and kind.__module__ != "protector._native"
}
SEEN: defaultdict[str, set[str]] = defaultdict(set)
"""Which threads have called what."""


def call(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*given: Any, **named: Any) -> Any:
        SEEN[name].add(threading.current_thread().name)
        return function(*given, **named)

    return called


def members(kind: type) -> Iterator[tuple[type, str, Any]]:
    """What a class of the package lets others call, itself or by what it builds on."""
    for base in kind.__mro__:
        if base.__module__.startswith("protector"):
            for name, member in vars(base).items():
                if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                    yield base, name, member


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Has every call put on record; the names of what can be called."""
    names = set()
    for kind in CLASSES:
        for base, name, member in list(members(kind)):
            whole = f"{base.__name__}.{name}"
            if whole not in names:
                names.add(whole)
                function: Any = member.fget if isinstance(member, property) else member
                seen: Any = call(whole, function)
                monkeypatch.setattr(base, name, property(seen) if isinstance(member, property) else seen)
    for module in MODULES:
        for name in module.__all__:
            function = getattr(module, name)
            if inspect.isfunction(function):
                names.add(f"{module.__name__}.{name}")
                monkeypatch.setattr(module, name, call(f"{module.__name__}.{name}", function))
    return names


def settled(sites: protector.Protector, id: str) -> None:
    """Takes an operation up until it has come to its end, if it has not yet."""
    with suppress(ProtectorError):
        sites.resume(id).result()
    assert sites.operation(id)["status"] == "completed"


def journey(sites: protector.Protector, group: str, server: str) -> protector.Planned:
    """A group's whole life, with all that can be asked of it."""

    def ask(name: str, *given: Any, **named: Any) -> Any:
        return getattr(sites, name)(*given, **named)

    made = ask("protect", group, primary_site="site-a", secondary_site="site-b", members=[server])
    id = made["operation"]["id"]
    for name in ("sites", "groups", "validate_mappings", "housekeeping", "tick"):
        ask(name)
    for name in ("site", "validate_site", "volume_types"):
        ask(name, "site-a")
    for name in ("group", "drift", "recovery_points", "rpo", "status", "operations"):
        ask(name, group)
    for name in ("operation", "report", "report_html", "remains", "drill", "watch"):
        ask(name, id)
    for name in ("changes", "plan_changes", "confirmed_changes"):
        ask(name, ask("export", group))
    ask("validate_policy", group, {"priority": 1})
    ask("set_policy", group, {"priority": 1})
    ask("set", group, rpo_minutes=9)
    ask("sync", group)
    ask("test_failover", group)
    ask("test_cleanup", group)
    ask("add_member", group, members=[f"{server[:-1]}2"])
    ask("remove_member", group, members=[f"{server[:-1]}2"], confirm=group)
    plan: protector.Planned = ask("plan", "failover", group=group)
    run = ask("apply", plan, confirm=group)
    run.stop()
    with suppress(ProtectorError):
        run.result()
    for name in ("operation_id", "operation_type", "group", "plan_hash", "steps", "done"):
        getattr(run, name)
    for name in ("hash", "operation_type", "group", "source_site", "target_site", "steps", "findings", "warnings", "loss"):
        getattr(plan, name)
    settled(sites, run.operation_id)
    ask("undo", group, confirm=group)
    run = ask("begin", "failover", group=group, confirm=group)
    ask("pause", run.operation_id)
    with suppress(ProtectorError):
        asyncio.run(run.result_async())
    for name, more in (("retry_step", ()), ("skip_step", ("it is there",))):
        with pytest.raises(ProtectorError):
            ask(name, run.operation_id, "no-such-step", *more)
    settled(sites, run.operation_id)
    with pytest.raises(ProtectorError):
        ask("cancel", run.operation_id, "it is over")
    ask("failback", group, confirm=group)
    ask("commit", group, confirm=group)
    ask("failover", group, confirm=group)
    ask("sync", group)
    ask("failback", group, unplanned=True, accept_loss=True, confirm=group)
    ask("reprotect", group, confirm=group)
    ask("plan_site_failover", "site-a", groups=[group])
    left = ask("begin_site_failover", "site-a", groups=[group], confirm="site-a")
    assert left.site == "site-a" and left.result()["exit_code"] == 0 and left.done
    ask("failover_site", "site-a", groups=[group], confirm="site-a")
    ask("prune", older_than=86400, confirm="prune")
    ask("unprotect", group, confirm=group)
    return plan


TWINS = {
    name: inspect.signature(twin)
    for name, twin in inspect.getmembers(protector.Protector, inspect.isfunction)
    if name.endswith("_async") and name != "close_async" and not name.startswith("_")
}
"""As they are, whoever watches them later."""


async def twins(sites: protector.Protector, group: str, plan: protector.Planned) -> None:
    """Each twin for asyncio, of a group that has come to its end: many refuse it, which is an answer, too."""
    (*_, operation) = await sites.operations_async()
    given: dict[str, Any] = {
        "document": f"{{name: {group}, primary_site: site-a, secondary_site: site-b, servers: [no-such-vm]}}",
        "group": group,
        "id": operation["id"],
        "members": ["no-such-vm"],
        "older_than": 86400,
        "operation": "failover",
        "plan": plan,
        "policy": {},
        "primary_site": "site-a",
        "reason": "it is there",
        "secondary_site": "site-b",
        "site": "site-a",
        "step": "no-such-step",
    }
    for name, signature in TWINS.items():
        parameters = list(signature.parameters.values())[1:]
        needed = {one.name: given[one.name] for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD}
        if any(one.kind is one.VAR_KEYWORD for one in parameters):
            needed["group"] = group
        with suppress(ProtectorError):
            await getattr(sites, name)(**needed)


def lists(clouds: str) -> None:
    cloud = protector.cloud("tenant-site-a", clouds=clouds)
    assert cloud.name == "tenant-site-a" and len(cloud.list("servers"))
    assert len(asyncio.run(cloud.list_async("servers")))
    for name in protector.__all__:
        if name.startswith("list_"):
            getattr(protector, name)(cloud)


def drivers() -> None:
    """Each verb, of a driver that has none and of one that asks another."""
    context = Context(5)
    nothing = protector.StorageDriver("array-a", settings())
    world = World()
    delegate = Delegate("array-a", settings(), driver=MemoryDriver("array-a", settings(), world))
    for name, verb in inspect.getmembers(protector.StorageDriver, inspect.isfunction):
        if name.startswith("_"):
            continue
        given = [[] if "list" in str(one.annotation) else "x" for one in list(signature(name).parameters.values())[2:]]
        with suppress(Unsupported):
            getattr(nothing, name)(context, *given)
        # What it is asked may be nonsense: that it reaches the other driver is what counts here.
        with suppress(protector.DriverError, ProtectorError):
            getattr(delegate, name)(context, *given)
        del verb
    assert protector.testing.conformance(MemoryBench(), [1, 2]) == []


SIGNATURES = {
    name: inspect.signature(verb)
    for name, verb in inspect.getmembers(protector.StorageDriver, inspect.isfunction)
    if not name.startswith("_")
}


def signature(name: str) -> inspect.Signature:
    """A verb's own, whoever watches it now."""
    return SIGNATURES[name]


def test_every_public_name_is_called_in_two_threads(watched: set[str]) -> None:
    def everything(place: int) -> None:
        group, server = (("web", "web-1"), ("app", "app-1"))[place]
        with protector.mock.pair(seed=3, time_factor=20) as pair:
            assert pair.directory and pair.admin
            with open(pair.config, "a", encoding="utf-8") as config:
                config.write("engine: {poll_interval: 0.02, retry_for: 2}\n")
            lists(pair.clouds)
            with protector.open(pair.config, clouds=pair.clouds) as sites:
                asyncio.run(twins(sites, group, journey(sites, group, server)))
            sites.close()
            asyncio.run(sites.close_async())
            pair.close()
        drivers()

    with ThreadPoolExecutor(2, "public") as threads:
        list(threads.map(everything, range(2)))
    abstract = {f"Bench.{name}" for name, _ in inspect.getmembers(protector.testing.Bench, inspect.isfunction)}
    both = {name for name, seen in SEEN.items() if len([thread for thread in seen if thread.startswith("public")]) == 2}
    assert watched - both - abstract == set()
