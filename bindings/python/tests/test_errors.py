"""Errors as a user meets them."""

from __future__ import annotations

import asyncio
from typing import Any

import protector
import pytest
from protector import _native, errors


def test_every_code_of_the_table_has_a_class() -> None:
    codes = {code: hint for code, _, hint in _native.codes()}
    assert set(errors.CLASSES) == set(codes)
    for code, hint in codes.items():
        error = errors.from_document({"error": {"code": code, "message": "no", "hint": hint}})
        assert isinstance(error, errors.CLASSES[code]) and (error.code, error.hint) == (code, hint)
        assert str(error) == f"no\nhint: {hint}\ncode: {code}"


def test_a_group_that_is_not_there_is_named_with_those_that_are(protected: protector.Protector) -> None:
    with pytest.raises(errors.NotFoundError) as told:
        protected.failover("wbe", confirm="wbe")
    assert told.value.code == "group-unknown" and told.value.exit_code == 2
    assert "wbe" in told.value.message and "web" in told.value.message and "List the groups" in told.value.hint


def test_arguments_that_cannot_be_used_are_named(sites: protector.Protector) -> None:
    unusable: list[tuple[dict[str, Any], str]] = [
        ({"unplanned": "yes"}, "argument `unplanned` of failover cannot be used"),
        ({"accept_loss": True}, "argument `accept_loss` of failover means nothing without `unplanned`"),
        ({"recovery": "x"}, "failover has no argument `recovery`: it has group, unplanned"),
    ]
    for arguments, told in unusable:
        with pytest.raises(errors.ArgumentError, match=told) as error:
            sites.plan("failover", group="web", **arguments)
        assert isinstance(error.value, ValueError) and error.value.exit_code == 2
    with pytest.raises(TypeError, match="a object cannot be an argument"):
        sites.plan("failover", group=object())  # type: ignore[arg-type]
    with pytest.raises(errors.ArgumentError, match="there is no operation move: there are protect"):
        sites.plan("move", group="web")


def test_a_refusal_has_its_findings(sites: protector.Protector) -> None:
    with pytest.raises(errors.RefusedError) as told:
        sites.protect("web", primary_site="site-a", secondary_site="site-b", members=["no-such-vm"])
    assert told.value.exit_code == 3 and told.value.findings
    assert all(finding["remedy"] in str(told.value) for finding in told.value.findings)
    assert sites.operations() == []


def test_what_a_document_asks_for_is_confirmed_before_the_first_of_it_is_begun(protected: protector.Protector) -> None:
    document = "name: web\nprimary_site: site-a\nsecondary_site: site-b\nservers: [web-2]\n"
    planned = protected.plan_changes(document)
    told = [(change["operation_type"], change["needs_confirmation"]) for change in planned["changes"]]
    assert (planned["group"], told) == ("web", [("add_member", False), ("remove_member", True)])
    first, second = planned["changes"]
    assert first["answer"] and first["answer"]["plan"] and second["answer"] is None
    with pytest.raises(errors.NotConfirmedError, match="remove_member of group web was not begun"):
        protected.confirmed_changes(document)
    assert protected.confirmed_changes(document, confirm="web") == protected.changes(document)
    with pytest.raises(errors.ConfigurationError, match="web.yaml:1: unknown key `nam`"):
        protected.changes(document.replace("name", "nam"), file="web.yaml")


def test_a_policy_that_cannot_be_is_refused_as_a_document_and_as_a_value(protected: protector.Protector) -> None:
    before = protected.group("web")
    for policy in ("order: {tiers: [[nobody]]}", '{"order": {"tiers": [["nobody"]]}}', {"order": {"tiers": [["nobody"]]}}):
        with pytest.raises(errors.RefusedError, match="nobody") as refused:
            protected.validate_policy("web", policy)  # type: ignore[arg-type]
        assert refused.value.exit_code == 3
    with pytest.raises(errors.ConfigurationError, match="policy.yaml:1.*priorty"):
        protected.validate_policy("web", "priorty: 1", file="policy.yaml")
    with pytest.raises(errors.ArgumentError, match="argument `policy` of validate_policy cannot be used"):
        protected.validate_policy("web", {"priorty": 1})  # type: ignore[arg-type]
    assert protected.group("web") == before


def test_an_unknown_cloud_and_an_expired_password_say_what_to_do(pair: protector.mock.Pair) -> None:
    with pytest.raises(errors.ConfigurationError) as unknown:
        protector.list_servers("tenant-sight-a", clouds=pair.clouds)
    assert unknown.value.code == "cloud-unknown" and "tenant-sight-a" in unknown.value.message
    with open(pair.clouds, encoding="utf-8") as file:
        text = file.read()
    with open(pair.clouds, "w", encoding="utf-8") as file:
        file.write(text.replace("simulated-secret", "expired"))
    with pytest.raises(errors.AuthenticationError) as refused:
        protector.list_servers("tenant-site-a", clouds=pair.clouds)
    error = refused.value
    assert (error.code, error.site, error.retryable) == ("authentication-failed", "tenant-site-a", False)
    assert "password" in error.hint and "expired" not in str(error)


def test_a_wait_that_is_too_long_ends_and_the_operation_goes_on(sites: protector.Protector) -> None:
    run = sites.begin(
        "protect", group="web", primary_site="site-a", secondary_site="site-b", members=["web-1"]
    )
    with pytest.raises(errors.TimeoutError) as told:
        run.result(timeout=0)
    assert isinstance(told.value, TimeoutError) and run.operation_id in told.value.message
    with pytest.raises(errors.BusyError):
        sites.set_policy("web", {"after_groups": []}) if sites.groups() else sites.resume(run.operation_id)
    assert run.result()["operation"]["status"] == "completed"


def test_what_is_closed_says_so(pair: protector.mock.Pair) -> None:
    sites = protector.open(pair.config, clouds=pair.clouds)
    sites.close()
    sites.close()
    with pytest.raises(errors.ClosedError, match="was closed"):
        sites.groups()

    async def ask() -> None:
        await sites.groups_async()

    with pytest.raises(errors.ClosedError):
        asyncio.run(ask())
