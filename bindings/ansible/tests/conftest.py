"""The collection as it is built and installed, on a simulated pair."""

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import forms
import protector
import pytest

COLLECTION = Path(__file__).parent.parent
PROGRAMS = Path(sys.executable).parent


def run(program, *arguments, folder=None, environment=None, succeeds=True):
    """Runs one of the environment's programs."""
    done = subprocess.run(
        [str(PROGRAMS / program), *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=900,
    )
    if succeeds is not None:
        assert (done.returncode == 0) == succeeds, f"{program} {arguments}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Where collections are, with ours as users get it: built, then installed."""
    folder = tmp_path_factory.mktemp("collections")
    environment = {**os.environ, "HOME": str(folder)}
    run("ansible-galaxy", "collection", "build", "--output-path", folder, COLLECTION, environment=environment)
    archive = next(folder.glob("*.tar.gz"))
    run("ansible-galaxy", "collection", "install", "-p", folder, archive, environment=environment)
    return folder


class Ansible:
    """Playbooks on a pair."""

    def __init__(self, pair, collections, folder):
        self.pair, self.folder = pair, folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PROTECTOR", "ANSIBLE"))}
        self.environment = {
            **kept,
            "HOME": str(folder),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_STDOUT_CALLBACK": "minimal",
            # Less, and it takes the difference out of what was returned.
            "ANSIBLE_VERBOSITY": "3",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "PROTECTOR_CONFIG": pair.config,
            "OS_CLIENT_CONFIG_FILE": pair.clouds,
        }

    @contextlib.contextmanager
    def faults(self, *rules):
        """Has faults happen at the sites, for as long as it is open."""

        def ask(method, body=None):
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"{self.pair.admin}/rules", body, headers, method=method)
            urllib.request.urlopen(request, timeout=10).close()

        ask("POST", json.dumps({"rules": rules}).encode())
        try:
            yield
        finally:
            ask("DELETE")

    def module(self, name, /, check=False, environment=(), **arguments):
        """Runs one task, with --diff; what the module returned, which has the form that its page gives it."""
        options = ["--check"] if check else []
        if arguments:
            options += ["-a", json.dumps(arguments)]
        done = run(
            "ansible", "localhost", "-i", "localhost,", "-c", "local", "--diff", *options,
            "-m", f"protector.site_recovery.{name}",
            environment={**self.environment, **dict(environment)}, succeeds=None,
        )
        # minimal: `localhost | CHANGED => {…}`, after it the difference.
        begin = re.search(r"^localhost \| (\S+) => ", done.stdout, re.MULTILINE)
        assert begin, f"{name} {arguments}\n{done.stdout}{done.stderr}"
        returned, _ = json.JSONDecoder().raw_decode(done.stdout[begin.end() :])
        answer = {**returned, "failed": begin[1].startswith("FAILED")}
        forms.of(name).validate(answer)
        return answer

    def thrice(self, name, /, **arguments):
        """A task in check mode, for real, and once more: check mode touches nothing and plans what is run; the second is ok."""
        checked = self.module(name, check=True, **arguments)
        assert checked.get("changed"), checked
        done = self.module(name, **arguments)
        assert done.get("changed") and not done.get("failed"), done
        assert checked["plan_hash"] == done["plan_hash"] == done["plan"]["hash"]
        again = self.module(name, **arguments)
        assert again["changed"] is False and not again.get("failed"), again
        assert again["group"] == done["group"]
        return checked, done


@pytest.fixture(scope="module")
def ansible(installed, tmp_path_factory):
    """Playbooks on a pair of the module's own."""
    with protector.mock.pair() as pair:
        yield Ansible(pair, installed, tmp_path_factory.mktemp("home"))
