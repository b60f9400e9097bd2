"""What the plug-in costs others, and which commands there are."""

import importlib
import subprocess
import sys
from importlib.metadata import entry_points, requires, version

COMMANDS = {point.name: point.value for point in entry_points(group="openstack.protector.v1")}


def test_the_module_that_every_openstack_command_imports_brings_neither_the_package_nor_a_client():
    question = (
        "import sys, protectorclient.plugin\n"
        "print([name for name in ('protector', 'openstack', 'osc_lib', 'cliff') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "[]\n"


def test_only_the_package_of_its_own_version_is_asked_for():
    # The public index has another one of this name.
    assert version("protectorclient") == version("protector")
    assert f"protector=={version('protector')}" in requires("protectorclient")


def test_each_command_is_there_in_both_trees_and_both_spellings():
    ours = {name.removeprefix("protector_"): value for name, value in COMMANDS.items() if name.startswith("protector_")}
    alias = {name.removeprefix("dr_"): value for name, value in COMMANDS.items() if name.startswith("dr_")}
    assert ours == alias
    assert len(COMMANDS) == len(ours) + len(alias)
    for noun in ("protection-group", "recovery-point"):
        hyphen = {name.removeprefix(noun): ours[name] for name in ours if name.startswith(noun)}
        space = noun.replace("-", "_")
        assert hyphen == {name.removeprefix(space): ours[name] for name in ours if name.startswith(space)}
        assert hyphen


def test_each_command_is_a_class_that_says_what_it_does_and_needs_no_cloud():
    for value in set(COMMANDS.values()):
        module, name = value.split(":")
        command = getattr(importlib.import_module(module), name)
        assert command.__doc__, value
        assert command.auth_required is False, value


def test_what_can_be_planned_is_what_can_be_done():
    planned = {name.removeprefix("protector_plan_show_") for name in COMMANDS if name.startswith("protector_plan_show_")}
    group = "protector_protection-group_"
    changes = {name.removeprefix(group) for name in COMMANDS if name.startswith(group)}
    assert planned == changes - {"list", "show", "drift", "export", "apply"}


def test_no_command_has_all_files_of_all_packages_looked_through_when_it_begins(monkeypatch):
    def looked_through():
        raise AssertionError("that takes a tenth of a second")

    monkeypatch.setattr("cliff.command._dists_by_mods", None)
    monkeypatch.setattr("cliff.command.packages_distributions", looked_through)
    for value in set(COMMANDS.values()):
        module, name = value.split(":")
        parser = getattr(importlib.import_module(module), name)(None, None).get_parser(name)
        assert parser.epilog == "This command is provided by the protectorclient plugin."
