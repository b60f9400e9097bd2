"""Measures the command and the faces in Python, each against its baseline in the same run: what it took, as one line of JSON.

`cargo xtask bench` runs it, with the Python that has the wheel, the plug-in and openstacksdk. Processor time is that of the
process and of what it starts; the sites are a process of their own, which counts for nobody.
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openstack
import protector
import yaml

ROUNDS = 15
FIELDS = ("id", "name", "status", "created", "addresses", "key_name", "config_drive", "description", "hostname", "user_id")
# openstacksdk's names for the same.
THEIR_FIELDS = ("id", "name", "status", "created_at", "addresses", "key_name", "has_config_drive", "description",
                "hostname", "user_id")
# How long a site takes for a sign-in, seconds: far more than anything else that a list of sites takes.
SIGN_IN = 1.0


def estate():
    """A project with 1,000 servers, one with 10,000, and a small one that is protected."""

    def project(name, servers):
        return {
            "name": name,
            "users": [{"name": f"{name}-owner", "roles": ["member"]}, {"name": f"{name}-protector", "roles": ["admin"]}],
            "networks": [{"name": f"{name}-net", "subnet": f"{name}-subnet", "cidr": "10.0.0.0/16"}],
            "servers": [
                {"name": f"{name}-vm", "count": servers, "flavor": "small", "networks": [f"{name}-net"],
                 "volumes": [{"name": "root", "size": 1, "type": "replicated"}]},
            ],
        }

    return {
        "compute_hosts": 8,
        "flavors": [{"name": "small", "vcpus": 1, "ram": 512}],
        "volume_types": [{"name": "replicated", "replicated": True}],
        "group_types": [{"name": "protector-async", "replicated": True}],
        "projects": [project("app", 2), project("thousand", 1000), project("many", 10_000)],
    }


@contextlib.contextmanager
def sites(simulator, folder, *options):
    """Both sites, in a process of their own."""
    command = [simulator, "--directory", folder, "--seed", "1", "--base-port", "0", "--output", "json", *options]
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        if not process.stdout.readline():
            sys.exit("the sites ended before they served anything")
        yield folder
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def processor_of(command, environment=None):
    """Seconds of processor time of a program, and by the clock."""
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begun)


def median(commands, rounds=ROUNDS, environment=None):
    """The medians of programs that are run in turns: processor seconds, and seconds by the clock."""
    took = [[processor_of(command, environment) for command in commands] for _ in range(rounds)]
    return [
        {"processor_seconds": statistics.median(column[0] for column in columns),
         "seconds": statistics.median(column[1] for column in columns)}
        for columns in zip(*took)
    ]


def processor(work, rounds=ROUNDS):
    """The median of what this process takes for some work."""
    took = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return statistics.median(took)


def lists(folder):
    """Lists of servers: with ours, and with openstacksdk."""
    clouds = yaml.safe_load((folder / "clouds.yaml").read_text())
    for project in ("thousand", "many"):
        cloud = json.loads(json.dumps(clouds["clouds"]["tenant-site-a"]))
        cloud["auth"] |= {"username": f"{project}-owner", "project_name": project}
        clouds["clouds"][project] = cloud
    path = folder / "bench-clouds.yaml"
    path.write_text(yaml.safe_dump(clouds))
    thousand = protector.cloud("thousand", clouds=path)
    many = protector.cloud("many", clouds=path)
    theirs = openstack.connection.Connection(config=openstack.config.OpenStackConfig([str(path)]).get_one("thousand"))

    def read():
        servers = protector.list_servers(thousand)
        assert len([[getattr(server, field) for field in FIELDS] for server in servers]) == 1000

    def read_theirs():
        servers = theirs.compute.servers(details=True)
        assert len([[getattr(server, field) for field in THEIR_FIELDS] for server in servers]) == 1000

    def dicts():
        assert len(protector.list_servers(many).to_dicts()) == 10_000

    def small(calls=200):
        for _ in range(calls):
            assert len(protector.list_flavors(thousand)) == 1

    for warm in (read, read_theirs, dicts, small):
        warm()
    return {
        "thousand_servers": processor(read),
        "thousand_servers_openstacksdk": processor(read_theirs, 3),
        "ten_thousand_as_dicts": processor(dicts, 5),
        "small_call": processor(small, 5) / 200,
    }


def programs(wanted, folder, environment):
    """The command and the plug-in, and what they are compared with."""
    bare, imported = median([[sys.executable, "-c", "pass"], [sys.executable, "-c", "import protector"]])
    version, show = median(
        [[wanted.program, "--version"], [wanted.program, "protection-group", "show", "app"]], environment=environment
    )
    openstack_command = Path(sys.executable).parent / "openstack"
    # What openstackclient itself takes for a command that signs in nowhere: --version ends before commands are looked for.
    theirs, their_command, ours = median(
        [[openstack_command, "--version"], [openstack_command, "command", "list", "--group", "none"],
         [openstack_command, "protector", "protection-group", "show", "app"]],
        rounds=7, environment=environment,
    )
    return {
        "import": imported["processor_seconds"] - bare["processor_seconds"],
        "command_version": version["seconds"],
        "command_show": show["seconds"],
        "openstack_version": theirs,
        "openstack_command_list": their_command,
        "openstack_show": ours,
    }


def modules(wanted, folder, environment):
    """A task with a module of ours, and one that does nothing."""
    tasks = 10
    python = Path(wanted.ansible)
    collections = folder / "collections"
    home = {**environment, "HOME": str(folder), "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_PYTHON_INTERPRETER": str(python), "ANSIBLE_LOCALHOST_WARNING": "false"}
    galaxy = python.parent / "ansible-galaxy"
    processor_of([galaxy, "collection", "build", "--output-path", folder, wanted.collection], home)
    processor_of([galaxy, "collection", "install", "-p", collections, next(folder.glob("*.tar.gz"))], home)
    books = []
    for name, task in (
        ("nothing", {"ansible.builtin.ping": {}}),
        ("ours", {"protector.site_recovery.protection_group_info": {"name": "app"}}),
    ):
        book = folder / f"{name}.yml"
        book.write_text(json.dumps(
            [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task] * tasks}]
        ))
        books.append([python.parent / "ansible-playbook", "-i", "localhost,", book])
    nothing, ours = median(books, rounds=3, environment=home)
    return {name: {key: value / tasks for key, value in took.items()}
            for name, took in (("module_nothing", nothing), ("module", ours))}


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "simulator", "ansible", "collection", "wheel"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        told = folder / "estate.json"
        told.write_text(json.dumps(estate()))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PROTECTOR", "ANSIBLE"))}
        environment = {**kept, "PROTECTOR_CONFIG": str(folder / "protector.yaml"),
                       "OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml")}
        with sites(wanted.simulator, folder, "--estate", told):
            protect = ["protection-group", "create", "app", "--primary-site", "site-a", "--secondary-site", "site-b",
                       "--member", "app-vm-1", "--member", "app-vm-2"]
            processor_of([wanted.program, *protect], environment)
            found = {**lists(folder), **programs(wanted, folder, environment), **modules(wanted, folder, environment)}
        slow = folder / "slow.json"
        slow.write_text(json.dumps({"rules": [
            {"target": "*/identity", "method": "POST", "path": "/v3/auth/tokens", "action": "delay",
             "seconds": SIGN_IN, "times": 0},
        ]}))
        with sites(wanted.simulator, folder, "--latency", slow):
            _, seconds = processor_of([wanted.program, "site", "list"], environment)
        found |= {"both_sites": seconds, "sign_in": SIGN_IN, "wheel_megabytes": wanted.wheel.stat().st_size / 1e6}
    print(json.dumps(found))


main()
