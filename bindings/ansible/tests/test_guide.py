"""The guide's playbooks do what its pages say: they print what is shown, and the group is then where the page leaves it."""

import re
from pathlib import Path

import pytest
from conftest import run

PAGES = Path(__file__).parents[3] / "docs"
# Everything at the site where the group runs is silent.
SILENT = [{"target": target, "action": "refuse", "times": 0} for target in ("site-a/*", "array-a")]


def shown(page):
    """The playbooks that a page runs: their arguments, and what they print, as an expression."""
    text = (PAGES / page).read_text(encoding="utf-8")
    found = re.findall(r"^\$ ansible-playbook (.*)\n((?:(?!\$ |```).*\n)*)", text, re.MULTILINE)
    return [(arguments.split(), expression(printed)) for arguments, printed in found]


def expression(printed):
    """`…` is anything in a line, and alone in a line any number of lines."""
    lines = [
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*").replace(r"\ ", r"\s+") + r"\s*\n"
        for line in printed.splitlines()
    ]
    return re.compile("".join(lines) + r"\s*")


def test_what_is_printed_otherwise_than_shown_is_noticed():
    wanted = expression("…\nlocalhost : ok=… failed=0 …\n")
    assert wanted.fullmatch("PLAY\n\nlocalhost   : ok=5   changed=2  failed=0  skipped=1\n\n")
    assert not wanted.fullmatch("PLAY\n\nlocalhost   : ok=5   changed=2  failed=1  skipped=1\n\n")


@pytest.mark.parametrize(
    ("page", "rule", "ends"),
    [("drill.md", [], ("active", "site-a")), ("disaster.md", SILENT, ("failed_over", "site-b"))],
)
def test_the_playbooks_do_what_the_guide_says(ansible, page, rule, ends):
    wanted = {"name": "web", "primary_site": "site-a", "members": ["web-1", "web-2"]}
    assert not ansible.module("protection_group", **wanted)["failed"]
    playbooks = shown(page)
    assert playbooks, page
    environment = {**ansible.environment, "ANSIBLE_STDOUT_CALLBACK": "default", "ANSIBLE_VERBOSITY": "0"}
    with ansible.faults(*rule):
        for arguments, printed in playbooks:
            done = run("ansible-playbook", *arguments, environment=environment, succeeds=None)
            assert done.returncode == 0 and printed.fullmatch(done.stdout), done.stdout + done.stderr
    group = ansible.module("protection_group_info", name="web")["protection_groups"][0]
    assert (group["status"], group["current_primary_site"]) == ends
    assert group["test"] is None
