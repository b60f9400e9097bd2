"""Signals, forks, threads."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import protector
import pytest
from protector.documents import Progress


@pytest.fixture
def keyboard() -> Iterator[None]:
    """Ctrl-C reaches this process, also where whoever started it in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keyboard")
def test_ctrl_c_ends_a_wait_at_once_and_resume_goes_on(protected: protector.Protector) -> None:
    pressed = 0.0

    def press(event: Progress) -> None:
        nonlocal pressed
        if pressed == 0.0 and event["event"]["event"] == "step_done":
            pressed = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

    run = protected.begin("failover", group="web", confirm="web")
    with pytest.raises(KeyboardInterrupt):
        run._followed(press)
    assert pressed and time.monotonic() - pressed < 0.2
    moved = protected.resume(run.operation_id).result()
    assert moved["operation"]["id"] == run.operation_id
    assert moved["group"]["current_primary_site"] == "site-b" and len(protected.operations("web")) == 2


@pytest.mark.usefixtures("keyboard")
def test_ctrl_c_ends_a_wait_in_which_nothing_happens(protected: protector.Protector) -> None:
    (operation,) = protected.operations("web")
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    run = protected.begin("failover", group="web", confirm="web")
    timer = threading.Timer(0.3, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run.result()
    assert time.monotonic() - pressed[0] < 0.2
    timer.join()
    assert protected.resume(run.operation_id).result()["operation"]["id"] != operation["id"]


def test_a_task_that_is_cancelled_stops_its_operation_and_resume_goes_on(pair: protector.mock.Pair) -> None:
    async def journey() -> None:
        async with protector.open(pair.config, clouds=pair.clouds) as sites:
            given: dict[str, Any] = {"primary_site": "site-a", "secondary_site": "site-b", "members": ["web-1"]}
            begun = asyncio.Event()
            task = asyncio.create_task(sites.protect_async("web", progress=lambda _: begun.set(), **given))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            run = await sites.resume_async()
            assert (await run.result_async())["group"]["status"] == "active"
            assert len(await sites.operations_async()) == 1

    asyncio.run(journey())


# An answer is handed over by another thread: this loop keeps that thread until the interpreter takes itself apart, or for a
# second.
ENDS_MEANWHILE = """
import asyncio, sys, threading, time
import protector

ends = threading.Lock()
ends.acquire()

class Loop(asyncio.SelectorEventLoop):
    def call_soon_threadsafe(self, *arguments, **named):
        handle = super().call_soon_threadsafe(*arguments, **named)
        ends.acquire(timeout=1)
        return handle

class Last:
    def __del__(self, release=ends.release, sleep=time.sleep):
        release()
        sleep(0.2)

async def main():
    config, clouds = sys.argv[1:]
    return await protector.open(config, clouds=clouds).groups_async()

sys.last, loop = Last(), Loop()
print(loop.run_until_complete(main()))
loop.close()
"""


def test_a_program_that_ends_while_an_answer_is_handed_over_ends_well(pair: protector.mock.Pair) -> None:
    program = [sys.executable, "-W", "error", "-c", ENDS_MEANWHILE, pair.config, pair.clouds]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[]\n", "")


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_is_told_to_open_its_own_and_can(pair: protector.mock.Pair, sites: protector.Protector) -> None:
    assert sites.groups() == []
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told = "nothing"
        try:
            try:
                sites.groups()
            except protector.errors.ClosedError as error:
                with protector.open(pair.config, clouds=pair.clouds) as own:
                    names = [site["name"] for site in own.sites()]
                told = f"{error.code} {names}"
        except BaseException as error:
            told = repr(error)
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answer:
        assert answer.read() == "handle-closed ['site-a', 'site-b']"
    assert os.waitpid(child, 0)[1] == 0
    assert sites.groups() == []


def test_two_threads_ask_everything_at_the_same_time(protected: protector.Protector) -> None:
    (operation,) = protected.operations("web")
    id = operation["id"]
    questions: list[tuple[str, tuple[Any, ...]]] = [
        *((name, ()) for name in ("sites", "groups", "validate_mappings", "rpo", "housekeeping", "status", "tick")),
        *((name, ("site-a",)) for name in ("site", "validate_site", "volume_types")),
        *((name, ("web",)) for name in ("group", "drift", "export", "recovery_points", "operations")),
        *((name, (id,)) for name in ("operation", "report", "report_html", "remains", "drill")),
    ]

    def ask(_: int) -> list[type]:
        return [type(getattr(protected, name)(*arguments)) for name, arguments in questions]

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(ask, range(2))
    assert one == other and set(one) == {list, dict, str}


def test_nothing_begins_before_it_is_needed() -> None:
    import subprocess
    import sys

    program = "import protector, os; print(len(os.listdir('/proc/self/task')), 'asyncio' in __import__('sys').modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["1", "False"]


def test_what_driver_authors_need_is_imported_when_it_is_asked_for() -> None:
    import subprocess
    import sys

    program = "import protector, sys; print('protector.driver' in sys.modules, protector.StorageDriver.__module__)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "protector.driver"]
