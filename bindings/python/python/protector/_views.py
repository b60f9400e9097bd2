"""What there is to know, and what is put on record without an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import _native


class Views:
    """What there is to know of sites, groups and operations."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Handle) -> None:
        self._native = native

    def _ask(self, question: str, given: dict[str, Any], plan: _native.Planned | None = None) -> Any:
        return self._native.ask(question, given, plan)

    async def _ask_async(self, question: str, given: dict[str, Any], plan: _native.Planned | None = None) -> Any:
        return await self._native.ask_async(question, given, plan)

    def sites(self) -> list[dict[str, Any]]:
        """Both sites: ``name``, ``other_site``, ``cloud``, ``region``, ``reachable``, ``arrays``, ``primary_of``, …"""
        answer: list[dict[str, Any]] = self._ask("sites", {})
        return answer

    async def sites_async(self) -> list[dict[str, Any]]:
        """:meth:`sites` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("sites", {})
        return answer

    def site(self, site: str) -> dict[str, Any]:
        """One site, its arrays and its groups."""
        answer: dict[str, Any] = self._ask("site", {"site": site})
        return answer

    async def site_async(self, site: str) -> dict[str, Any]:
        """:meth:`site` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("site", {"site": site})
        return answer

    def validate_site(self, site: str) -> dict[str, Any]:
        """Whether a site is fit to be half of the pair: ``status`` and ``checks``, each with ``remedy``."""
        answer: dict[str, Any] = self._ask("validate_site", {"site": site})
        return answer

    async def validate_site_async(self, site: str) -> dict[str, Any]:
        """:meth:`validate_site` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("validate_site", {"site": site})
        return answer

    def volume_types(self, site: str) -> list[dict[str, Any]]:
        """Which volume types of a site can be protected, and what stands for them at the other site."""
        answer: list[dict[str, Any]] = self._ask("volume_types", {"site": site})
        return answer

    async def volume_types_async(self, site: str) -> list[dict[str, Any]]:
        """:meth:`volume_types` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("volume_types", {"site": site})
        return answer

    def validate_mappings(self) -> list[dict[str, Any]]:
        """What stands for what at the other site, and whether it is there."""
        answer: list[dict[str, Any]] = self._ask("validate_mappings", {})
        return answer

    async def validate_mappings_async(self) -> list[dict[str, Any]]:
        """:meth:`validate_mappings` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("validate_mappings", {})
        return answer

    def groups(self) -> list[dict[str, Any]]:
        """All Protection Groups."""
        answer: list[dict[str, Any]] = self._ask("groups", {})
        return answer

    async def groups_async(self) -> list[dict[str, Any]]:
        """:meth:`groups` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("groups", {})
        return answer

    def group(self, group: str) -> dict[str, Any]:
        """One Protection Group, by its name or id, with what is ``possible`` with it."""
        answer: dict[str, Any] = self._ask("group", {"group": group})
        return answer

    async def group_async(self, group: str) -> dict[str, Any]:
        """:meth:`group` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("group", {"group": group})
        return answer

    def drift(self, group: str) -> list[dict[str, Any]]:
        """What of a group's VMs is not any more as it was captured."""
        answer: list[dict[str, Any]] = self._ask("drift", {"group": group})
        return answer

    async def drift_async(self, group: str) -> list[dict[str, Any]]:
        """:meth:`drift` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("drift", {"group": group})
        return answer

    def export(self, group: str) -> str:
        """A group as a YAML document, which :meth:`changes` reads."""
        answer: str = self._ask("export", {"group": group})
        return answer

    async def export_async(self, group: str) -> str:
        """:meth:`export` for asyncio."""
        answer: str = await self._ask_async("export", {"group": group})
        return answer

    def changes(self, document: str) -> list[dict[str, Any]]:
        """What is to be done, in order, so that a group is what a YAML document says: each is ``operation`` with its arguments,
        ``p.plan(**change)`` plans it. Nothing if it is so.
        """
        answer: list[dict[str, Any]] = self._ask("changes", {"document": document})
        return answer

    async def changes_async(self, document: str) -> list[dict[str, Any]]:
        """:meth:`changes` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("changes", {"document": document})
        return answer

    def recovery_points(self, group: str) -> list[dict[str, Any]]:
        """A group's recovery points where it does not run, the newest first; ``eligible`` ones can be gone on from."""
        answer: list[dict[str, Any]] = self._ask("recovery_points", {"group": group})
        return answer

    async def recovery_points_async(self, group: str) -> list[dict[str, Any]]:
        """:meth:`recovery_points` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("recovery_points", {"group": group})
        return answer

    def rpo(self, group: str | None = None) -> list[dict[str, Any]]:
        """Whether the recovery point objectives are met, of one group or all: ``status``, ``age`` and ``objective`` in seconds."""
        answer: list[dict[str, Any]] = self._ask("rpo", {"group": group})
        return answer

    async def rpo_async(self, group: str | None = None) -> list[dict[str, Any]]:
        """:meth:`rpo` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("rpo", {"group": group})
        return answer

    def housekeeping(self) -> dict[str, Any]:
        """What is left over at both sites, what is in use, the size of the journals, and what could not be looked at."""
        answer: dict[str, Any] = self._ask("housekeeping", {})
        return answer

    async def housekeeping_async(self) -> dict[str, Any]:
        """:meth:`housekeeping` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("housekeeping", {})
        return answer

    def prune(self, *, older_than: int, journals_older_than: int | None = None) -> dict[str, Any]:
        """Removes what is left over for at least so many seconds; tells what was kept, and why.

        Deletes servers, ports, volumes and networks that bear protector's marker, and destroys snapshots recoverably. Not
        undone. With ``journals_older_than`` also the journals of operations that ended so many seconds ago, but for those that
        are still needed; `operation` shows a summary of them from then on.
        """
        asked = {"older_than": older_than, "journals_older_than": journals_older_than}
        answer: dict[str, Any] = self._ask("prune", asked)
        return answer

    async def prune_async(self, *, older_than: int, journals_older_than: int | None = None) -> dict[str, Any]:
        """:meth:`prune` for asyncio."""
        asked = {"older_than": older_than, "journals_older_than": journals_older_than}
        answer: dict[str, Any] = await self._ask_async("prune", asked)
        return answer

    def set_policy(self, group: str, policy: Mapping[str, Any]) -> dict[str, Any]:
        """Puts on record what is wanted of a group's moves from now on; what was said before is replaced."""
        answer: dict[str, Any] = self._ask("set_policy", {"group": group, "policy": policy})
        return answer

    async def set_policy_async(self, group: str, policy: Mapping[str, Any]) -> dict[str, Any]:
        """:meth:`set_policy` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("set_policy", {"group": group, "policy": policy})
        return answer

    def status(self, group: str | None = None) -> dict[str, Any]:
        """All that the stores know: ``groups``, ``operations``, ``objects``."""
        answer: dict[str, Any] = self._ask("status", {"group": group})
        return answer

    async def status_async(self, group: str | None = None) -> dict[str, Any]:
        """:meth:`status` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("status", {"group": group})
        return answer

    def operations(self, group: str | None = None) -> list[dict[str, Any]]:
        """All operations, or a group's, in the order in which they were planned."""
        answer: list[dict[str, Any]] = self._ask("operations", {"group": group})
        return answer

    async def operations_async(self, group: str | None = None) -> list[dict[str, Any]]:
        """:meth:`operations` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("operations", {"group": group})
        return answer

    def operation(self, id: str) -> dict[str, Any]:
        """One operation: ``status``, ``progress``, ``steps_completed``, ``error_message``, …"""
        answer: dict[str, Any] = self._ask("operation", {"id": id})
        return answer

    async def operation_async(self, id: str) -> dict[str, Any]:
        """:meth:`operation` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("operation", {"id": id})
        return answer

    def report(self, id: str) -> dict[str, Any]:
        """What an operation did, step by step."""
        answer: dict[str, Any] = self._ask("report", {"id": id})
        return answer

    async def report_async(self, id: str) -> dict[str, Any]:
        """:meth:`report` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("report", {"id": id})
        return answer

    def report_html(self, id: str) -> str:
        """The same as one page with a timeline that needs nothing else."""
        answer: str = self._ask("report_html", {"id": id})
        return answer

    async def report_html_async(self, id: str) -> str:
        """:meth:`report_html` for asyncio."""
        answer: str = await self._ask_async("report_html", {"id": id})
        return answer

    def remains(self, id: str) -> list[dict[str, Any]]:
        """What was still there when an operation had removed a test: normally nothing."""
        answer: list[dict[str, Any]] = self._ask("remains", {"id": id})
        return answer

    async def remains_async(self, id: str) -> list[dict[str, Any]]:
        """:meth:`remains` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("remains", {"id": id})
        return answer

    def drill(self, id: str) -> dict[str, Any]:
        """What a test or a move says of the time that a disaster would take; seconds."""
        answer: dict[str, Any] = self._ask("drill", {"id": id})
        return answer

    async def drill_async(self, id: str) -> dict[str, Any]:
        """:meth:`drill` for asyncio."""
        answer: dict[str, Any] = await self._ask_async("drill", {"id": id})
        return answer

    def tick(self) -> list[dict[str, Any]]:
        """Does what is due: ends tests past their time, captures old definitions again. Meant for every minute."""
        answer: list[dict[str, Any]] = self._ask("tick", {})
        return answer

    async def tick_async(self) -> list[dict[str, Any]]:
        """:meth:`tick` for asyncio."""
        answer: list[dict[str, Any]] = await self._ask_async("tick", {})
        return answer
