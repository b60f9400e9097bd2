"""What the package answers is what its types say, field by field, both ways."""

from __future__ import annotations

import inspect
import time
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import protector
import pytest
import typed_example
from conforming import differences
from protector import documents
from protector.documents import (
    Change,
    Drill,
    Due,
    Finding,
    Group,
    Housekeeping,
    Mapping,
    Operation,
    Outcome,
    OutcomeOfSite,
    OutcomeOfUnprotect,
    PlannedDocument,
    PlanOfChanges,
    PlanOfSite,
    Policy,
    Progress,
    ProgressOfSite,
    Pruned,
    RecoveryPoint,
    Remnant,
    Report,
    Rpo,
    Site,
    SiteValidation,
    Status,
    VolumeType,
)


@pytest.fixture
def pair(quick_pair: protector.mock.Pair) -> protector.mock.Pair:
    """Nothing here depends on how quickly time passes."""
    return quick_pair


class Judge:
    """Judges documents, and knows which types it has seen."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, value: Any, wanted: Any) -> Any:
        assert differences(value, wanted) == []
        self.see(value, wanted)
        return value

    def see(self, value: Any, wanted: Any) -> None:
        """What is of a type, wherever it is in the document."""
        if is_typeddict(wanted):
            if isinstance(value, dict) and not differences(value, wanted):
                self.seen.add(wanted.__name__)
                for name, inner in get_type_hints(wanted).items():
                    if name in value:
                        self.see(value[name], inner)
            return
        origin, arguments = get_origin(wanted), get_args(wanted)
        if origin is list and isinstance(value, list):
            for item in value:
                self.see(item, arguments[0])
        elif origin is dict and isinstance(value, dict):
            for item in value.values():
                self.see(item, arguments[1])
        else:
            for one in arguments:
                self.see(value, one)


NOT_SEEN = {
    "Absence": "a VM that was left behind",
    "DrillFloatingIp": "a test in a network that leads outside",
    "Remnant": "a test that was not removed wholly",
    "TakenUp": "a site failover that was stopped",
    "Transfer": "a transfer that takes long",
    "Unread": "a site that does not answer",
}
"""What it takes to see the others."""


def what_is_due(p: protector.Protector) -> list[Due]:
    """What a tick does, once something is due."""
    longest = time.monotonic() + 60
    while not (done := p.tick()):
        assert time.monotonic() < longest, "nothing becomes due"
    return done


def test_every_answer_is_of_its_type(protected: protector.Protector) -> None:
    judge, p = Judge(), protected
    assert judge(p.validate_policy("web", "{priority: 2}"), Policy)["priority"] == 2
    judge(p.set_policy("web", {"priority": 2, "order": {"tiers": [["web-1"]]}, "stop": {"within": 30, "otherwise": "wait"}}), Group)
    judge(p.sites(), list[Site])
    judge(p.site("site-a"), Site)
    judge(p.validate_site("site-a"), SiteValidation)
    judge(p.volume_types("site-a"), list[VolumeType])
    assert judge(p.validate_mappings(), list[Mapping])
    assert judge(p.groups(), list[Group])
    judge(p.drift("web"), list[Finding])
    with pytest.raises(protector.errors.RefusedError) as refused:
        p.protect("db", primary_site="site-a", secondary_site="site-b", members=["no-such-vm"])
    assert judge(refused.value.findings, list[Finding])
    document = "\n".join("  rpo_minutes: 7" if "rpo_minutes" in line else line for line in p.export("web").splitlines())
    assert judge(p.changes(document), list[Change])
    (change,) = judge(p.plan_changes(document), PlanOfChanges)["changes"]
    assert (change["operation_type"], change["needs_confirmation"]) == ("set", False)
    assert judge(p.recovery_points("web"), list[RecoveryPoint])
    judge(p.rpo(), list[Rpo])
    planned = p.plan("failover", group="web")
    judge(planned.document, PlannedDocument)
    with p.apply(planned, confirm="web") as run:
        assert judge(list(run), list[Progress])
    moved = judge(run.result(), Outcome)
    judge(p.watch(moved["operation"]["id"]).result(), Outcome)
    judge(p.failback("web", confirm="web"), Outcome)
    judge(p.commit("web", confirm="web"), Outcome)
    judge(p.sync("web"), Outcome)
    tested = judge(p.test_failover("web", time_to_live=3600), Outcome)
    judge(p.group("web"), Group)
    cleaned = judge(p.test_cleanup("web"), Outcome)
    judge(p.remains(cleaned["operation"]["id"]), list[Remnant])
    judge(p.drill(tested["operation"]["id"]), Drill)
    p.test_failover("web", time_to_live=1)
    judge(what_is_due(p), list[Due])
    lost = p.plan("failover", group="web", unplanned=True, accept_loss=True)
    judge(lost.document, PlannedDocument)
    gone = judge(p.apply(lost, confirm="web").result(), Outcome)
    judge(p.report(gone["operation"]["id"]), Report)
    judge(p.group("web"), Group)
    assert judge(p.operations(), list[Operation])
    judge(p.operation(gone["operation"]["id"]), Operation)
    judge(p.status(), Status)
    judge(p.housekeeping(), Housekeeping)
    judge(p.prune(older_than=86400, confirm="prune"), Pruned)
    without = judge(p.prune(older_than=86400, journals_older_than=0, confirm="prune"), Pruned)["journals"]["removed"]
    assert without and judge(p.operations(), list[Operation])
    judge(p.tick(), list[Due])
    judge(p.plan_site_failover("site-b"), PlanOfSite)
    happened: list[Any] = []
    judge(p.reprotect("web", confirm="web"), Outcome)
    judge(p.failover_site("site-b", confirm="site-b", progress=happened.append), OutcomeOfSite)
    assert judge(happened, list[ProgressOfSite])
    judge(p.unprotect("web", confirm="web"), OutcomeOfUnprotect)

    types = {name for name, kind in inspect.getmembers(documents, is_typeddict) if not name.startswith("_")}
    concrete = {name for name in types if not name.endswith("Extras")}
    unseen = concrete - judge.seen
    assert unseen == set(NOT_SEEN)


def test_a_difference_is_found_both_ways(protected: protector.Protector) -> None:
    group: Any = protected.group("web")
    assert differences({**group, "colour": "red"}, Group) == [".colour is not known"]
    assert differences({name: group[name] for name in group if name != "epoch"}, Group) == [".epoch is missing"]
    assert differences({**group, "epoch": "1"}, Group) == [".epoch: '1' is no <class 'int'>"]
    assert "is none of" in differences({**group, "status": "fine"}, Group)[0]
    with pytest.raises(AssertionError):
        Judge()([group], list[Site])


def test_what_is_written_with_types_runs(protected: protector.Protector, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed_example.late(protected.rpo()) == []
    before = typed_example.servers_at(protected.group("web"), "site-b")
    moved = typed_example.move(protected, "web")
    assert before == {"web-1": None} and moved["web-1"]
    assert "100 % finished" in capsys.readouterr().out
