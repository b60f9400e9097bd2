"""Both sites, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _native
from ._planned import Planned
from ._run import Run
from ._site_failover import SiteFailovers

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from .documents import Operation
    from .driver import ArraySettings, StorageDriver


class Protector(SiteFailovers):
    """Both sites, their arrays and their stores. Made by :func:`protector.open`; safe to use from several threads.

    It belongs to the process that opened it: in a forked child everything raises
    :class:`~protector.errors.ClosedError`, until the child opens its own.
    """

    __slots__ = ()

    def plan(self, operation: str, *, group: str, **arguments: Any) -> Planned:
        """Every step that an operation would take; nothing is touched. Operations and arguments are those of the methods of
        the same names.

        Raises:
            RefusedError: it is not possible as things stand; ``findings`` has all reasons.
        """
        return Planned(self._ask("plan", {"operation": operation, "group": group, **arguments}))

    async def plan_async(self, operation: str, *, group: str, **arguments: Any) -> Planned:
        """:meth:`plan` for asyncio."""
        given = {"operation": operation, "group": group, **arguments}
        return Planned(await self._ask_async("plan", given))

    def apply(self, plan: Planned, *, confirm: str | None = None) -> Run:
        """Begins exactly that plan.

        Raises:
            NotConfirmedError: ``confirm`` has to be the group's name for what stops VMs or cannot be taken back.
            BusyError: another operation has the group.
            ConflictError: the group has changed since the plan was made.
        """
        return Run(self._ask("apply", {"confirm": confirm}, plan._native))

    async def apply_async(self, plan: Planned, *, confirm: str | None = None) -> Run:
        """:meth:`apply` for asyncio."""
        return Run(await self._ask_async("apply", {"confirm": confirm}, plan._native))

    def watch(self, id: str) -> Run:
        """Follows an operation from its beginning, whichever process runs it, until it ends or is left. Stopping this stops
        looking, not the operation."""
        return Run(self._ask("watch", {"id": id}))

    async def watch_async(self, id: str) -> Run:
        """:meth:`watch` for asyncio."""
        return Run(await self._ask_async("watch", {"id": id}))

    def resume(self, id: str | None = None) -> Run:
        """Goes on with an unfinished operation, the only one if none is named: looks at what was begun before it goes on."""
        return Run(self._ask("resume", {"id": id}))

    async def resume_async(self, id: str | None = None) -> Run:
        """:meth:`resume` for asyncio."""
        return Run(await self._ask_async("resume", {"id": id}))

    def pause(self, id: str) -> Operation:
        """Has an operation left where it is, by whichever process runs it; :meth:`resume` goes on. Gives the operation."""
        operation: Operation = self._ask("pause", {"id": id})
        return operation

    async def pause_async(self, id: str) -> Operation:
        """:meth:`pause` for asyncio."""
        operation: Operation = await self._ask_async("pause", {"id": id})
        return operation

    def cancel(self, id: str, reason: str) -> Run | None:
        """Has an operation undone, before its point of no return: by this process, or by the one that runs it; then there is
        nothing to follow but :meth:`watch`."""
        native = self._ask("cancel", {"id": id, "reason": reason})
        return None if native is None else Run(native)

    async def cancel_async(self, id: str, reason: str) -> Run | None:
        """:meth:`cancel` for asyncio."""
        native = await self._ask_async("cancel", {"id": id, "reason": reason})
        return None if native is None else Run(native)

    def retry_step(self, id: str, step: str) -> Run:
        """Tries a step again that failed, and goes on."""
        return Run(self._ask("retry_step", {"id": id, "step": step}))

    async def retry_step_async(self, id: str, step: str) -> Run:
        """:meth:`retry_step` for asyncio."""
        return Run(await self._ask_async("retry_step", {"id": id, "step": step}))

    def skip_step(self, id: str, step: str, reason: str) -> Run:
        """Passes over a step whose effect is there or is not needed, and goes on."""
        return Run(self._ask("skip_step", {"id": id, "step": step, "reason": reason}))

    async def skip_step_async(self, id: str, step: str, reason: str) -> Run:
        """:meth:`skip_step` for asyncio."""
        return Run(await self._ask_async("skip_step", {"id": id, "step": step, "reason": reason}))

    def close(self) -> None:
        """Stops what is under way where :meth:`resume` goes on, waiting some seconds for it to come to a rest, and ends the
        sessions with all arrays. Twice is as good as once."""
        self._native.close()

    async def close_async(self) -> None:
        """:meth:`close` for asyncio."""
        await self._native.close_async()

    def __enter__(self) -> Protector:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Protector:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close_async()


def open(
    config: str | os.PathLike[str] | None = None,
    *,
    clouds: str | os.PathLike[str] | None = None,
    started_by: str = "python",
    drivers: Mapping[str, Callable[[str, ArraySettings], StorageDriver]] | None = None,
) -> Protector:
    """Opens both sites; nothing is sent yet. The files are searched where ``openstack`` looks for ``clouds.yaml`` if they are
    not named.

    Args:
        config: ``protector.yaml``.
        clouds: ``clouds.yaml``.
        started_by: the program's name, for the journal and for whoever finds the group busy.
        drivers: what makes the drivers that ``protector.yaml`` names beside those of the package: subclasses of
            :class:`StorageDriver`, or functions of an array's name and settings.

    Raises:
        ArgumentError: a driver has the name of one of the package's own.
        ConfigurationError: a file, or what it refers to, cannot be used.
        StoreError: a site store cannot be opened.
    """
    import os

    user = os.environ.get("USER") or os.environ.get("LOGNAME") or "unknown"
    return Protector(_native.Handle.open(config, clouds, (os.uname().nodename, user, started_by), list((drivers or {}).items())))
