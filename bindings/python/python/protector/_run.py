"""Operations that are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from ._native import Run as NativeRun
    from ._native import SiteRun as NativeSiteRun
    from .documents import Outcome, OutcomeOfSite, Progress, ProgressOfSite

Event = TypeVar("Event")
End = TypeVar("End")


class Course(Generic[Event, End]):
    """Something that is under way: iterate over it, with ``for`` or ``async for``, for what happens in it.

    Each iteration begins at the beginning, so that nothing is missed. Leaving a ``with`` block waits for the end; leaving it with an
    exception stops what is under way.
    """

    __slots__ = ("_native",)

    _native: NativeRun | NativeSiteRun

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self._native.ended_already

    def __iter__(self) -> Iterator[Event]:
        """What happens, as it happens. Of an operation: ``operation``, ``status``, ``progress`` (0 to 100), ``event``. Of a site that
        is left: ``group``, ``operation``, ``happened``, ``what``."""
        place = 0
        while True:
            event = self._native.event(place)
            if event is None:
                return
            place += 1
            yield cast("Event", event)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """What happens, as it happens."""
        place = 0
        while True:
            event = await self._native.event_async(place)
            if event is None:
                return
            place += 1
            yield cast("Event", event)

    def stop(self) -> None:
        """Has nothing new begun; what is under way is awaited and journaled. :meth:`Protector.resume` goes on with an operation, and
        doing it again with a site."""
        self._native.stop()

    def result(self, timeout: float | None = None) -> End:
        """Waits for the end, at most ``timeout`` seconds, and gives the outcome. Of an operation: ``operation``, ``group``,
        ``warnings``, ``remains``, ``exit_code`` (0 done, 6 a person has to act). Of a site that is left: ``site``, ``groups``,
        ``exit_code``.

        Ctrl-C stops it.

        Raises:
            OperationFailed: it did not complete; its ``outcome`` is the same document.
            TimeoutError: it goes on.
        """
        try:
            return cast("End", self._native.result(timeout))
        except KeyboardInterrupt:
            self.stop()
            raise

    async def result_async(self, timeout: float | None = None) -> End:
        """:meth:`result` for asyncio. Cancelling it stops what is under way."""
        from asyncio import CancelledError

        try:
            return cast("End", await self._native.result_async(timeout))
        except CancelledError:
            self.stop()
            raise

    def _followed(self, progress: Callable[[Event], object] | None) -> End:
        try:
            if progress is not None:
                for event in self:
                    progress(event)
            return self.result()
        except BaseException:
            self.stop()
            raise

    async def _followed_async(self, progress: Callable[[Event], object] | None) -> End:
        try:
            if progress is not None:
                async for event in self:
                    progress(event)
            return await self.result_async()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.result()
        else:
            self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.result_async()
        else:
            self.stop()


class Run(Course["Progress", "Outcome"]):
    """An operation that is under way. It is stopped where :meth:`Protector.resume` goes on."""

    __slots__ = ()

    _native: NativeRun

    def __init__(self, native: NativeRun) -> None:
        self._native = native

    @property
    def operation_id(self) -> str:
        """The operation's id."""
        return self._native.operation_id

    @property
    def operation_type(self) -> str:
        """What it does: ``failover``, for one."""
        return self._native.operation_type

    @property
    def group(self) -> str:
        """The group's name."""
        return self._native.group

    @property
    def plan_hash(self) -> str:
        """The hash of the plan that it runs."""
        return self._native.plan_hash

    @property
    def steps(self) -> dict[str, str]:
        """The titles of the plan's steps by their ids, in the plan's order."""
        return dict(self._native.steps)

    def __repr__(self) -> str:
        state = "over" if self.done else "under way"
        return f"<Run {self.operation_type} of {self.group}, operation {self.operation_id}, {state}>"


class SiteRun(Course["ProgressOfSite", "OutcomeOfSite"]):
    """A site that is being left, group by group. When it is stopped no other group is begun and each operation is left where it is:
    doing it again goes on."""

    __slots__ = ()

    _native: NativeSiteRun

    def __init__(self, native: NativeSiteRun) -> None:
        self._native = native

    @property
    def site(self) -> str:
        """The site."""
        return self._native.site

    def __repr__(self) -> str:
        state = "over" if self.done else "under way"
        return f"<SiteRun from {self.site}, {state}>"
