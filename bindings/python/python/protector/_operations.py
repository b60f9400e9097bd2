"""Operations: each is planned, confirmed, run and accounted for by one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ._run import Run
from ._views import Views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .documents import Outcome, OutcomeOfUnprotect, Progress


class Operations(Views):
    """One method an operation. All take ``confirm``, the group's name, which those need that stop VMs or take away what
    cannot be had again; and ``progress``, which is called with every event. All give the outcome: ``operation``, ``group``,
    ``warnings``, ``remains``, ``exit_code``.

    All raise :class:`~protector.errors.RefusedError` with all findings, or
    :class:`~protector.errors.NotConfirmedError`, before anything is touched, and
    :class:`~protector.errors.OperationFailed` if the operation does not complete. Ctrl-C, or the cancellation of a twin for
    asyncio, stops the operation where :meth:`Protector.resume` goes on.
    """

    __slots__ = ()

    def begin(self, operation: str, *, confirm: str | None = None, **arguments: Any) -> Run:
        """Plans an operation and begins it, without waiting for its end."""
        return Run(self._ask("begin", {"operation": operation, "confirm": confirm, **arguments}))

    async def begin_async(self, operation: str, *, confirm: str | None = None, **arguments: Any) -> Run:
        """:meth:`begin` for asyncio."""
        given = {"operation": operation, "confirm": confirm, **arguments}
        return Run(await self._ask_async("begin", given))

    def _done(
        self,
        operation: str,
        confirm: str | None,
        progress: Callable[[Progress], object] | None,
        given: dict[str, Any],
    ) -> Outcome:
        return self.begin(operation, confirm=confirm, **given)._followed(progress)

    async def _done_async(
        self,
        operation: str,
        confirm: str | None,
        progress: Callable[[Progress], object] | None,
        given: dict[str, Any],
    ) -> Outcome:
        run = await self.begin_async(operation, confirm=confirm, **given)
        return await run._followed_async(progress)

    def protect(
        self,
        group: str,
        *,
        primary_site: str,
        secondary_site: str,
        members: Iterable[str],
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Protects VMs, by name or id, as one group: twins of their volumes at the other site, and a first recovery point there."""
        given = {"group": group, "primary_site": primary_site, "secondary_site": secondary_site, "members": members}
        return self._done("protect", confirm, progress, given)

    async def protect_async(
        self,
        group: str,
        *,
        primary_site: str,
        secondary_site: str,
        members: Iterable[str],
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`protect` for asyncio."""
        given = {"group": group, "primary_site": primary_site, "secondary_site": secondary_site, "members": members}
        return await self._done_async("protect", confirm, progress, given)

    def unprotect(
        self,
        group: str,
        *,
        without_site: str | None = None,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> OutcomeOfUnprotect:
        """Ends the protection; the VMs stay where they run, and what protector made at the other site goes. ``without_site``
        leaves a site behind as it is, because it does not answer.
        """
        given = {"group": group, "without_site": without_site}
        return cast("OutcomeOfUnprotect", self._done("unprotect", confirm, progress, given))

    async def unprotect_async(
        self,
        group: str,
        *,
        without_site: str | None = None,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> OutcomeOfUnprotect:
        """:meth:`unprotect` for asyncio."""
        given = {"group": group, "without_site": without_site}
        return cast("OutcomeOfUnprotect", await self._done_async("unprotect", confirm, progress, given))

    def failover(
        self,
        group: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        recovery_point: str | None = None,
        without: Iterable[str] = (),
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Moves a group away from its home: VMs are stopped, their last writes replicated, and started at the other site.

        ``unplanned`` does so without the site where the group runs, from ``recovery_point`` or the newest eligible one: what
        was written since is lost, and ``accept_loss`` says that this is accepted. ``without`` leaves VMs out.
        """
        given = {"group": group, "unplanned": unplanned, "accept_loss": accept_loss, "recovery_point": recovery_point, "without": list(without)}
        return self._done("failover", confirm, progress, given)

    async def failover_async(
        self,
        group: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        recovery_point: str | None = None,
        without: Iterable[str] = (),
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`failover` for asyncio."""
        given = {"group": group, "unplanned": unplanned, "accept_loss": accept_loss, "recovery_point": recovery_point, "without": list(without)}
        return await self._done_async("failover", confirm, progress, given)

    def failback(
        self,
        group: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        recovery_point: str | None = None,
        without: Iterable[str] = (),
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Moves a group back to its home; otherwise as :meth:`failover`."""
        given = {"group": group, "unplanned": unplanned, "accept_loss": accept_loss, "recovery_point": recovery_point, "without": list(without)}
        return self._done("failback", confirm, progress, given)

    async def failback_async(
        self,
        group: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        recovery_point: str | None = None,
        without: Iterable[str] = (),
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`failback` for asyncio."""
        given = {"group": group, "unplanned": unplanned, "accept_loss": accept_loss, "recovery_point": recovery_point, "without": list(without)}
        return await self._done_async("failback", confirm, progress, given)

    def test_failover(
        self,
        group: str,
        *,
        recovery_point: str | None = None,
        time_to_live: int | None = None,
        floating_ips: bool = False,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Runs copies of a group's VMs at the other site, in networks of their own; production gets no request.

        :meth:`tick` ends the test after ``time_to_live`` seconds. With ``floating_ips`` each copy of what has a floating IP
        gets a new one, where its network for tests leads outside.
        """
        given = {"group": group, "recovery_point": recovery_point, "time_to_live": time_to_live, "floating_ips": floating_ips}
        return self._done("test_failover", confirm, progress, given)

    async def test_failover_async(
        self,
        group: str,
        *,
        recovery_point: str | None = None,
        time_to_live: int | None = None,
        floating_ips: bool = False,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`test_failover` for asyncio."""
        given = {"group": group, "recovery_point": recovery_point, "time_to_live": time_to_live, "floating_ips": floating_ips}
        return await self._done_async("test_failover", confirm, progress, given)

    def test_cleanup(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Ends a group's test: all that it made goes."""
        given = {"group": group}
        return self._done("test_cleanup", confirm, progress, given)

    async def test_cleanup_async(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`test_cleanup` for asyncio."""
        given = {"group": group}
        return await self._done_async("test_cleanup", confirm, progress, given)

    def sync(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Replicates a group now, and captures its VMs' definitions again."""
        given = {"group": group}
        return self._done("sync", confirm, progress, given)

    async def sync_async(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`sync` for asyncio."""
        given = {"group": group}
        return await self._done_async("sync", confirm, progress, given)

    def reprotect(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Makes a group's data reach the other site again, after an unplanned move."""
        given = {"group": group}
        return self._done("reprotect", confirm, progress, given)

    async def reprotect_async(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`reprotect` for asyncio."""
        given = {"group": group}
        return await self._done_async("reprotect", confirm, progress, given)

    def commit(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Lets go of the safety copies of a group's moves: they cannot be taken back any more."""
        given = {"group": group}
        return self._done("commit", confirm, progress, given)

    async def commit_async(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`commit` for asyncio."""
        given = {"group": group}
        return await self._done_async("commit", confirm, progress, given)

    def undo(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Takes a group's last planned move back."""
        given = {"group": group}
        return self._done("undo", confirm, progress, given)

    async def undo_async(
        self,
        group: str,
        *,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`undo` for asyncio."""
        given = {"group": group}
        return await self._done_async("undo", confirm, progress, given)

    def set(
        self,
        group: str,
        *,
        replication_interval: int | None = None,
        retention: int | None = None,
        rpo_minutes: int | None = None,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Gives a group another replication policy: interval and retention are seconds."""
        given = {"group": group, "replication_interval": replication_interval, "retention": retention, "rpo_minutes": rpo_minutes}
        return self._done("set", confirm, progress, given)

    async def set_async(
        self,
        group: str,
        *,
        replication_interval: int | None = None,
        retention: int | None = None,
        rpo_minutes: int | None = None,
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`set` for asyncio."""
        given = {"group": group, "replication_interval": replication_interval, "retention": retention, "rpo_minutes": rpo_minutes}
        return await self._done_async("set", confirm, progress, given)

    def add_member(
        self,
        group: str,
        *,
        members: Iterable[str],
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Takes more VMs into a group."""
        given = {"group": group, "members": members}
        return self._done("add_member", confirm, progress, given)

    async def add_member_async(
        self,
        group: str,
        *,
        members: Iterable[str],
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`add_member` for asyncio."""
        given = {"group": group, "members": members}
        return await self._done_async("add_member", confirm, progress, given)

    def remove_member(
        self,
        group: str,
        *,
        members: Iterable[str],
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """Takes VMs out of a group; they stay where they run."""
        given = {"group": group, "members": members}
        return self._done("remove_member", confirm, progress, given)

    async def remove_member_async(
        self,
        group: str,
        *,
        members: Iterable[str],
        confirm: str | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Outcome:
        """:meth:`remove_member` for asyncio."""
        given = {"group": group, "members": members}
        return await self._done_async("remove_member", confirm, progress, given)
