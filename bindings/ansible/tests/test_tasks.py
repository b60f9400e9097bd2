"""Each task in check mode, for real, and once more."""

import protector


def group(ansible):
    """The group as it is."""
    return ansible.module("protection_group_info", name="web")["protection_groups"][0]


def test_a_group_is_protected_by_its_target_state(ansible):
    wanted = {"name": "web", "primary_site": "site-a", "members": ["web-1", "web-2"]}
    checked = ansible.module("protection_group", check=True, **wanted)
    assert checked["changed"] and ansible.module("protection_group_info")["protection_groups"] == []
    done = ansible.module("protection_group", **wanted)
    assert checked["plan_hash"] == done["plan_hash"] and done["group"]["status"] == "active"
    assert ansible.module("protection_group", **wanted)["changed"] is False


def test_a_policy_and_members_are_kept(ansible):
    ansible.thrice("replication_policy", protection_group="web", rpo_minutes=30)
    ansible.thrice("protection_group_member", protection_group="web", members=["db"])
    ansible.thrice("protection_group_member", protection_group="web", members=["db"], state="absent", confirm="web")


def test_a_group_that_needs_several_operations_has_all_their_plans(ansible):
    wanted = {"name": "web", "rpo_minutes": 35, "members": ["web-1", "db"], "purge_members": True, "confirm": "web"}
    checked = ansible.module("protection_group", check=True, **wanted)
    done = ansible.module("protection_group", **wanted)
    for answer in (checked, done):
        assert [plan["operation_type"] for plan in answer["plans"]] == ["set", "add_member", "remove_member"]
        assert answer["plan"] == answer["plans"][-1] and len(answer["diff"]) == 3
    assert checked["plans"][0] == done["plans"][0]
    assert sorted(member["name"] for member in done["group"]["members"]) == ["db", "web-1"]
    again = ansible.module("protection_group", **wanted)
    assert again["changed"] is False and "plans" not in again
    ansible.module("protection_group", **{**wanted, "rpo_minutes": 30, "members": ["web-1", "web-2"]})


def test_what_is_wanted_besides_an_operation_that_was_left_is_done_after_it(ansible):
    left = ansible.module("replication_policy", protection_group="web", rpo_minutes=40, timeout=0)
    assert left["failed"] and left["exit_code"] == 5, left
    checked = ansible.module("replication_policy", check=True, protection_group="web", rpo_minutes=30)
    assert checked["changed"] and checked["operation"]["id"] == left["operation"]["id"]
    done = ansible.module("replication_policy", protection_group="web", rpo_minutes=30)
    assert done["changed"] and done["operation"]["id"] != left["operation"]["id"]
    assert done["group"]["rpo_minutes"] == 30
    assert ansible.module("replication_policy", protection_group="web", rpo_minutes=30)["changed"] is False


def test_an_operation_that_another_process_runs_is_waited_for_as_long_as_is_wanted(ansible):
    held = {"target": "site-a/compute", "path": "/action$", "action": "delay", "seconds": 20, "times": 0}
    with protector.open(ansible.pair.config, clouds=ansible.pair.clouds) as sites:
        with ansible.faults(held):
            run = sites.begin("failover", group="web", confirm="web")
            while sites.group("web")["status"] == "active":
                pass
            wanted = {"protection_group": "web", "operation": "failover", "confirm": "web"}
            waited = ansible.module("dr_operation", timeout=1, **wanted)
            sites.cancel(run.operation_id, "the test is over")
        assert waited["failed"] and waited["exit_code"] == 5, waited
        assert waited["operation"]["id"] == run.operation_id and waited["operation"]["status"] == "running"
        try:
            run.result(timeout=120)
        except protector.errors.OperationFailed as error:
            assert error.code == "rolled-back", error
    assert group(ansible)["status"] == "active"


def test_a_group_moves_there_and_back_and_is_tested(ansible):
    before = group(ansible)
    checked, done = ansible.thrice("dr_operation", protection_group="web", operation="failover", confirm="web")
    difference = checked["diff"][0]
    assert difference["before"]["vms"]["web-1"]["runs_at"] == "site-a"
    assert difference["after"]["vms"]["web-1"]["runs_at"] == "site-b"
    assert difference["after"]["vms"]["web-1"]["server"] == "(made by this operation)"
    assert set(difference["after"]["vms"]["web-1"]["volumes"]) == {"web-1-root"}
    assert len(difference["after"]["vms"]["web-1"]["ports"]) == 2
    assert any("start" in step or "make web-1" in step for step in difference["after"]["steps"])
    assert done["diff"][0]["before"] == difference["before"]
    assert done["diff"][0]["after"]["steps"] == difference["after"]["steps"]
    assert done["diff"][0]["after"]["status"] == difference["after"]["status"] == "failed_over"
    ansible.thrice("dr_operation", protection_group="web", operation="failback", confirm="web")
    ansible.thrice("dr_operation", protection_group="web", operation="commit", confirm="web")
    # The points that there are hold what was overwritten by the move.
    ansible.thrice("dr_operation", protection_group="web", operation="sync", max_age=600)
    ansible.thrice("dr_operation", protection_group="web", operation="test_failover")
    ansible.thrice("dr_operation", protection_group="web", operation="test_cleanup")
    after = group(ansible)
    assert [member["sites"]["site-a"]["server_id"] for member in after["members"]] == [
        member["sites"]["site-a"]["server_id"] for member in before["members"]
    ]


def test_a_sync_is_done_while_the_newest_point_is_old(ansible):
    assert ansible.module("dr_operation", protection_group="web", operation="sync")["changed"]
    fresh = ansible.module("dr_operation", protection_group="web", operation="sync", max_age=600)
    assert fresh["changed"] is False


def test_an_operation_that_was_left_is_taken_up(ansible):
    wanted = {"protection_group": "web", "operation": "failover", "confirm": "web"}
    left = ansible.module("dr_operation", timeout=0.1, **wanted)
    assert left["failed"] and left["code"] == "cancelled" and left["exit_code"] == 5, left
    taken = ansible.module("dr_operation", **wanted)
    assert taken["changed"] and taken["operation"]["id"] == left["operation"]["id"]
    assert taken["operation"]["status"] == "completed" and group(ansible)["status"] == "failed_over"


def test_what_is_looked_at_changes_nothing(ansible):
    assert ansible.module("site_info")["sites"][0]["name"] == "site-a"
    assert ansible.module("site_info", site="site-b", validate=True)["sites"][0]["validation"]["status"] != "failed"
    assert ansible.module("recovery_point_info", protection_group="web")["recovery_points"]
    assert ansible.module("rpo_info")["objectives"][0]["group_name"] == "web"
    assert ansible.module("resource_mapping_info", fail_on_problems=True)["resource_mappings"]
    assert ansible.module("replication_policy_info", protection_group="web")["replication_policy"]["rpo_minutes"] == 30
    assert len(ansible.module("protection_group_member_info", protection_group="web")["members"]) == 2
    operations = ansible.module("dr_operation_info", protection_group="web")["operations"]
    assert operations[-1]["operation_type"] == "failover"


def test_a_report_is_written_once(ansible, tmp_path):
    wanted = {"protection_group": "web", "dest": str(tmp_path / "report.html"), "mode": "0640"}
    assert ansible.module("operation_report", check=True, **wanted)["changed"]
    assert not (tmp_path / "report.html").exists()
    assert ansible.module("operation_report", **wanted)["changed"]
    assert "<html" in (tmp_path / "report.html").read_text().lower()
    assert ansible.module("operation_report", **wanted)["changed"] is False


def test_recovered_vms_are_an_inventory(ansible, tmp_path):
    import json

    from conftest import run

    file = tmp_path / "web.protector.yml"
    file.write_text("plugin: protector.site_recovery.recovered_servers\n")
    # What it says of itself stands before the document.
    silent = {**ansible.environment, "ANSIBLE_VERBOSITY": "0"}
    shown = run("ansible-inventory", "-i", file, "--list", environment=silent).stdout
    inventory = json.loads(shown)
    assert sorted(inventory["recovered"]["hosts"]) == sorted(inventory["site_site_b"]["hosts"]) == ["web-1", "web-2"]
    values = inventory["_meta"]["hostvars"]["web-1"]
    # Ansible marks texts that come from outside.
    marked = "__ansible_unsafe"
    values = {name: value[marked] if isinstance(value, dict) and marked in value else value for name, value in values.items()}
    assert values["protector_name"] == "web-1" and values["protector_site"] == "site-b" and values["ansible_host"].startswith("10.")
