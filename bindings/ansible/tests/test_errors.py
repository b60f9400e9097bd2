"""Errors of this face alone; what all faces tell alike is in bindings/tests."""

from pathlib import Path


def told(answer, code, *says):
    """That the module failed with that code, and says so much."""
    assert answer.get("failed"), answer
    assert answer["code"] == code and answer["hint"] in answer["msg"] and code in answer["msg"], answer
    for one in says:
        assert one in answer["msg"], answer["msg"]


def test_a_group_that_is_not_there(ansible):
    told(ansible.module("recovery_point_info", protection_group="nope"), "group-unknown", "nope")


def test_a_new_group_without_what_it_needs(ansible):
    told(ansible.module("protection_group", name="web"), "argument-invalid", "primary_site and members")


def test_arguments_that_mean_nothing(ansible):
    created = ansible.module("protection_group", name="web", primary_site="site-a", members=["web-1"])
    assert created["changed"], created
    told(
        ansible.module("replication_policy", protection_group="web", retention=-1), "argument-invalid", "retention"
    )
    told(
        ansible.module("dr_operation", protection_group="web", operation="sync", unplanned=True),
        "argument-invalid",
        "takes no unplanned",
    )


def test_a_mapping_that_leads_nowhere_ends_as_the_command_does(ansible):
    config = Path(ansible.pair.config)
    changed = config.with_name("mapped.yaml")
    changed.write_text(config.read_text() + "mappings: {networks: [{site-a: app-net, site-b: nowhere}]}\n")
    answer = ansible.module("resource_mapping_info", fail_on_problems=True, config=str(changed))
    assert answer["failed"] and answer["exit_code"] == 6 and "nowhere" in answer["msg"], answer
    assert not ansible.module("resource_mapping_info", config=str(changed))["failed"]


def test_a_file_that_cannot_be_written(ansible, tmp_path):
    file = tmp_path / "nowhere/report.html"
    answer = ansible.module("operation_report", protection_group="web", dest=str(file))
    told(answer, "file-unusable", f"failed to write {file}", "No such file or directory")
    assert answer["exit_code"] == 2, answer


def test_what_ansible_itself_cannot_do_has_an_exit_code_as_well(ansible, tmp_path):
    file = str(tmp_path / "report.html")
    answer = ansible.module("operation_report", protection_group="web", dest=file, owner="nobody-knows-this-user")
    assert answer["failed"] and answer["exit_code"] == 1, answer


def test_a_move_that_nobody_confirmed(ansible):
    answer = ansible.module("dr_operation", protection_group="web", operation="failover")
    told(answer, "not-confirmed", "failover of group web was not begun")


def test_a_loss_that_nobody_accepted(ansible):
    answer = ansible.module(
        "dr_operation", protection_group="web", operation="failover", unplanned=True, confirm="web"
    )
    told(answer, "operation-refused", "loss-not-accepted")
    assert answer["findings"][0]["code"] == "loss-not-accepted"
