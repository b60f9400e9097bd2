"""Waiting for a condition, never for a time."""
import time


class NotInTime(AssertionError):
    """A condition did not come true within its limit."""


def until(what, condition, limit=60.0, every=0.2):
    """Returns the first true answer of `condition`, asked every `every` seconds for at most
    `limit` seconds. `what` says what was waited for; a callable `what` is asked at the end, so
    that it can tell the last state."""
    end = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise NotInTime(f'{what() if callable(what) else what}: not within {limit:g} s')
        time.sleep(every)
