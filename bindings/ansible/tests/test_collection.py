"""What Ansible's own checks say of the collection."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys

import forms
import yaml
from conftest import COLLECTION, PROGRAMS, run

VERSION = importlib.metadata.version("protector")
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


def test_fragments_of_the_changelog_are_valid(tmp_path):
    run("antsibull-changelog", "lint", folder=COLLECTION)
    copy = tmp_path / "copy"
    shutil.copytree(COLLECTION, copy)
    (copy / "changelogs/fragments/wrong.yml").write_text("---\nbugfix:\n  - a section that there is not\n")
    wrong = run("antsibull-changelog", "lint", folder=copy, succeeds=False)
    assert "invalid section: bugfix" in wrong.stdout + wrong.stderr


def test_the_published_schemas_are_what_the_modules_say():
    published = json.loads(forms.PUBLISHED.read_text(encoding="utf-8"))
    assert published == forms.document(), "`python bindings/ansible/tests/forms.py` writes them anew"


def test_every_module_is_in_the_action_group():
    runtime = yaml.safe_load((COLLECTION / "meta/runtime.yml").read_text())
    assert runtime["action_groups"]["protector"] == sorted(path.stem for path in forms.MODULES.glob("*.py"))


def test_only_the_package_of_its_own_version_is_asked_for():
    asked = [line for line in (COLLECTION / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert asked == [f"protector=={VERSION}"]
    metadata = yaml.safe_load((COLLECTION / "galaxy.yml").read_text())
    assert metadata["version"] == VERSION
    assert ".example" not in json.dumps(metadata), "an address that leads nowhere"


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
