"""The conformance suite for storage drivers that are written in Python.

Whoever writes a driver gives the suite a :class:`Bench`: two arrays that replicate to each other, and the means to arrange things
on them that no driver does. :func:`conformance` then tells every clause of the contract that is broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict

from . import _native

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .driver import StorageDriver

__all__ = ["Arranged", "Bench", "Half", "Violation", "conformance"]

Half = Literal["a", "b"]
"""One of the two arrays; groups of each replicate to the other."""


class Arranged(TypedDict):
    """A group that a bench has made: as Cinder would name it and its volumes, with the other array as its target, which does not
    allow it yet, and its schedule off."""

    group: str
    """The id of the consistency group."""
    volumes: list[str]
    """The ids of its volumes at Cinder, in order."""


class Violation(NamedTuple):
    """A clause is broken."""

    clause: int
    found: str
    """What was found, and the failure that shows it if one does."""


class Bench:
    """Two arrays that replicate to each other, and what the suite has to arrange on them. Each method has to be there."""

    def open(self, half: Half) -> StorageDriver:
        """Opens a driver anew, as a new process would."""
        raise NotImplementedError

    def create_group(self, half: Half, volumes: int) -> Arranged:
        """Makes a group of so many volumes."""
        raise NotImplementedError

    def delete_group(self, half: Half, group: Arranged) -> None:
        """Deletes a group as Cinder does: its volumes stay, and so does what its target has of it."""
        raise NotImplementedError

    def create_volume(self, half: Half) -> str:
        """Makes a volume that is in no group; its id at Cinder."""
        raise NotImplementedError

    def create_lookalikes(self, half: Half, of: Arranged) -> None:
        """Makes objects of others whose names resemble those of a group: longer ones, prefixed ones."""
        raise NotImplementedError

    def connect(self, half: Half, volume: str) -> None:
        """Connects a volume, by its id on the array, to a host."""
        raise NotImplementedError

    def disconnect(self, half: Half, volume: str) -> None:
        """Disconnects a volume from all hosts."""
        raise NotImplementedError

    def write(self, half: Half, volume: str, content: str) -> None:
        """Makes a text the content of a volume."""
        raise NotImplementedError

    def read(self, half: Half, volume: str) -> str:
        """Reads the content of a volume; empty, if none was written."""
        raise NotImplementedError

    def slow_transfers(self) -> None:
        """Lets transfers that begin from now on take so long that they can be held."""
        raise NotImplementedError

    def hold_transfers(self) -> None:
        """Stops the transfers that have begun. Until they are released their source need not answer."""
        raise NotImplementedError

    def release_transfers(self) -> None:
        """Lets the transfers that are held go on; those that begin later are quick again."""
        raise NotImplementedError

    def schedule_often(self, keep: int | None) -> None:
        """Lets schedules that are on make a point every moment, and retention keep so many of each group's scheduled points, the
        newest; None keeps all. Points that were asked for are not retention's affair."""
        raise NotImplementedError

    def schedule_as_set(self) -> None:
        """Lets schedules and retention be again as they are set."""
        raise NotImplementedError

    def everything(self, half: Half) -> dict[str, dict[str, str]]:
        """Everything on an array, discarded objects included: by kind and name, all that matters of it and nothing that changes by
        itself. What is eradicated is not there any more."""
        raise NotImplementedError

    def sessions(self, half: Half) -> int:
        """How many sessions with an array are open, those of others included."""
        raise NotImplementedError

    def kill(self, half: Half) -> None:
        """Lets an array die: nothing that it is asked is answered or refused until it is revived."""
        raise NotImplementedError

    def revive(self, half: Half) -> None:
        """Revives an array as it was."""
        raise NotImplementedError

    def wait(self) -> None:
        """Lets a moment pass, real or virtual; a verb that was given up comes to its end meanwhile."""
        raise NotImplementedError


def conformance(bench: Bench, clauses: Iterable[int] | None = None) -> list[Violation]:
    """Tries all clauses of the contract, or those that are named, one after the other, and tells which are broken: none, if the
    driver keeps the contract."""
    violations = []
    for clause in _native.clauses() if clauses is None else clauses:
        found = _native.try_clause(bench, clause)
        if found is not None:
            violations.append(Violation(clause, found))
    return violations
