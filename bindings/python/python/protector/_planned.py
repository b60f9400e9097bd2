"""A plan, before anything is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import _native


class Planned:
    """Every step that an operation would take, frozen: what is shown is what :meth:`Protector.apply` runs."""

    __slots__ = ("_native", "document")

    document: dict[str, Any]
    """All of it, as ``protector plan show --output json`` gives it."""

    def __init__(self, native: _native.Planned) -> None:
        self._native = native
        self.document = native.document()

    @property
    def hash(self) -> str:
        """What identifies the plan: the same steps for the same world have the same hash."""
        return str(self.document["plan"]["hash"])

    @property
    def operation_type(self) -> str:
        """What the operation does: ``failover``, for one."""
        return str(self.document["plan"]["operation_type"])

    @property
    def group(self) -> str:
        """The group's name: what :meth:`Protector.apply` wants as ``confirm``."""
        return str(self.document["plan"]["group_name"])

    @property
    def source_site(self) -> str:
        """Where the group runs."""
        return str(self.document["plan"]["source_site"])

    @property
    def target_site(self) -> str:
        """The other site."""
        return str(self.document["plan"]["target_site"])

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps in their order: ``id``, ``kind``, ``site``, ``title``, ``after``, ``calls``, ``revert``, ``optional``."""
        return list(self.document["plan"]["steps"])

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What refuses it: nothing, or there would be no plan."""
        return list(self.document["findings"])

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """What there is to know before it is begun."""
        return list(self.document["warnings"])

    @property
    def loss(self) -> dict[str, Any] | None:
        """What an unplanned move would lose: ``point``, ``from``, ``last_contact``, ``until``."""
        loss: dict[str, Any] | None = self.document["loss"]
        return loss

    def __str__(self) -> str:
        return str(self._native)

    def __repr__(self) -> str:
        return f"<Planned {self.operation_type} of {self.group}, {len(self.steps)} steps, {self.hash}>"
