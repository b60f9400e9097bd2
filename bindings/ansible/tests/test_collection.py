"""What Ansible's own checks say of the collection."""

import os
import re
import subprocess
import sys

from conftest import PROGRAMS, run

PLACE = "ansible_collections/protector/site_recovery"
# ansible-test fetches a script that installs pip from a host of its own; Python brings what it does.
BOOTSTRAP = "import ensurepip\nensurepip.bootstrap()\n"


def test_the_linter_finds_nothing_in_production(installed):
    environment = {
        **os.environ,
        "HOME": str(installed),
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(installed),
    }
    linted = run(
        "ansible-lint", "--offline", "--profile", "production", folder=installed / PLACE, environment=environment
    )
    assert "0 failure(s), 0 warning(s)" in re.sub("\x1b\\[[0-9;]*m", "", linted.stdout + linted.stderr)


def test_every_sanity_test_passes(installed):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = {
        **os.environ,
        "HOME": str(installed),
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
    }
    sanity = ("sanity", "--venv", "--requirements", "--python", version)

    def attempt():
        return subprocess.run(
            [PROGRAMS / "ansible-test", *sanity], cwd=installed / PLACE, env=environment,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1200,
        )

    done = attempt()
    # It names the file that it looks for when it cannot fetch it.
    wanted = re.search(r"saved to: (\S+get_pip\S+\.py)", done.stdout + done.stderr)
    if wanted:
        with open(wanted.group(1), "w", encoding="utf-8") as file:
            file.write(BOOTSTRAP)
        done = attempt()
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert 'Running sanity test "validate-modules"' in done.stdout + done.stderr
