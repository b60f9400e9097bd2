"""A group's whole life, waited for and awaited."""

from __future__ import annotations

import asyncio
import protector
import pytest
from protector.documents import Progress


def test_a_group_goes_through_its_whole_life(protected: protector.Protector) -> None:
    assert [group["name"] for group in protected.groups()] == ["web"]
    plan = protected.plan("failover", group="web")
    assert (plan.group, plan.source_site, plan.target_site) == ("web", "site-a", "site-b")
    assert plan.steps and not plan.findings and plan.loss is None and plan.hash in repr(plan)
    with protected.apply(plan, confirm="web") as run:
        events = list(run)
    assert events[-1]["progress"] == 100 and events == list(run), "each iteration begins at the beginning"
    assert run.done and run.plan_hash == plan.hash and set(run.steps) == {step["id"] for step in plan.steps}
    assert run.result()["group"]["current_primary_site"] == "site-b"
    assert [event["event"] for event in protected.watch(run.operation_id)] == [event["event"] for event in events]

    seen: list[Progress] = []
    back = protected.failback("web", confirm="web", progress=seen.append)
    assert back["group"]["current_primary_site"] == "site-a" and seen[-1]["status"] == "completed"
    assert protected.commit("web", confirm="web")["exit_code"] == 0

    assert protected.sync("web")["exit_code"] == 0
    test = protected.test_failover("web", time_to_live=3600)
    assert test["group"]["status"] == "test_active"
    assert protected.test_cleanup("web")["remains"] == []

    plan = protected.plan("failover", group="web", unplanned=True, accept_loss=True)
    assert plan.loss is not None and plan.loss["point"]
    lost = protected.apply(plan, confirm="web").result()
    assert lost["group"]["last_loss"] and lost["group"]["current_primary_site"] == "site-b"
    report = protected.report(lost["operation"]["id"])
    assert report["operation"]["id"] == lost["operation"]["id"]
    assert protected.report_html(lost["operation"]["id"]).startswith("<!")


def test_a_group_moves_with_live_progress_in_an_event_loop(pair: protector.mock.Pair) -> None:
    async def journey() -> None:
        async with protector.open(pair.config, clouds=pair.clouds) as sites:
            made = await sites.protect_async(
                "web", primary_site="site-a", secondary_site="site-b", members=["web-1"]
            )
            assert made["group"]["status"] == "active"
            plan = await sites.plan_async("failover", group="web")
            beats = 0

            async def beat() -> None:
                nonlocal beats
                while True:
                    beats += 1
                    await asyncio.sleep(0.01)

            beating = asyncio.create_task(beat())
            async with await sites.apply_async(plan, confirm="web") as run:
                progress = [event["progress"] async for event in run]
            beating.cancel()
            assert progress == sorted(progress) and progress[-1] == 100
            assert beats > len(progress), "the loop went on meanwhile"
            groups, operations = await asyncio.gather(sites.groups_async(), sites.operations_async("web"))
            assert groups[0]["current_primary_site"] == "site-b"
            assert [one["operation_type"] for one in operations] == ["protect", "failover"]

    asyncio.run(journey())


def test_a_group_is_exported_and_changed_by_its_document(protected: protector.Protector) -> None:
    document = protected.export("web")
    assert protected.changes(document) == []
    lines = ["  rpo_minutes: 7" if "rpo_minutes" in line else line for line in document.splitlines()]
    wanted = "\n".join(lines)
    (change,) = protected.changes(wanted)
    assert (change["operation"], change["group"], change["rpo_minutes"]) == ("set", "web", 7)
    protected.apply(protected.plan(**change)).result()
    assert protected.group("web")["rpo_minutes"] == 7 and protected.changes(wanted) == []


def test_what_stops_vms_and_is_not_confirmed_touches_nothing(protected: protector.Protector) -> None:
    plan = protected.plan("failover", group="web")
    before = protected.operations()
    for confirm in (None, "db"):
        with pytest.raises(protector.errors.NotConfirmedError) as told:
            protected.apply(plan, confirm=confirm)
        assert told.value.code == "not-confirmed" and "web" in told.value.message
        with pytest.raises(protector.errors.NotConfirmedError):
            protected.failover("web", confirm=confirm)
    assert protected.operations() == before
