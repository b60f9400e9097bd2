"""Errors of this face alone; what all faces tell alike is in bindings/tests."""


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


def test_a_move_that_nobody_confirmed(ansible):
    answer = ansible.module("dr_operation", protection_group="web", operation="failover")
    told(answer, "not-confirmed", "failover of group web was not begun")


def test_a_loss_that_nobody_accepted(ansible):
    answer = ansible.module(
        "dr_operation", protection_group="web", operation="failover", unplanned=True, confirm="web"
    )
    told(answer, "operation-refused", "loss-not-accepted")
    assert answer["findings"][0]["code"] == "loss-not-accepted"
