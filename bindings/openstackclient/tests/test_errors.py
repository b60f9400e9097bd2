"""Errors as a user meets them: their code, their cause, what can be done, the exit code."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml


def told(openstack, code, exit_code, *arguments, says=(), **options):
    """That the command ends with that error, nothing on standard output, and says so much."""
    done = openstack("protector", *arguments, exit_code=exit_code, **options)
    assert done.stdout == ""
    for line in ("error: ", "hint: ", f"code: {code}\n", *says):
        assert line in done.stderr, done.stderr
    return done.stderr


def configuration(openstack, tmp_path, change):
    """The environment with a changed copy of protector.yaml and clouds.yaml."""
    names = {"protector.yaml": openstack.pair.config, "clouds.yaml": openstack.pair.clouds}
    files = {name: yaml.safe_load(Path(path).read_text()) for name, path in names.items()}
    change(files["protector.yaml"], files["clouds.yaml"])
    for name, content in files.items():
        (tmp_path / name).write_text(yaml.safe_dump(content))
    # What it refers to stays where it is.
    for entry in Path(openstack.pair.directory).iterdir():
        if entry.name not in names:
            (tmp_path / entry.name).symlink_to(entry)
    return {"PROTECTOR_CONFIG": str(tmp_path / "protector.yaml"), "OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")}


def test_a_cloud_that_clouds_yaml_lacks(openstack, tmp_path):
    environment = configuration(openstack, tmp_path, lambda ours, _: ours["sites"]["site-a"].update(cloud="nope"))
    told(openstack, "cloud-unknown", 2, "site", "list", environment=environment, says=["nope", "clouds.yaml"])


def test_a_cloud_of_no_site(openstack):
    said = told(
        openstack, "cloud-unknown", 2, "protection-group", "create", "x", "--member", "web-1",
        "--secondary-cloud", "protector-site-a", "--os-cloud", "tenant-site-a",
    )
    assert "--os-cloud names tenant-site-a" in said and "protector-site-a or protector-site-b" in said


def test_an_expired_password(openstack, tmp_path):
    def change(_, clouds):
        clouds["clouds"]["protector-site-a"]["auth"]["password"] = "expired"

    environment = configuration(openstack, tmp_path, change)
    create = ("protection-group", "create", "x", "--primary-site", "site-a", "--secondary-site", "site-b", "--member", "web-1")
    told(openstack, "authentication-failed", 1, *create, environment=environment, says=["site-a", "clouds.yaml"])


def test_a_peer_that_does_not_answer(openstack):
    openstack.rules({"target": "site-b/*", "action": "refuse", "times": 0})
    try:
        create = ("protection-group", "create", "x", "--primary-site", "site-a", "--secondary-site", "site-b")
        told(openstack, "unreachable", 1, *create, "--member", "web-1", says=["site-b"])
    finally:
        openstack.no_rules()


def test_a_group_that_is_not_there(openstack):
    told(openstack, "group-unknown", 2, "protection-group", "show", "nope", says=["nope"])


def test_arguments_of_the_wrong_kind(openstack):
    done = openstack("protector", "protection-group", "set", "web", "--retention", "long", exit_code=2)
    assert "--retention" in done.stderr and "long" in done.stderr
    told(openstack, "argument-invalid", 2, "protection-group", "set", "web", "--retention", "-1", says=["retention"])


def test_a_move_that_nobody_confirmed(protected):
    move = ("protection-group", "failover", "web")
    told(protected, "not-confirmed", 2, *move, says=["failover of group web was not begun"])
    told(protected, "not-confirmed", 2, *move, "--confirm", "db", says=["db"])


def test_a_network_that_is_not_mapped(protected, tmp_path):
    def change(ours, _):
        ours["mappings"] = {"networks": [{"site-a": "app-net", "site-b": "nowhere"}]}

    environment = configuration(protected, tmp_path, change)
    move = ("protection-group", "failover", "web", "--confirm", "web")
    says = ["network-unmapped", "nowhere", "site-b"]
    told(protected, "operation-refused", 3, *move, environment=environment, says=says)


def test_a_group_that_another_process_works_on(protected):
    command = [str(Path(sys.executable).parent / "openstack"), "protector", "protection-group"]
    # It is held between two of its requests until it is told to go on.
    protected.rules({"target": "site-a/compute", "path": "/action$", "action": "delay", "seconds": 20, "times": 0})
    moving = subprocess.Popen(
        [*command, "failover", "web", "--confirm", "web"],
        env=protected.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        while protected.document("protector", "protection-group", "show", "web")["status"] == "active":
            assert moving.poll() is None
        told(protected, "group-busy", 1, "protection-group", "sync", "web", says=["web", "failover", "resume"])
    finally:
        moving.send_signal(signal.SIGINT)
        protected.no_rules()
        # Interrupted it is left after what is under way.
        assert moving.wait(60) in (5, 130)


def test_the_package_is_missing(openstack, tmp_path):
    (tmp_path / "protector.py").write_text(
        textwrap.dedent("""\
        raise ModuleNotFoundError("No module named 'protector'", name="protector")
        """)
    )
    environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])}
    says = ["failed to import the Python package protector", "pip install protector"]
    told(openstack, "capability-missing", 1, "site", "list", environment=environment, says=says)


@pytest.mark.parametrize("arguments", [(), ("protection-group",), ("protection-group", "fail")])
def test_what_is_no_command_lists_those_there_are(openstack, arguments):
    done = openstack("protector", *arguments, exit_code=2)
    assert "protector protection-group show" in done.stdout + done.stderr or "protection-group" in done.stdout + done.stderr
