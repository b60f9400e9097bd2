"""The real `openstack` command, on a simulated pair."""

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import protector
import pytest


class Openstack:
    """The command of the environment that runs the tests."""

    def __init__(self, pair):
        self.pair = pair
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PROTECTOR"))}
        self.environment = {
            **kept,
            "PROTECTOR_CONFIG": pair.config,
            "OS_CLIENT_CONFIG_FILE": pair.clouds,
            # Tables are as wide as they have to be.
            "CLIFF_MAX_TERMINAL_WIDTH": "0",
            "PYTHONWARNINGS": "error:::protectorclient",
        }

    def __call__(self, *arguments, environment=(), exit_code=0, given=""):
        """Runs it; what it wrote. `given` is its standard input."""
        command = [str(Path(sys.executable).parent / "openstack"), *arguments]
        done = subprocess.run(
            command,
            env={**self.environment, **dict(environment)},
            capture_output=True,
            text=True,
            input=given,
            timeout=120,
        )
        assert done.returncode == exit_code, f"{arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def on_a_terminal(self, typed, *arguments):
        """Runs it on a terminal of its own, which hangs up when it has ended, with what a person types there; what they see."""
        openstack = str(Path(sys.executable).parent / "openstack")
        command = ["script", "--quiet", "--return", "--command", shlex.join([openstack, *arguments]), "/dev/null"]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, input=typed, timeout=120
        )
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def document(self, *arguments, **options):
        """Runs it with -f json; what it says."""
        return json.loads(self(*arguments, "-f", "json", **options).stdout)

    def rules(self, *rules):
        """Has faults happen at the sites."""
        wanted = json.dumps({"rules": list(rules)}).encode()
        request = urllib.request.Request(f"{self.pair.admin}/rules", wanted, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def no_rules(self):
        """Ends all faults."""
        urllib.request.urlopen(
            urllib.request.Request(f"{self.pair.admin}/rules", method="DELETE"), timeout=10
        ).close()


@pytest.fixture(scope="module")
def openstack():
    """The command, on a pair of the module's own."""
    with protector.mock.pair() as pair:
        yield Openstack(pair)


@pytest.fixture(scope="module")
def protected(openstack):
    """The command, on a pair where the group `web` is protected."""
    openstack(
        "--os-cloud", "protector-site-a", "--secondary-cloud", "protector-site-b",
        "protector", "protection-group", "create", "web", "--member", "web-1", "--member", "web-2",
    )
    return openstack
