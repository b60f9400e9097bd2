"""A plan, before anything is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import _native
    from .documents import Finding, LossForecast, Plan, PlannedDocument, Step


class Planned:
    """Every step that an operation would take, frozen: what is shown is what :meth:`Protector.apply` runs."""

    __slots__ = ("_native", "document")

    document: PlannedDocument
    """All of it, as ``protector plan show --output json`` gives it."""

    def __init__(self, native: _native.Planned) -> None:
        self._native = native
        self.document = native.document()

    @property
    def _plan(self) -> Plan:
        plan = self.document["plan"]
        assert plan is not None, "what has no plan is refused"
        return plan

    @property
    def hash(self) -> str:
        """What identifies the plan: the same steps for the same world have the same hash."""
        return self._plan["hash"]

    @property
    def operation_type(self) -> str:
        """What the operation does: ``failover``, for one."""
        return self._plan["operation_type"]

    @property
    def group(self) -> str:
        """The group's name: what :meth:`Protector.apply` wants as ``confirm``."""
        return self._plan["group_name"]

    @property
    def source_site(self) -> str:
        """Where the group runs."""
        return self._plan["source_site"]

    @property
    def target_site(self) -> str:
        """The other site."""
        return self._plan["target_site"]

    @property
    def steps(self) -> list[Step]:
        """The steps in their order: ``id``, ``kind``, ``site``, ``title``, ``after``, ``calls``, ``revert``, ``optional``."""
        return list(self._plan["steps"])

    @property
    def findings(self) -> list[Finding]:
        """What refuses it: nothing, or there would be no plan."""
        return list(self.document["findings"])

    @property
    def warnings(self) -> list[Finding]:
        """What there is to know before it is begun."""
        return list(self.document["warnings"])

    @property
    def loss(self) -> LossForecast | None:
        """What an unplanned move would lose: ``point``, ``from``, ``last_contact``, ``until``."""
        return self.document["loss"]

    def __str__(self) -> str:
        return str(self._native)

    def __repr__(self) -> str:
        return f"<Planned {self.operation_type} of {self.group}, {len(self.steps)} steps, {self.hash}>"
