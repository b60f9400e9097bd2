"""An operation that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

    from . import _native


class Run:
    """An operation that is under way: iterate over it, with ``for`` or ``async for``, for what happens in it.

    Each iteration begins at the operation's beginning, so that nothing is missed. Leaving a ``with`` block waits for the end;
    leaving it with an exception stops the operation where :meth:`Protector.resume` goes on.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _native.Run) -> None:
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

    @property
    def done(self) -> bool:
        """Whether the run is over."""
        return self._native.ended_already

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """What happens, as it happens: ``operation``, ``status``, ``progress`` (0 to 100), ``event``."""
        place = 0
        while True:
            event = self._native.event(place)
            if event is None:
                return
            place += 1
            yield event

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """What happens, as it happens."""
        place = 0
        while True:
            event = await self._native.event_async(place)
            if event is None:
                return
            place += 1
            yield event

    def stop(self) -> None:
        """Has nothing new begun; what is under way is awaited and journaled. :meth:`Protector.resume` goes on."""
        self._native.stop()

    def result(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits for the end, at most ``timeout`` seconds, and gives the outcome: ``operation``, ``group``, ``warnings``,
        ``remains``, ``exit_code`` (0 done, 6 a person has to act).

        Ctrl-C stops the run where :meth:`Protector.resume` goes on.

        Raises:
            OperationFailed: it did not complete; its ``outcome`` is the same document.
            TimeoutError: it goes on.
        """
        try:
            return self._native.result(timeout)
        except KeyboardInterrupt:
            self.stop()
            raise

    async def result_async(self, timeout: float | None = None) -> dict[str, Any]:
        """:meth:`result` for asyncio. Cancelling it stops the run where :meth:`Protector.resume` goes on."""
        from asyncio import CancelledError

        try:
            return await self._native.result_async(timeout)
        except CancelledError:
            self.stop()
            raise

    def _followed(self, progress: Callable[[dict[str, Any]], object] | None) -> dict[str, Any]:
        try:
            if progress is not None:
                for event in self:
                    progress(event)
            return self.result()
        except BaseException:
            self.stop()
            raise

    async def _followed_async(self, progress: Callable[[dict[str, Any]], object] | None) -> dict[str, Any]:
        try:
            if progress is not None:
                async for event in self:
                    progress(event)
            return await self.result_async()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.result()
        else:
            self.stop()

    async def __aenter__(self) -> Run:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.result_async()
        else:
            self.stop()

    def __repr__(self) -> str:
        state = "over" if self.done else "under way"
        return f"<Run {self.operation_type} of {self.group}, operation {self.operation_id}, {state}>"
