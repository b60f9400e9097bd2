"""What is written in Rust. Not to be used as it is: the package's own classes are made from it."""

from collections.abc import Awaitable, Iterator, Sequence
from pathlib import Path
from os import PathLike
from typing import Any, final

__all__ = [
    "Cloud",
    "Handle",
    "Pair",
    "Planned",
    "Resource",
    "Resources",
    "Run",
    "__version__",
    "codes",
]

__version__: str

def codes() -> list[tuple[str, str, str]]:
    """All codes of the published table: name, class, hint."""

@final
class Handle:
    """Both sites, opened."""

    @staticmethod
    def open(
        config: str | PathLike[str] | None,
        clouds: str | PathLike[str] | None,
        started_by: tuple[str, str, str],
    ) -> Handle: ...
    def ask(self, question: str, given: dict[str, Any], plan: Planned | None) -> Any: ...
    def ask_async(self, question: str, given: dict[str, Any], plan: Planned | None) -> Awaitable[Any]: ...
    def close(self) -> None: ...
    def close_async(self) -> Awaitable[None]: ...

@final
class Planned:
    """What planning came to, with the plan itself."""

    def document(self) -> dict[str, Any]: ...

@final
class Run:
    """An operation that is under way: what has happened in it, and how it ends."""

    @property
    def operation_id(self) -> str: ...
    @property
    def operation_type(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def plan_hash(self) -> str: ...
    @property
    def steps(self) -> list[tuple[str, str]]: ...
    @property
    def ended_already(self) -> bool: ...
    def stop(self) -> None: ...
    def event(self, place: int) -> dict[str, Any] | None: ...
    def event_async(self, place: int) -> Awaitable[dict[str, Any] | None]: ...
    def result(self, timeout: float | None = None) -> dict[str, Any]: ...
    def result_async(self, timeout: float | None = None) -> Awaitable[dict[str, Any]]: ...

@final
class Pair:
    """A simulated pair, served."""

    @staticmethod
    def start(
        directory: str | PathLike[str],
        *,
        seed: int | None = None,
        estate: str | PathLike[str] | None = None,
        time_factor: float | None = None,
        profiles: Sequence[str | PathLike[str]] = ...,
    ) -> Pair: ...
    @property
    def directory(self) -> Path: ...
    @property
    def admin(self) -> str: ...
    def close(self) -> None: ...

@final
class Cloud:
    """One cloud's typed clients, and their session."""

    @staticmethod
    def open(name: str, *, region: str | None = None, clouds: str | PathLike[str] | None = None) -> Cloud: ...
    @property
    def name(self) -> str: ...
    def list(self, kind: str, filters: dict[str, Any]) -> Resources: ...
    def list_async(self, kind: str, filters: dict[str, Any]) -> Awaitable[Resources]: ...

@final
class Resources:
    """A list that is turned into Python as it is read."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> Resource: ...
    def __iter__(self) -> Iterator[Resource]: ...
    def to_dicts(self) -> list[dict[str, Any]]: ...
    def to_json(self) -> str: ...

@final
class Resource:
    """One item of a list: its fields are attributes."""

    def __getattr__(self, name: str, /) -> Any: ...
    def to_dict(self) -> dict[str, Any]: ...
