"""The four faces, each used as its users use it: as a process of its own, on a pair, for the same actions."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

COLLECTION = Path(__file__).parents[1] / "ansible"
PROGRAMS = Path(sys.executable).parent
NEW = ("--primary-site", "site-a", "--secondary-site", "site-b", "--member", "app-1")


@dataclasses.dataclass(frozen=True)
class Told:
    """What a face says of an error."""

    code: str
    exit_code: int
    text: str
    # For programs: the site; a person reads it in the text.
    site: str | None = None


class Face:
    """A face on a pair."""

    def __init__(self, pair, folder):
        foreign = ("OS_", "PROTECTOR_CONFIG", "ANSIBLE", "PYTHONPATH")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.folder = folder
        self.environment = {**kept, "PROTECTOR_CONFIG": pair.config, "OS_CLIENT_CONFIG_FILE": pair.clouds, "HOME": str(folder)}

    def run(self, environment, *command):
        """Runs a program."""
        return subprocess.run(
            [str(word) for word in command], env={**self.environment, **environment},
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
        )


COMMANDS = {
    "sites": ("site", "list"),
    "protect": ("protection-group", "create", "new", *NEW),
    "failover": ("protection-group", "failover", "web", "--confirm", "web"),
    "sync": ("protection-group", "sync", "web"),
    "set": ("protection-group", "set", "web", "--retention", "long"),
}


class Binary(Face):
    """The `protector` command."""

    def does(self, action, environment):
        """What it says when it fails."""
        return told_by(self.run(environment, os.environ["PROTECTOR_COMMAND"], *COMMANDS[action]))


class Openstack(Face):
    """`openstack protector`."""

    def does(self, action, environment):
        """What it says when it fails."""
        return told_by(self.run(environment, PROGRAMS / "openstack", "protector", *COMMANDS[action]))


def told_by(done):
    """What a command says: on standard error, and nothing on standard output."""
    assert done.stdout == "", done.stdout
    codes = re.findall(r"^code: (\S+)$", done.stderr, re.MULTILINE)
    assert len(codes) == 1 and "error: " in done.stderr and "\nhint: " in done.stderr, done.stderr
    return Told(codes[0], done.returncode, done.stderr)


class Python(Face):
    """The package, in a program that shows the exception."""

    program = """
import json, protector
try:
    with protector.open() as sites:
        {call}
except protector.ProtectorError as error:
    print(json.dumps([error.code, error.exit_code, str(error), error.site]))
"""
    calls = {
        "sites": "sites.sites()",
        "protect": "sites.protect('new', primary_site='site-a', secondary_site='site-b', members=['app-1'])",
        "failover": "sites.failover('web', confirm='web')",
        "sync": "sites.sync('web')",
        "set": "sites.set('web', retention='long')",
    }

    def does(self, action, environment):
        """What it says when it fails."""
        done = self.run(environment, sys.executable, "-c", self.program.format(call=self.calls[action]))
        assert done.returncode == 0 and done.stdout, done
        return Told(*json.loads(done.stdout))


class Ansible(Face):
    """The collection."""

    tasks = {
        "sites": ("site_info", {}),
        "protect": ("protection_group", {"name": "new", "primary_site": "site-a", "members": ["app-1"]}),
        "failover": ("dr_operation", {"protection_group": "web", "operation": "failover", "confirm": "web"}),
        "sync": ("dr_operation", {"protection_group": "web", "operation": "sync"}),
        "set": ("replication_policy", {"protection_group": "web", "retention": "long"}),
    }

    def __init__(self, pair, folder):
        super().__init__(pair, folder)
        place = folder / "ansible_collections/protector"
        place.mkdir(parents=True)
        (place / "site_recovery").symlink_to(COLLECTION)
        self.environment |= {
            "ANSIBLE_COLLECTIONS_PATH": str(folder),
            "ANSIBLE_STDOUT_CALLBACK": "minimal",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        }

    def does(self, action, environment):
        """What it says when it fails."""
        module, arguments = self.tasks[action]
        done = self.run(
            environment, PROGRAMS / "ansible", "localhost", "-i", "localhost,", "-c", "local",
            "-m", f"protector.site_recovery.{module}", *(["-a", json.dumps(arguments)] if arguments else []),
        )
        failed = re.search(r"^localhost \| FAILED! => ", done.stdout, re.MULTILINE)
        assert failed, done.stdout + done.stderr
        told, _ = json.JSONDecoder().raw_decode(done.stdout[failed.end() :])
        assert told["hint"] in told["msg"] and told["code"] in told["msg"], told
        return Told(told["code"], told["exit_code"], told["msg"] + " " + told.get("reason", ""), told.get("site"))


FACES = {"binary": Binary, "python": Python, "openstack": Openstack, "ansible": Ansible}
