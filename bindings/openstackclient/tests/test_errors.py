"""Errors of this face alone: their code, their cause, what can be done, the exit code. What all faces tell alike is in bindings/tests."""

import pytest


def told(openstack, code, exit_code, *arguments, says=(), **options):
    """That the command ends with that error, nothing on standard output, and says so much."""
    done = openstack("protector", *arguments, exit_code=exit_code, **options)
    assert done.stdout == ""
    for line in ("error: ", "hint: ", f"code: {code}\n", *says):
        assert line in done.stderr, done.stderr
    return done.stderr


def test_a_cloud_of_no_site(openstack):
    said = told(
        openstack, "cloud-unknown", 2, "protection-group", "create", "x", "--member", "web-1",
        "--secondary-cloud", "protector-site-a", "--os-cloud", "tenant-site-a",
    )
    assert "--os-cloud names tenant-site-a" in said and "protector-site-a or protector-site-b" in said


def test_a_group_that_is_not_there(openstack):
    told(openstack, "group-unknown", 2, "protection-group", "show", "nope", says=["nope"])


def test_arguments_of_the_wrong_kind(openstack):
    done = openstack("protector", "protection-group", "set", "web", "--retention", "long", exit_code=2)
    for said in ("--retention", "long", "hint: Correct the named argument", "code: argument-invalid\n"):
        assert said in done.stderr, done.stderr
    told(openstack, "argument-invalid", 2, "protection-group", "set", "web", "--retention", "-1", says=["retention"])


def test_a_move_that_nobody_confirmed(protected):
    move = ("protection-group", "failover", "web")
    told(protected, "not-confirmed", 2, *move, says=["failover of group web was not begun"])
    told(protected, "not-confirmed", 2, *move, "--confirm", "db", says=["db"])


@pytest.mark.parametrize("arguments", [(), ("protection-group",), ("protection-group", "fail")])
def test_what_is_no_command_lists_those_there_are(openstack, arguments):
    done = openstack("protector", *arguments, exit_code=2)
    assert "protector protection-group show" in done.stdout + done.stderr or "protection-group" in done.stdout + done.stderr
