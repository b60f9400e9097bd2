"""What can go wrong. Each exception says what was attempted, on what, where, why it failed, and what to do.

The classes follow meaning, ``code`` is the stable name of the published table (``docs/errors.md``), the same in the command,
in Ansible and in ``openstack protector``.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .documents import Finding


class ProtectorError(Exception):
    """Anything that protector says no to."""

    code: str
    """The stable name of what went wrong: kebab case."""
    message: str
    """What was attempted, on what, where, and why it failed: one line."""
    hint: str
    """What a person can do about it."""
    site: str | None
    """The site that it is about, if it is about one."""
    request_ids: list[str]
    """What the services called the requests that failed: their logs have them by these names."""
    retryable: bool
    """Whether nothing took effect and the same call may succeed later."""
    findings: list[Finding]
    """What refused an operation: each with ``code``, ``message`` and what it is about."""
    warnings: list[Finding]
    """What else there is to know."""
    exit_code: int
    """What the command would have ended with."""
    document: dict[str, Any]
    """All of it, as the command gives it with ``--output json``."""

    def __init__(self, document: dict[str, Any]) -> None:
        error = document["error"]
        self.document = document
        self.code = error["code"]
        self.message = error["message"]
        self.hint = error["hint"]
        self.site = error.get("site")
        self.request_ids = list(error.get("request_ids") or ())
        self.retryable = bool(error.get("retryable"))
        self.findings = list(document.get("findings") or ())
        self.warnings = list(document.get("warnings") or ())
        self.exit_code = int(error.get("exit_code", 1))
        super().__init__(document)

    def __str__(self) -> str:
        reasons = "".join(f"\n  {_told(finding)}" for finding in self.findings)
        return f"{self.message}{reasons}\nhint: {self.hint}\ncode: {self.code}"


def _told(finding: Finding) -> str:
    site = f" at {finding['site']}" if finding.get("site") else ""
    return f"{finding['code']}: {finding['subject']}{site}: {finding['message']}; {finding['remedy']}"


class ArgumentError(ProtectorError, ValueError):
    """An argument is missing, not known, or cannot be used: the message says which."""


class ConfigurationError(ProtectorError):
    """``protector.yaml`` or ``clouds.yaml``, or what they refer to, cannot be used."""


class AuthenticationError(ProtectorError):
    """A site or an array does not accept the credentials, or the role does not allow the call."""


class UnreachableError(ProtectorError, ConnectionError):
    """A site or an array does not answer, or not as it has to."""


class NotFoundError(ProtectorError, LookupError):
    """There is no such thing, or more than one of that name."""


class ConflictError(ProtectorError):
    """Something else holds or changes what is needed, or the world has changed since the plan was made."""


class QuotaError(ProtectorError):
    """A quota does not allow it."""


class ServiceError(ProtectorError):
    """A service refused the request, or failed."""


class CapabilityError(ProtectorError):
    """A release or a driver does not offer what is needed."""


class RefusedError(ProtectorError):
    """An operation is not possible as things stand; ``findings`` has all reasons. Nothing was changed."""


class BusyError(ProtectorError):
    """Another operation has the group."""


class NotConfirmedError(ProtectorError):
    """What stops VMs, or cannot be taken back, was not confirmed with the group's name. Nothing was changed."""


class StoreError(ProtectorError):
    """A site store cannot be read or written, or the two contradict each other."""


class TimeoutError(ProtectorError, builtins.TimeoutError):
    """It took longer than it may; what goes on, goes on."""


class ClosedError(ProtectorError, RuntimeError):
    """What is used was closed, or belongs to the process that this one was forked from: open it anew."""


class InternalError(ProtectorError):
    """A defect of protector."""


class OperationFailed(ProtectorError):
    """An operation did not complete: it was rolled back, waits for a person, or was stopped; ``outcome`` has what it came to."""

    outcome: dict[str, Any] | None
    """The operation and its group as they are now, in the form of the command's document."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document)
        self.outcome = document.get("outcome")


CLASSES: dict[str, type[ProtectorError]] = {
    "argument-invalid": ArgumentError,
    "configuration-invalid": ConfigurationError,
    "file-unusable": ArgumentError,
    "cloud-unknown": ConfigurationError,
    "secret-unavailable": ConfigurationError,
    "authentication-failed": AuthenticationError,
    "certificate-invalid": UnreachableError,
    "unreachable": UnreachableError,
    "forbidden": AuthenticationError,
    "not-found": NotFoundError,
    "ambiguous": NotFoundError,
    "conflict": ConflictError,
    "quota-exceeded": QuotaError,
    "request-refused": ServiceError,
    "service-failed": ServiceError,
    "answer-lost": UnreachableError,
    "answer-malformed": ServiceError,
    "capability-missing": CapabilityError,
    "deadline-exceeded": TimeoutError,
    "cancelled": OperationFailed,
    "store-unavailable": StoreError,
    "store-corrupt": StoreError,
    "needs-newer-release": StoreError,
    "stores-differ": StoreError,
    "group-unknown": NotFoundError,
    "group-exists": ConflictError,
    "group-busy": BusyError,
    "status-forbids": RefusedError,
    "not-confirmed": NotConfirmedError,
    "operation-refused": RefusedError,
    "operation-unknown": NotFoundError,
    "journal-removed": NotFoundError,
    "plan-outdated": ConflictError,
    "term-lost": BusyError,
    "step-conflict": ConflictError,
    "step-failed": OperationFailed,
    "rolled-back": OperationFailed,
    "key-unusable": ConfigurationError,
    "handle-closed": ClosedError,
    "internal": InternalError,
}
"""The class of each code of the published table."""


def from_document(document: dict[str, Any]) -> ProtectorError:
    """The exception that an error's document stands for."""
    if document.get("outcome") is not None:
        return OperationFailed(document)
    return CLASSES.get(document["error"]["code"], ProtectorError)(document)
