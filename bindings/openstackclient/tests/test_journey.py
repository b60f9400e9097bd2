"""A group's life, by the real `openstack` command: what it says, and how the group is after it."""

import json
import os
import re
import time
from pathlib import Path

import jsonschema
import protector
import pytest

ID = r"[a-z]+-[0-9a-f-]{36}"

GROUP = [
    "id", "name", "status", "replication_type", "primary_site", "secondary_site", "current_primary_site",
    "consistency_group_id", "failover_count", "last_failover_at",
]
OPERATION = [
    "id", "operation_type", "status", "progress", "source_site", "target_site", "started_at", "completed_at",
    "steps_completed", "steps_failed", "error_message",
]


def group(openstack, **expected):
    """The group, which is as it is expected."""
    found = openstack.document("protector", "protection-group", "show", "web")
    assert {name: found[name] for name in expected} == expected
    return found


def settled(openstack, kind):
    """Waits until the newest operation, which is of that kind, has ended and all that it held is free."""
    longest = time.monotonic() + 60
    while not (operations := openstack.document("protector", "operation", "list"))[-1]["operation_type"] == kind:
        assert time.monotonic() < longest, operations
    completed(openstack.document("protector", "operation", "watch"), kind)


def completed(operation, kind):
    """That an operation of that kind is completed, and has the fields that scripts rely on."""
    assert list(operation) == OPERATION
    assert (operation["operation_type"], operation["status"], operation["progress"]) == (kind, "completed", 100)
    assert operation["steps_completed"] and operation["steps_failed"] == []


def test_a_group_is_shown_as_the_table_that_users_know(protected):
    shown = protected("protector", "protection-group", "show", "web").stdout
    lines = [line.split("|")[1:3] for line in shown.splitlines() if line.startswith("|")]
    assert [field.strip() for field, _ in lines] == ["Field", *GROUP]
    values = {field.strip(): value.strip() for field, value in lines}
    assert re.fullmatch(ID, values.pop("id"))
    assert re.fullmatch(r"[0-9a-f-]{36}", values.pop("consistency_group_id"))
    assert values == {
        "Field": "Value", "name": "web", "status": "active", "replication_type": "async", "primary_site": "site-a",
        "secondary_site": "site-b", "current_primary_site": "site-a", "failover_count": "0", "last_failover_at": "None",
    }
    alias = protected("dr", "protection", "group", "show", "web").stdout
    assert alias == shown


def test_the_answers_of_all_that_only_looks_have_their_forms(protected):
    for command, schema in FORMS.items():
        jsonschema.validate(protected.document("protector", *command.split()), schema)


@pytest.mark.parametrize("form", ["yaml", "csv", "value"])
def test_other_formats_have_machine_values(protected, form):
    shown = protected("protector", "rpo", "check", "web", "-f", form, "-c", "objective").stdout
    assert shown.replace("objective", "").strip('-: "\n') in ("900", "1800")


def test_a_dry_run_shows_the_plan_that_is_run_and_changes_nothing(protected):
    before = group(protected, status="active")
    dry = protected.document("protector", "protection-group", "failover", "web", "--dry-run")
    shown = protected.document("protector", "plan", "show", "failover", "web")
    # How much is to be sent is a forecast, and may change from one moment to the next.
    assert {**dry, "replication": None} == {**shown, "replication": None}
    assert re.fullmatch("[0-9a-f]{64}", dry["hash"])
    assert [step["id"] for step in dry["steps"]][0] == "validate_target"
    assert group(protected) == before
    done = protected.document("protector", "protection-group", "failover", "web", "--confirm", "web", "--wait")
    completed(done, "failover")
    group(protected, status="failed_over", current_primary_site="site-b", failover_count=1)
    report = protected("protector", "operation", "report")
    assert dry["hash"] in report.stderr


def test_an_operation_is_shown_as_the_table_that_users_know(protected):
    shown = protected("protector", "operation", "show").stdout
    fields = [line.split("|")[1].strip() for line in shown.splitlines() if line.startswith("|")]
    assert fields == ["Field", *OPERATION]
    found = protected.document("protector", "operation", "show")
    assert isinstance(found["steps_completed"], list) and isinstance(found["progress"], int)
    assert f"{len(found['steps_completed'])} steps" in shown


def test_an_operation_that_is_left_is_resumed(protected):
    left = protected(
        "protector", "protection-group", "failback", "web", "--confirm", "web", "--timeout", "0.1", exit_code=5
    )
    assert "operation resume" in left.stderr and "code: cancelled" in left.stderr
    unfinished = protected.document("protector", "operation", "show")
    assert unfinished["status"] in ("running", "paused") and unfinished["completed_at"] is None
    completed(protected.document("protector", "operation", "resume"), "failback")
    watched = protected.document("protector", "operation", "watch")
    assert watched["id"] == unfinished["id"]
    group(protected, status="active", current_primary_site="site-a")


def test_a_test_runs_beside_production_and_is_ended(protected):
    # The points that there are hold what was overwritten by the move home.
    completed(protected.document("protector", "protection-group", "sync", "web"), "sync")
    completed(protected.document("protector", "protection-group", "test-failover", "web"), "test_failover")
    group(protected, status="test_active", current_primary_site="site-a")
    completed(protected.document("protector", "protection-group", "test-cleanup", "web"), "test_cleanup")
    group(protected, status="active", current_primary_site="site-a")


def test_a_policy_is_set_and_members_come_and_go(protected):
    changed = ("protection-group", "set", "web", "--rpo-minutes", "30")
    completed(protected.document("protector", *changed), "set")
    checked = protected.document("protector", "rpo", "check", "web")
    assert checked[0]["objective"] == 1800
    completed(protected.document("protector", "protection-group", "add-member", "web", "--member", "db"), "add_member")
    listed = protected.document("protector", "protection-group", "list")
    assert sorted(listed[0]["members"]) == ["db", "web-1", "web-2"]
    gone = ("protection-group", "remove-member", "web", "--member", "db", "--confirm", "web")
    completed(protected.document("protector", *gone), "remove_member")


def test_a_policy_is_validated_before_it_is_set(protected, tmp_path):
    validate = ("protector", "policy", "validate", "web")
    wrong = protected(*validate, "-", given="order: {tiers: [[web-1], [web-3]]}", exit_code=3)
    assert wrong.stdout == "" and "the order names web-3" in wrong.stderr and "code: operation-refused" in wrong.stderr
    (tmp_path / "policy.yaml").write_text("priority: 3\norder:\n  tears: []\n")
    unknown = protected(*validate, str(tmp_path / "policy.yaml"), exit_code=2)
    assert f"{tmp_path}/policy.yaml:3" in unknown.stderr and "code: configuration-invalid" in unknown.stderr
    missing = protected(*validate, "no-such-file", exit_code=2)
    assert "failed to read no-such-file: No such file" in missing.stderr and "code: file-unusable" in missing.stderr
    valid = protected(*validate, "-", "-f", "json", given="{priority: 3}")
    assert json.loads(valid.stdout)["priority"] == 3 and "group web can have this policy" in valid.stderr
    before = protected.document("protector", "policy", "show", "web")
    assert before.get("priority", 0) == 0
    assert protected.document("protector", "policy", "set", "web", "-", given="{priority: 3}")["priority"] == 3
    assert protected.document("protector", "policy", "show", "web")["priority"] == 3
    protected("protector", "policy", "set", "web", "-", given="{}")


def test_a_group_is_made_what_a_document_says(protected, tmp_path):
    file = str(tmp_path / "web.yaml")
    protected("protector", "protection-group", "export", "web", "--file", file)
    text = Path(file).read_text()
    assert text == protected("protector", "protection-group", "export", "web").stdout
    apply = ("protector", "protection-group", "apply")
    nothing = protected(*apply, file, "-f", "json")
    assert nothing.stdout.strip() == "[]" and "nothing is to be done" in nothing.stderr
    other = re.sub("rpo_minutes: [0-9]+", "rpo_minutes: 20", text.replace('- "web-2"', '- "db"'))
    Path(file).write_text(other)
    before = group(protected, status="active")
    planned = protected.document(*apply, file, "--dry-run")
    jsonschema.validate(planned, CHANGES)
    assert [(change["operation_type"], change["needs_confirmation"]) for change in planned] == [
        ("add_member", False), ("remove_member", True), ("set", False),
    ]
    assert planned[0]["steps"] and planned[1]["steps"] is None
    refused = protected(*apply, file, exit_code=2)
    assert "remove_member of group web was not begun" in refused.stderr and "code: not-confirmed" in refused.stderr
    assert group(protected) == before
    done = protected.document(*apply, "-", "--confirm", "web", given=other)
    jsonschema.validate(done, APPLIED)
    assert [(row["operation_type"], row["status"]) for row in done] == [
        ("add_member", "completed"), ("remove_member", "completed"), ("set", "completed"),
    ]
    (listed,) = protected.document("protector", "protection-group", "list")
    assert sorted(listed["members"]) == ["db", "web-1"]
    wrong = other.replace("rpo_minutes: 20", "rpo_minutes: 40").replace('- "db"', '- "db"\n- "nobody"')
    told = protected(*apply, "-", given=wrong, exit_code=3)
    assert "nobody" in told.stderr and "code: operation-refused" in told.stderr
    (begun, *waiting) = protected.document(*apply, "-", "--confirm", "web", "--no-wait", given=text)
    assert (begun["operation_type"], begun["status"]) == ("add_member", "running")
    assert [(row["operation_type"], row["operation"]) for row in waiting] == [("remove_member", None), ("set", None)]
    settled(protected, "set")
    (listed,) = protected.document("protector", "protection-group", "list")
    assert sorted(listed["members"]) == ["web-1", "web-2"]
    assert protected.document(*apply, "-", given=text) == []


def test_without_waiting_it_goes_on_in_a_process_that_outlives_the_terminal(protected):
    move = ("protector", "protection-group", "failover", "web")
    for more, exit_code, code in (
        ((), 2, "not-confirmed"),
        (("--confirm", "web", "--timeout", "5"), 2, "argument-invalid"),
        (("--confirm", "web", "--unplanned"), 3, "operation-refused"),
    ):
        refused = protected(*move, "--no-wait", *more, exit_code=exit_code)
        assert refused.stdout == "" and f"code: {code}\n" in refused.stderr
    assert re.fullmatch("[0-9a-f]{64}", protected.document(*move, "--no-wait", "--dry-run")["hash"])
    before = len(protected.document("protector", "operation", "list"))
    # All takes long enough to be looked at.
    protected.rules({"target": "*/compute", "action": "delay", "seconds": 0.3, "times": 0})
    try:
        seen = protected.on_a_terminal("web\n", *move, "--no-wait")
        assert "failover of web from site-a to site-b" in seen and "type the name of the group (web): " in seen
        assert "it goes on in a process of its own: `openstack protector operation watch" in seen
        assert re.search(r"\| status +\| running +\|", seen)
        # Not by a command, which takes so long that it may be over.
        with protector.open(protected.pair.config, clouds=protected.pair.clouds) as sites:
            begun = sites.operations()[-1]
            runner = begun["started_by"]["process"]
            assert (begun["status"], os.getsid(runner)) == ("running", runner)
            # Behind the name: state, parent, group, session, terminal.
            assert Path(f"/proc/{runner}/stat").read_text().rpartition(")")[2].split()[4] == "0"
            with pytest.raises(protector.errors.BusyError, match=str(runner)):
                sites.resume(begun["id"])
    finally:
        protected.no_rules()
    settled(protected, "failover")
    assert len(protected.document("protector", "operation", "list")) == before + 1
    group(protected, status="failed_over", current_primary_site="site-b")


def test_what_was_left_is_resumed_without_waiting(protected):
    protected("protector", "protection-group", "failback", "web", "--confirm", "web", "--timeout", "0.1", exit_code=5)
    resumed = protected.document("protector", "operation", "resume", "--no-wait")
    assert (resumed["operation_type"], resumed["status"]) == ("failback", "running")
    settled(protected, "failback")
    again = protected("protector", "operation", "resume", "--no-wait", exit_code=2)
    assert again.stdout == "" and "code: operation-unknown" in again.stderr
    # The points that there are hold what was overwritten by the move home.
    completed(protected.document("protector", "protection-group", "sync", "web"), "sync")
    group(protected, status="active", current_primary_site="site-a")


def test_a_site_is_left_without_waiting(protected):
    (begun,) = protected.document("protector", "site", "failover", "site-a", "--confirm", "site-a", "--no-wait")
    assert (begun["group"], begun["outcome"]) == ("web", "begun")
    watched = protected.document("protector", "operation", "watch", begun["operation"])
    completed(watched, "failover")
    (again,) = protected.document("protector", "site", "failover", "site-a", "--confirm", "site-a", "--no-wait")
    assert again["outcome"] == "was_done"
    back = ("protector", "site", "failover", "site-b", "--group", "web", "--confirm", "site-b")
    assert protected.document(*back)[0]["outcome"] == "moved"
    completed(protected.document("protector", "protection-group", "sync", "web"), "sync")


def test_a_site_is_left_with_all_groups_and_twice_is_as_good_as_once(protected):
    leave = ("protector", "site", "failover", "site-a")
    (planned,) = protected.document(*leave, "--dry-run")
    assert (planned["group"], planned["task"], planned["operation"]) == ("web", "move", "failover")
    assert planned["steps"] > 10
    refused = protected(*leave, exit_code=2)
    assert "code: not-confirmed" in refused.stderr
    group(protected, status="active", current_primary_site="site-a")
    (moved,) = protected.document(*leave, "--confirm", "site-a")
    jsonschema.validate([moved], LEFT)
    assert (moved["group"], moved["outcome"]) == ("web", "moved")
    (again,) = protected.document(*leave, "--confirm", "site-a")
    assert (again["outcome"], again["operation"]) == ("was_done", None)
    back = ("protector", "site", "failover", "site-b", "--group", "web", "--confirm", "site-b")
    assert protected.document(*back)[0]["outcome"] == "moved"
    # The points that there are hold what was overwritten by the move home.
    completed(protected.document("protector", "protection-group", "sync", "web"), "sync")
    group(protected, status="active", current_primary_site="site-a")


def test_what_is_left_over_and_old_journals_go_once_that_is_confirmed(protected):
    listed = ("protector", "prune", "list")
    assert protected.document(*listed) == []
    assert {row["kind"] for row in protected.document(*listed, "--older-than", "0")} == {"recovery_point"}
    run = ("protector", "prune", "run", "--older-than", "0", "--journals-older-than", "0")
    refused = protected(*run, exit_code=2)
    assert "prune of what is left over was not begun" in refused.stderr and "code: not-confirmed" in refused.stderr
    before = protected.document("protector", "operation", "list")
    done = protected.document(*run, "--confirm", "prune")
    jsonschema.validate(done, PRUNED)
    gone = {row["subject"] for row in done if row["what"] == "journal removed"}
    kept = {row["subject"] for row in done if row["what"] == "journal kept"}
    # All are still on record, and the removal of what was left over is an operation, too.
    after = protected.document("protector", "operation", "list")
    assert after[: len(before)] == before
    assert gone and kept and gone | kept == {operation["id"] for operation in after}
    assert "journal-removed" in protected("protector", "operation", "report", min(gone), exit_code=1).stderr


def test_with_one_site_dead_the_group_is_seen_and_brought_up_at_the_other(protected):
    protected.rules(
        {"target": "site-a/*", "action": "refuse", "times": 0}, {"target": "array-a", "action": "refuse", "times": 0}
    )
    try:
        group(protected, status="active")
        move = ("protection-group", "failover", "web", "--unplanned", "--confirm", "web")
        refused = protected("protector", *move, exit_code=3)
        assert "loss-not-accepted" in refused.stderr and "code: operation-refused" in refused.stderr
        completed(protected.document("protector", *move, "--accept-loss"), "failover")
        group(protected, status="failed_over", current_primary_site="site-b")
    finally:
        protected.no_rules()


TEXT, NUMBER, WHOLE, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "boolean"}


def maybe(kind):
    """That, or nothing."""
    return {"anyOf": [kind, {"type": "null"}]}


def fields(**kinds):
    """These fields, and no others."""
    return {"type": "object", "properties": kinds, "required": list(kinds), "additionalProperties": False}


def rows(**kinds):
    """A list of these."""
    return {"type": "array", "minItems": 1, "items": fields(**kinds)}


TEXTS = {"type": "array", "items": TEXT}
MAPPINGS = rows(
    kind=TEXT, **{"from": TEXT}, name=TEXT, to=TEXT, mapped=TEXT, explicit=TRUTH, needed_by=TEXTS, problems=TEXTS
)
OPERATIONS = rows(id=TEXT, operation_type=TEXT, group_name=TEXT, status=TEXT, progress=WHOLE, started_at=maybe(TEXT))
ONE_OPERATION = fields(
    id=TEXT, operation_type=TEXT, status=TEXT, progress=WHOLE, source_site=TEXT, target_site=TEXT,
    started_at=maybe(TEXT), completed_at=maybe(TEXT), steps_completed=TEXTS, steps_failed=TEXTS,
    error_message=maybe(TEXT),
)
LEFT = rows(group=TEXT, outcome=TEXT, operation=maybe(TEXT), remark=maybe(TEXT))
CHANGES = rows(
    operation_type=TEXT, needs_confirmation=TRUTH, hash=maybe(TEXT), steps=maybe({"type": "array"}),
    warnings={"type": "array"},
)
APPLIED = rows(operation_type=TEXT, operation=maybe(TEXT), status=maybe(TEXT), error_message=maybe(TEXT))
PRUNED = rows(what=TEXT, subject=TEXT, remark=maybe(TEXT))
FORMS = {
    "site list": rows(
        name=TEXT, cloud=TEXT, region=maybe(TEXT), reachable=TRUTH, arrays={"type": "array"}, primary_of=TEXTS
    ),
    "site show site-a": fields(
        name=TEXT, other_site=TEXT, cloud=TEXT, region=maybe(TEXT), arrays={"type": "array"}, reachable=TRUTH,
        trouble=maybe(TEXT), primary_of=TEXTS, secondary_of=TEXTS,
    ),
    "site validate site-a": rows(status=TEXT, subject=TEXT, seen=TEXT, remedy=maybe(TEXT)),
    "site list-volume-types site-a": rows(
        name=TEXT, verdict=TEXT, replication_type=maybe(TEXT), backend=maybe(TEXT), pairing=maybe(TEXT), reasons=TEXTS
    ),
    "protection-group list": rows(
        id=TEXT, name=TEXT, status=TEXT, current_primary_site=TEXT, members=TEXTS, last_failover_at=maybe(TEXT)
    ),
    "protection-group show web": fields(
        id=TEXT, name=TEXT, status=TEXT, replication_type=TEXT, primary_site=TEXT, secondary_site=TEXT,
        current_primary_site=TEXT, consistency_group_id=maybe(TEXT), failover_count=WHOLE, last_failover_at=maybe(TEXT),
    ),
    "recovery-point list web": rows(
        name=TEXT, created=TEXT, completed=maybe(TEXT), size=maybe(WHOLE), eligible=TRUTH, reason=maybe(TEXT)
    ),
    "rpo check": rows(
        group_name=TEXT, status=TEXT, age=maybe(WHOLE), objective=WHOLE, newest=maybe(TEXT), schedule=TEXT
    ),
    "operation list": OPERATIONS,
    "operation list --group web": OPERATIONS,
    "operation show": ONE_OPERATION,
    "operation watch": ONE_OPERATION,
    "operation report": rows(
        id=TEXT, site=maybe(TEXT), status=TEXT, seconds=maybe(NUMBER), critical=TRUTH, remarks=TEXT
    ),
    "mapping list": MAPPINGS,
    "mapping validate": MAPPINGS,
    "prune list --all": rows(
        site=TEXT, kind=TEXT, name=TEXT, id=TEXT, bytes=maybe(WHOLE), since=maybe(TEXT), quota={"type": "object"},
        group_name=maybe(TEXT), released_by=TEXTS, reason=TEXT,
    ),
    "plan show failover web": fields(
        operation_type=TEXT, group_name=TEXT, source_site=TEXT, target_site=TEXT, hash=TEXT, recovery={},
        steps=rows(
            id=TEXT, kind=TEXT, site=maybe(TEXT), title=TEXT, after=TEXTS, calls=TEXTS, revert=maybe(TEXT),
            optional=TRUTH,
        ),
        warnings={"type": "array"}, loss=maybe({"type": "object"}), replication={},
    ),
}
