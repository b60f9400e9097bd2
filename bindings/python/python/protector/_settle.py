"""Where an answer reaches the event loop that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Future


def settle(future: Future[Any], value: Any, error: BaseException | None) -> None:
    """Gives a future its answer; a run that nobody waits for any more is stopped where ``resume`` goes on."""
    if future.done():
        stop = getattr(value, "stop", None)
        if stop is not None:
            stop()
    elif error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)
