"""What is written in Rust. Not to be used as it is: the package's own classes are made from it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, final

from .documents import PlannedDocument
from .driver import Capability, StorageDriver
from .testing import Bench

__all__ = [
    "ArraySettings",
    "Cloud",
    "Context",
    "Driver",
    "Handle",
    "Pair",
    "Planned",
    "Resource",
    "Resources",
    "Run",
    "SiteRun",
    "__version__",
    "clauses",
    "codes",
    "try_clause",
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
        drivers: list[tuple[str, Callable[[str, ArraySettings], StorageDriver]]],
    ) -> Handle: ...
    def ask(self, question: str, given: dict[str, Any], plan: Planned | None) -> Any: ...
    def ask_async(self, question: str, given: dict[str, Any], plan: Planned | None) -> Awaitable[Any]: ...
    def close(self) -> None: ...
    def close_async(self) -> Awaitable[None]: ...

@final
class Planned:
    """What planning came to, with the plan itself."""

    def document(self) -> PlannedDocument: ...

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
class SiteRun:
    """A site that is being left: what has happened to its groups, and what became of each."""

    @property
    def site(self) -> str: ...
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

@final
class Context:
    """Goes with every verb of a driver: until when it may take, and whether it is still wanted."""

    def __new__(cls, timeout: float | None = None) -> Context: ...
    @property
    def remaining(self) -> float | None:
        """Seconds until it has to have ended; None without an end."""
    @property
    def wanted(self) -> bool:
        """Whether it may go on: neither has its time passed, nor was it cancelled."""

@final
class ArraySettings:
    """How an array is reached: what the configuration says, with the secret and the certificates read."""

    def __new__(
        cls,
        url: str,
        api_token: str,
        *,
        authorities: bytes | None = None,
        identity: bytes | None = None,
        verify: bool = True,
    ) -> ArraySettings: ...
    @property
    def url(self) -> str:
        """Where its management interface is."""
    @property
    def api_token(self) -> str:
        """The secret: for the array only."""
    @property
    def authorities(self) -> bytes | None:
        """PEM of authorities to trust beside the system's."""
    @property
    def identity(self) -> bytes | None:
        """PEM of a client certificate and its key."""
    @property
    def verify(self) -> bool:
        """False accepts any certificate."""

@final
class Driver:
    """A driver as protector sees it."""

    @staticmethod
    def open(name: str, array: str, settings: ArraySettings) -> Driver: ...
    @staticmethod
    def of(array: str, driver: StorageDriver) -> Driver: ...
    @property
    def capabilities(self) -> list[Capability]: ...
    def ask(self, verb: str, context: Context, given: list[Any]) -> Any: ...

def clauses() -> list[int]:
    """The numbers of the contract's clauses."""

def try_clause(bench: Bench, clause: int) -> str | None:
    """Tries one clause, and tells how it is broken."""
