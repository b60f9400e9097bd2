"""A site is left: all of its groups are moved in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._operations import Operations
from ._run import SiteRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .documents import OutcomeOfSite, PlanOfSite, ProgressOfSite


def _given(
    site: str, unplanned: bool, accept_loss: bool, groups: Iterable[str] | None, stop_at_a_failure: bool
) -> dict[str, Any]:
    return {
        "site": site,
        "unplanned": unplanned,
        "accept_loss": accept_loss,
        "groups": None if groups is None else list(groups),
        "stop_at_a_failure": stop_at_a_failure,
    }


class SiteFailovers(Operations):
    """What is done with all groups of a site.

    ``unplanned`` does it without the site, from recovery points: what was written since is lost, and ``accept_loss`` says that
    this is accepted. ``groups`` moves these only, ``stop_at_a_failure`` begins no other group once one could not be moved.
    """

    __slots__ = ()

    def plan_site_failover(
        self,
        site: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        groups: Iterable[str] | None = None,
        stop_at_a_failure: bool = False,
    ) -> PlanOfSite:
        """What is to be done of each group when a site is left, in the order of their turns, and what refuses it; nothing is
        touched. That a group cannot be moved is no error: its ``task`` says so."""
        plan: PlanOfSite = self._ask(
            "plan_site_failover", _given(site, unplanned, accept_loss, groups, stop_at_a_failure)
        )
        return plan

    async def plan_site_failover_async(
        self,
        site: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        groups: Iterable[str] | None = None,
        stop_at_a_failure: bool = False,
    ) -> PlanOfSite:
        """:meth:`plan_site_failover` for asyncio."""
        plan: PlanOfSite = await self._ask_async(
            "plan_site_failover", _given(site, unplanned, accept_loss, groups, stop_at_a_failure)
        )
        return plan

    def begin_site_failover(
        self,
        site: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        groups: Iterable[str] | None = None,
        stop_at_a_failure: bool = False,
        confirm: str | None = None,
    ) -> SiteRun:
        """Plans that a site is left and begins it, without waiting for its end.

        Raises:
            NotConfirmedError: ``confirm`` has to be the site's name.
        """
        given = _given(site, unplanned, accept_loss, groups, stop_at_a_failure)
        return SiteRun(self._ask("begin_site_failover", {**given, "confirm": confirm}))

    async def begin_site_failover_async(
        self,
        site: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        groups: Iterable[str] | None = None,
        stop_at_a_failure: bool = False,
        confirm: str | None = None,
    ) -> SiteRun:
        """:meth:`begin_site_failover` for asyncio."""
        given = _given(site, unplanned, accept_loss, groups, stop_at_a_failure)
        return SiteRun(await self._ask_async("begin_site_failover", {**given, "confirm": confirm}))

    def failover_site(
        self,
        site: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        groups: Iterable[str] | None = None,
        stop_at_a_failure: bool = False,
        confirm: str | None = None,
        progress: Callable[[ProgressOfSite], object] | None = None,
    ) -> OutcomeOfSite:
        """Leaves a site: each of its groups is moved when those that it waits for have come to their end. Doing it again goes on
        with those that are not done. Ctrl-C begins no other group and leaves each operation where it is.

        Raises:
            NotConfirmedError: ``confirm`` has to be the site's name.
            OperationFailed: not all groups run elsewhere with all of their VMs; its ``outcome`` says what became of each.
        """
        run = self.begin_site_failover(
            site,
            unplanned=unplanned,
            accept_loss=accept_loss,
            groups=groups,
            stop_at_a_failure=stop_at_a_failure,
            confirm=confirm,
        )
        return run._followed(progress)

    async def failover_site_async(
        self,
        site: str,
        *,
        unplanned: bool = False,
        accept_loss: bool = False,
        groups: Iterable[str] | None = None,
        stop_at_a_failure: bool = False,
        confirm: str | None = None,
        progress: Callable[[ProgressOfSite], object] | None = None,
    ) -> OutcomeOfSite:
        """:meth:`failover_site` for asyncio."""
        run = await self.begin_site_failover_async(
            site,
            unplanned=unplanned,
            accept_loss=accept_loss,
            groups=groups,
            stop_at_a_failure=stop_at_a_failure,
            confirm=confirm,
        )
        return await run._followed_async(progress)
