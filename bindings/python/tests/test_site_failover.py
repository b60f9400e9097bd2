"""A site is left: all of its groups are moved in their order."""

from __future__ import annotations

import asyncio
from typing import Any

import protector
import pytest
from protector import errors
from protector.documents import ProgressOfSite


@pytest.fixture
def pair(quick_pair: protector.mock.Pair) -> protector.mock.Pair:
    """Nothing here depends on how quickly time passes."""
    return quick_pair


@pytest.fixture
def two(protected: protector.Protector) -> protector.Protector:
    protected.protect("app", primary_site="site-a", secondary_site="site-b", members=["app-1"])
    protected.set_policy("web", {"after_groups": ["app"]})
    return protected


def test_a_site_is_planned_confirmed_and_left_in_the_groups_order(two: protector.Protector) -> None:
    plan = two.plan_site_failover("site-a")
    tasks = [(task["group"], task["after"], task["task"]) for task in plan["groups"]]
    assert plan["site"] == "site-a" and tasks == [("app", [], "move"), ("web", ["app"], "move")]
    before = two.operations()
    for confirm in (None, "site-b"):
        with pytest.raises(errors.NotConfirmedError, match="failover of site site-a was not begun"):
            two.failover_site("site-a", confirm=confirm)
    assert two.operations() == before

    seen: list[ProgressOfSite] = []
    left = two.failover_site("site-a", confirm="site-a", progress=seen.append)
    assert left["exit_code"] == 0
    assert [(result["group"], result["outcome"]) for result in left["groups"]] == [("app", "moved"), ("web", "moved")]
    turns = [(one["group"], one["happened"]) for one in seen if one["happened"] != "went"]
    assert turns == [("app", "begun"), ("app", "ended"), ("web", "begun"), ("web", "ended")]
    assert {group["current_primary_site"] for group in two.groups()} == {"site-b"}
    again = two.failover_site("site-a", confirm="site-a")
    assert {result["outcome"] for result in again["groups"]} == {"was_done"}


def test_a_site_that_is_not_left_wholly_is_an_error_that_names_each_group(two: protector.Protector) -> None:
    with pytest.raises(errors.OperationFailed) as told:
        two.failover_site("site-a", unplanned=True, groups=["web"], confirm="site-a")
    assert told.value.code == "operation-refused" and told.value.exit_code == 3
    assert "failover of site site-a is not complete; group web is refused" in told.value.message
    outcome: Any = told.value.outcome
    assert [(result["group"], result["outcome"]) for result in outcome["groups"]] == [("web", "refused")]
    assert outcome["groups"][0]["findings"]
    with pytest.raises(errors.ArgumentError, match="argument `accept_loss` of site failover means nothing without"):
        two.plan_site_failover("site-a", accept_loss=True)
    with pytest.raises(errors.ConfigurationError, match="there is no site site-c"):
        two.plan_site_failover("site-c")


def test_a_site_is_left_in_an_event_loop(pair: protector.mock.Pair) -> None:
    async def journey() -> None:
        async with protector.open(pair.config, clouds=pair.clouds) as sites:
            await sites.protect_async("web", primary_site="site-a", secondary_site="site-b", members=["web-1"])
            plan = await sites.plan_site_failover_async("site-a")
            assert [task["task"] for task in plan["groups"]] == ["move"]
            async with await sites.begin_site_failover_async("site-a", confirm="site-a") as run:
                happened = [one["happened"] async for one in run]
            assert (happened[0], happened[-1], run.site, run.done) == ("begun", "ended", "site-a", True)
            assert "from site-a, over" in repr(run)
            again = await sites.failover_site_async("site-a", confirm="site-a")
            assert again["groups"][0]["outcome"] == "was_done"

    asyncio.run(journey())


def test_a_site_that_is_being_left_is_stopped_and_left_again(protected: protector.Protector) -> None:
    run = protected.begin_site_failover("site-a", confirm="site-a")
    with pytest.raises(errors.TimeoutError, match="failover of site site-a did not come to its end within 0 s"):
        run.result(timeout=0)
    next(iter(run))
    run.stop()
    with pytest.raises(errors.OperationFailed) as told:
        run.result()
    assert told.value.exit_code == 5 and "group web is not moved" in told.value.message
    plan = protected.plan_site_failover("site-a")
    assert [task["task"] for task in plan["groups"]] == ["resume"]
    left = protected.failover_site("site-a", confirm="site-a")
    assert [result["outcome"] for result in left["groups"]] == ["moved"]
