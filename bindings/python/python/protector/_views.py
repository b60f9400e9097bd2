"""What there is to know, and what is put on record without an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import _native
    from .documents import (
        Change,
        Drill,
        Due,
        Finding,
        Group,
        Housekeeping,
        Mapping,
        Operation,
        PlanOfChanges,
        Policy,
        Pruned,
        RecoveryPoint,
        Remnant,
        Report,
        Rpo,
        Site,
        SiteValidation,
        Status,
        VolumeType,
    )


class Views:
    """What there is to know of sites, groups and operations."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Handle) -> None:
        self._native = native

    def _ask(self, question: str, given: dict[str, Any], plan: _native.Planned | None = None) -> Any:
        return self._native.ask(question, given, plan)

    async def _ask_async(self, question: str, given: dict[str, Any], plan: _native.Planned | None = None) -> Any:
        return await self._native.ask_async(question, given, plan)

    def sites(self) -> list[Site]:
        """Both sites: ``name``, ``other_site``, ``cloud``, ``region``, ``reachable``, ``arrays``, ``primary_of``, …"""
        answer: list[Site] = self._ask("sites", {})
        return answer

    async def sites_async(self) -> list[Site]:
        """:meth:`sites` for asyncio."""
        answer: list[Site] = await self._ask_async("sites", {})
        return answer

    def site(self, site: str) -> Site:
        """One site, its arrays and its groups."""
        answer: Site = self._ask("site", {"site": site})
        return answer

    async def site_async(self, site: str) -> Site:
        """:meth:`site` for asyncio."""
        answer: Site = await self._ask_async("site", {"site": site})
        return answer

    def validate_site(self, site: str) -> SiteValidation:
        """Whether a site is fit to be half of the pair: ``status`` and ``checks``, each with ``remedy``."""
        answer: SiteValidation = self._ask("validate_site", {"site": site})
        return answer

    async def validate_site_async(self, site: str) -> SiteValidation:
        """:meth:`validate_site` for asyncio."""
        answer: SiteValidation = await self._ask_async("validate_site", {"site": site})
        return answer

    def volume_types(self, site: str) -> list[VolumeType]:
        """Which volume types of a site can be protected, and what stands for them at the other site."""
        answer: list[VolumeType] = self._ask("volume_types", {"site": site})
        return answer

    async def volume_types_async(self, site: str) -> list[VolumeType]:
        """:meth:`volume_types` for asyncio."""
        answer: list[VolumeType] = await self._ask_async("volume_types", {"site": site})
        return answer

    def validate_mappings(self) -> list[Mapping]:
        """What stands for what at the other site, and whether it is there."""
        answer: list[Mapping] = self._ask("validate_mappings", {})
        return answer

    async def validate_mappings_async(self) -> list[Mapping]:
        """:meth:`validate_mappings` for asyncio."""
        answer: list[Mapping] = await self._ask_async("validate_mappings", {})
        return answer

    def groups(self) -> list[Group]:
        """All Protection Groups."""
        answer: list[Group] = self._ask("groups", {})
        return answer

    async def groups_async(self) -> list[Group]:
        """:meth:`groups` for asyncio."""
        answer: list[Group] = await self._ask_async("groups", {})
        return answer

    def group(self, group: str) -> Group:
        """One Protection Group, by its name or id, with what is ``possible`` with it."""
        answer: Group = self._ask("group", {"group": group})
        return answer

    async def group_async(self, group: str) -> Group:
        """:meth:`group` for asyncio."""
        answer: Group = await self._ask_async("group", {"group": group})
        return answer

    def drift(self, group: str) -> list[Finding]:
        """What of a group's VMs is not any more as it was captured."""
        answer: list[Finding] = self._ask("drift", {"group": group})
        return answer

    async def drift_async(self, group: str) -> list[Finding]:
        """:meth:`drift` for asyncio."""
        answer: list[Finding] = await self._ask_async("drift", {"group": group})
        return answer

    def export(self, group: str) -> str:
        """A group as a YAML document, which :meth:`changes` reads."""
        answer: str = self._ask("export", {"group": group})
        return answer

    async def export_async(self, group: str) -> str:
        """:meth:`export` for asyncio."""
        answer: str = await self._ask_async("export", {"group": group})
        return answer

    def changes(self, document: str, *, file: str | None = None) -> list[Change]:
        """What is to be done, in order, so that a group is what a YAML document says: each is ``operation`` with its arguments,
        ``p.plan(**change)`` plans it. Nothing if it is so. ``file`` is what errors call the document.
        """
        answer: list[Change] = self._ask("changes", {"document": document, "file": file})
        return answer

    async def changes_async(self, document: str, *, file: str | None = None) -> list[Change]:
        """:meth:`changes` for asyncio."""
        answer: list[Change] = await self._ask_async("changes", {"document": document, "file": file})
        return answer

    def plan_changes(self, document: str, *, file: str | None = None) -> PlanOfChanges:
        """The same as a plan: of each operation, whether it has to be confirmed, and of the first all that it would do. Those
        after it build on what it does, and are planned then. Nothing is touched.

        Raises:
            RefusedError: the first is not possible as things stand.
        """
        answer: PlanOfChanges = self._ask("plan_changes", {"document": document, "file": file})
        return answer

    async def plan_changes_async(self, document: str, *, file: str | None = None) -> PlanOfChanges:
        """:meth:`plan_changes` for asyncio."""
        answer: PlanOfChanges = await self._ask_async("plan_changes", {"document": document, "file": file})
        return answer

    def confirmed_changes(
        self, document: str, *, confirm: str | None = None, file: str | None = None
    ) -> list[Change]:
        """:meth:`changes`, of which none will be refused for want of confirmation once others are done:
        ``p.begin(**change, confirm=confirm)`` begins each, when the one before it is done.

        Raises:
            NotConfirmedError: ``confirm`` has to be the group's name, if one of them stops VMs or cannot be taken back.
        """
        asked = {"document": document, "confirm": confirm, "file": file}
        answer: list[Change] = self._ask("confirmed_changes", asked)
        return answer

    async def confirmed_changes_async(
        self, document: str, *, confirm: str | None = None, file: str | None = None
    ) -> list[Change]:
        """:meth:`confirmed_changes` for asyncio."""
        asked = {"document": document, "confirm": confirm, "file": file}
        answer: list[Change] = await self._ask_async("confirmed_changes", asked)
        return answer

    def recovery_points(self, group: str) -> list[RecoveryPoint]:
        """A group's recovery points where it does not run, the newest first; ``eligible`` ones can be gone on from."""
        answer: list[RecoveryPoint] = self._ask("recovery_points", {"group": group})
        return answer

    async def recovery_points_async(self, group: str) -> list[RecoveryPoint]:
        """:meth:`recovery_points` for asyncio."""
        answer: list[RecoveryPoint] = await self._ask_async("recovery_points", {"group": group})
        return answer

    def rpo(self, group: str | None = None) -> list[Rpo]:
        """Whether the recovery point objectives are met, of one group or all: ``status``, ``age`` and ``objective`` in seconds."""
        answer: list[Rpo] = self._ask("rpo", {"group": group})
        return answer

    async def rpo_async(self, group: str | None = None) -> list[Rpo]:
        """:meth:`rpo` for asyncio."""
        answer: list[Rpo] = await self._ask_async("rpo", {"group": group})
        return answer

    def housekeeping(self, *, older_than: int | None = None) -> Housekeeping:
        """What is left over at both sites, what is in use, the size of the journals, and what could not be looked at. With
        ``older_than`` what is left over for so many seconds only."""
        answer: Housekeeping = self._ask("housekeeping", {"older_than": older_than})
        return answer

    async def housekeeping_async(self, *, older_than: int | None = None) -> Housekeeping:
        """:meth:`housekeeping` for asyncio."""
        answer: Housekeeping = await self._ask_async("housekeeping", {"older_than": older_than})
        return answer

    def prune(
        self, *, older_than: int, journals_older_than: int | None = None, confirm: str | None = None
    ) -> Pruned:
        """Removes what is left over for at least so many seconds; tells what was kept, and why.

        Deletes servers, ports, volumes and networks that bear protector's marker, and destroys snapshots recoverably. Not
        undone. With ``journals_older_than`` also the journals of operations that ended so many seconds ago, but for those that
        are still needed; `operation` shows a summary of them from then on.

        Raises:
            NotConfirmedError: ``confirm`` has to be ``prune``.
        """
        asked = {"older_than": older_than, "journals_older_than": journals_older_than, "confirm": confirm}
        answer: Pruned = self._ask("prune", asked)
        return answer

    async def prune_async(
        self, *, older_than: int, journals_older_than: int | None = None, confirm: str | None = None
    ) -> Pruned:
        """:meth:`prune` for asyncio."""
        asked = {"older_than": older_than, "journals_older_than": journals_older_than, "confirm": confirm}
        answer: Pruned = await self._ask_async("prune", asked)
        return answer

    def set_policy(self, group: str, policy: Policy | str, *, file: str | None = None) -> Group:
        """Puts on record what is wanted of a group's moves from now on; what was said before is replaced. Text is a YAML document,
        ``file`` what errors call it."""
        answer: Group = self._ask("set_policy", {"group": group, "policy": policy, "file": file})
        return answer

    async def set_policy_async(self, group: str, policy: Policy | str, *, file: str | None = None) -> Group:
        """:meth:`set_policy` for asyncio."""
        answer: Group = await self._ask_async("set_policy", {"group": group, "policy": policy, "file": file})
        return answer

    def validate_policy(self, group: str, policy: Policy | str, *, file: str | None = None) -> Policy:
        """Whether a policy can be one of a group, as it is now; nothing is changed. Gives the policy as it is understood. Text is a
        YAML document, ``file`` what errors call it.

        Raises:
            RefusedError: it cannot be; the message says all of why.
        """
        answer: Policy = self._ask("validate_policy", {"group": group, "policy": policy, "file": file})
        return answer

    async def validate_policy_async(self, group: str, policy: Policy | str, *, file: str | None = None) -> Policy:
        """:meth:`validate_policy` for asyncio."""
        asked = {"group": group, "policy": policy, "file": file}
        answer: Policy = await self._ask_async("validate_policy", asked)
        return answer

    def status(self, group: str | None = None) -> Status:
        """All that the stores know: ``groups``, ``operations``, ``objects``."""
        answer: Status = self._ask("status", {"group": group})
        return answer

    async def status_async(self, group: str | None = None) -> Status:
        """:meth:`status` for asyncio."""
        answer: Status = await self._ask_async("status", {"group": group})
        return answer

    def operations(self, group: str | None = None) -> list[Operation]:
        """All operations, or a group's, in the order in which they were planned."""
        answer: list[Operation] = self._ask("operations", {"group": group})
        return answer

    async def operations_async(self, group: str | None = None) -> list[Operation]:
        """:meth:`operations` for asyncio."""
        answer: list[Operation] = await self._ask_async("operations", {"group": group})
        return answer

    def operation(self, id: str) -> Operation:
        """One operation: ``status``, ``progress``, ``steps_completed``, ``error_message``, …"""
        answer: Operation = self._ask("operation", {"id": id})
        return answer

    async def operation_async(self, id: str) -> Operation:
        """:meth:`operation` for asyncio."""
        answer: Operation = await self._ask_async("operation", {"id": id})
        return answer

    def report(self, id: str) -> Report:
        """What an operation did, step by step."""
        answer: Report = self._ask("report", {"id": id})
        return answer

    async def report_async(self, id: str) -> Report:
        """:meth:`report` for asyncio."""
        answer: Report = await self._ask_async("report", {"id": id})
        return answer

    def report_html(self, id: str) -> str:
        """The same as one page with a timeline that needs nothing else."""
        answer: str = self._ask("report_html", {"id": id})
        return answer

    async def report_html_async(self, id: str) -> str:
        """:meth:`report_html` for asyncio."""
        answer: str = await self._ask_async("report_html", {"id": id})
        return answer

    def remains(self, id: str) -> list[Remnant]:
        """What was still there when an operation had removed a test: normally nothing."""
        answer: list[Remnant] = self._ask("remains", {"id": id})
        return answer

    async def remains_async(self, id: str) -> list[Remnant]:
        """:meth:`remains` for asyncio."""
        answer: list[Remnant] = await self._ask_async("remains", {"id": id})
        return answer

    def drill(self, id: str) -> Drill:
        """What a test or a move says of the time that a disaster would take; seconds."""
        answer: Drill = self._ask("drill", {"id": id})
        return answer

    async def drill_async(self, id: str) -> Drill:
        """:meth:`drill` for asyncio."""
        answer: Drill = await self._ask_async("drill", {"id": id})
        return answer

    def tick(self) -> list[Due]:
        """Does what is due: ends tests past their time, captures old definitions again. Meant for every minute."""
        answer: list[Due] = self._ask("tick", {})
        return answer

    async def tick_async(self) -> list[Due]:
        """:meth:`tick` for asyncio."""
        answer: list[Due] = await self._ask_async("tick", {})
        return answer
