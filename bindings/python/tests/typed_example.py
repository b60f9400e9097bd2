"""What somebody writes who has their types checked: this file is looked at by mypy, and run by the tests."""

from __future__ import annotations

import protector
from protector.documents import Group, Progress, Rpo


def late(objectives: list[Rpo]) -> list[str]:
    """The groups whose objective is not met."""
    return [one["group_name"] for one in objectives if one["status"] != "met"]


def servers_at(group: Group, site: str) -> dict[str, str | None]:
    """The servers of a group's members at a site, by name."""
    return {member["name"]: member["sites"][site]["server_id"] for member in group["members"]}


def move(sites: protector.Protector, name: str) -> dict[str, str | None]:
    """Moves a group, telling how far it is."""

    def show(progress: Progress) -> None:
        print(f"{progress['progress']:3} % {progress['event']['event']}")

    plan = sites.plan("failover", group=name)
    titles: list[str] = [step["title"] for step in plan.steps]
    moved = sites.failover(name, confirm=name, progress=show)
    assert len(titles) >= len(moved["operation"]["steps_completed"])
    return servers_at(moved["group"], moved["group"]["current_primary_site"])
