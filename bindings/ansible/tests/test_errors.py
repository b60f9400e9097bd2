"""Errors: the code that every face has, the cause, what can be done."""


import json
from pathlib import Path

import yaml


def told(answer, code, *says):
    """That the module failed with that code, and says so much."""
    assert answer.get("failed"), answer
    assert answer["code"] == code and answer["hint"] in answer["msg"] and code in answer["msg"], answer
    for one in says:
        assert one in answer["msg"], answer["msg"]


def changed(ansible, tmp_path, change):
    """Arguments that lead to changed copies of protector.yaml and clouds.yaml."""
    paths = {"protector.yaml": ansible.pair.config, "clouds.yaml": ansible.pair.clouds}
    files = {name: yaml.safe_load(Path(path).read_text()) for name, path in paths.items()}
    change(files["protector.yaml"], files["clouds.yaml"])
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    # What it refers to stays where it is.
    for entry in Path(ansible.pair.directory).iterdir():
        if entry.name not in paths:
            (tmp_path / entry.name).symlink_to(entry)
    return {"config": str(tmp_path / "protector.yaml"), "clouds": str(tmp_path / "clouds.yaml")}


NEW = {"name": "new", "primary_site": "site-a", "secondary_site": "site-b", "members": ["app-1"]}


def test_a_cloud_that_clouds_yaml_lacks(ansible, tmp_path):
    where = changed(ansible, tmp_path, lambda ours, _: ours["sites"]["site-a"].update(cloud="nope"))
    told(ansible.module("site_info", **where), "cloud-unknown", "nope", "clouds.yaml")


def test_an_expired_password(ansible, tmp_path):
    def change(_, clouds):
        clouds["clouds"]["protector-site-a"]["auth"]["password"] = "expired"

    where = changed(ansible, tmp_path, change)
    answer = ansible.module("protection_group", **NEW, **where)
    told(answer, "authentication-failed", "site-a")
    assert answer["exit_code"] == 1 and answer["site"] == "site-a"


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


def test_a_move_that_nobody_confirmed(ansible):
    answer = ansible.module("dr_operation", protection_group="web", operation="failover")
    told(answer, "not-confirmed", "failover of group web was not begun")


def test_a_loss_that_nobody_accepted(ansible):
    answer = ansible.module(
        "dr_operation", protection_group="web", operation="failover", unplanned=True, confirm="web"
    )
    told(answer, "operation-refused", "loss-not-accepted")
    assert answer["findings"][0]["code"] == "loss-not-accepted"


def test_the_package_is_missing(ansible, tmp_path):
    (tmp_path / "protector.py").write_text("raise ModuleNotFoundError(\"No module named 'protector'\")\n")
    answer = ansible.module("site_info", environment={"PYTHONPATH": str(tmp_path)})
    told(answer, "capability-missing", "pip install protector")


def test_a_network_that_is_not_mapped(ansible, tmp_path):
    def change(ours, _):
        ours["mappings"] = {"networks": [{"site-a": "app-net", "site-b": "nowhere"}]}

    where = changed(ansible, tmp_path, change)
    answer = ansible.module("dr_operation", protection_group="web", operation="failover", confirm="web", **where)
    told(answer, "operation-refused", "network-unmapped", "nowhere")
    assert answer["exit_code"] == 3
