"""Simulated sites and arrays, for trying things out and for tests.

>>> import protector
>>> with protector.mock.pair() as pair:
...     servers = protector.list_servers("tenant-site-a", clouds=pair.clouds)
>>> sorted(server.name for server in servers)[:2]
['app-1', 'app-2']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _native

if TYPE_CHECKING:
    import os
    import tempfile
    from collections.abc import Iterable
    from types import TracebackType

__all__ = ["Pair", "pair"]


class Pair:
    """Two OpenStack sites and two arrays, ``site-a`` with ``array-a`` and ``site-b`` with ``array-b``, served on this
    machine's loopback until it is closed."""

    __slots__ = ("_folder", "_native")

    def __init__(self, native: _native.Pair, folder: tempfile.TemporaryDirectory[str] | None) -> None:
        self._native = native
        self._folder = folder

    @property
    def directory(self) -> str:
        """Where it keeps everything."""
        return str(self._native.directory).rstrip("/")

    @property
    def config(self) -> str:
        """The ``protector.yaml`` that leads to it."""
        return f"{self.directory}/protector.yaml"

    @property
    def clouds(self) -> str:
        """The ``clouds.yaml`` that leads to it."""
        return f"{self.directory}/clouds.yaml"

    @property
    def admin(self) -> str:
        """The address of the simulators' own interface: faults, time, requests."""
        return self._native.admin

    def close(self) -> None:
        """Ends it. A folder of its own goes; one that was named stays, and a later pair goes on in it."""
        self._native.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Pair:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def pair(
    directory: str | os.PathLike[str] | None = None,
    *,
    seed: int | None = None,
    estate: str | os.PathLike[str] | None = None,
    time_factor: float | None = None,
    profiles: Iterable[str | os.PathLike[str]] = (),
) -> Pair:
    """Serves a simulated pair.

    Args:
        directory: where it keeps everything; a folder that goes with it if none is named.
        seed: where everything that looks random begins.
        estate: a file, YAML or JSON, with what there is in a new pair; an example if none is named.
        time_factor: so many seconds of the sites pass in one of the machine's.
        profiles: files with latencies, limits and faults.

    Raises:
        ServiceError: the folder holds something else, a port is taken, or a file cannot be read or written.
    """
    folder = None
    if directory is None:
        import tempfile

        folder = tempfile.TemporaryDirectory(prefix="protector-pair-")
        directory = folder.name
    try:
        native = _native.Pair.start(
            directory, seed=seed, estate=estate, time_factor=time_factor, profiles=list(profiles)
        )
    except BaseException:
        if folder is not None:
            folder.cleanup()
        raise
    return Pair(native, folder)
