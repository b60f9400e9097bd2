"""A group's life, by the real `openstack` command: what it says, and how the group is after it."""

import re

import jsonschema
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
