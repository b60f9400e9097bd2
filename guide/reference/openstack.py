"""The page of `openstack protector`, on standard output: every command as its parser describes it.

It imports the plug-in, which is on the path, and its commands; the package `protector` is not needed.
"""

import argparse
import importlib
import sys
import tomllib
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "bindings/openstackclient"
GROUP = "openstack.protector.v1"
# What cliff adds to every list outside its groups of options.
OF_LISTS = {"--quote", "--sort-column", "--sort-ascending", "--sort-descending"}
HEAD = """\
# `openstack protector`

Every command of the plug-in, as `openstack help protector …` has it. `openstack dr …` is the same tree, and nouns of two words
may be written with a space. What shows something takes cliff's `-f json|yaml|csv|value|table`, `-c COLUMN` and their like.
"""


def main():
    """Prints the page; what has no documentation is named, and ends it with 1."""
    missing = []
    print(HEAD)
    for name, place in sorted(commands().items()):
        parser = place(None, None).get_parser(f"openstack {name}")
        print(section(name, place, parser, missing))
    if missing:
        sys.exit("these have no documentation:\n" + "\n".join(missing))


def commands():
    """Each command's class by its name: of the tree `protector`, in the spelling with hyphens."""
    with open(PLUGIN / "pyproject.toml", "rb") as file:
        points = tomllib.load(file)["project"]["entry-points"][GROUP]
    spaced = ("protector_protection_group_", "protector_recovery_point_")
    ours = {name: at for name, at in points.items() if name.startswith("protector_") and not name.startswith(spaced)}
    return {name.replace("_", " "): imported(at) for name, at in ours.items()}


def imported(place):
    """The class that `module:name` is."""
    module, name = place.split(":")
    return getattr(importlib.import_module(module), name)


def section(name, command, parser, missing):
    """One command: what it does, how it is called, what it takes."""
    if not command.__doc__:
        missing.append(f"openstack {name}")
    taken = [action for action in parser._actions if is_ours(parser, action)]
    lines = [f"## `openstack {name}`", "", (command.__doc__ or "").strip(), ""]
    lines += ["```text", " ".join([f"openstack {name}", *map(usage, taken)]), "```", ""]
    if taken:
        lines += ["| argument | |", "|---|---|"]
    for action in taken:
        if not action.help:
            missing.append(f"openstack {name}: {written(action)}")
        told = (action.help or "") % {"default": action.default} if action.help else ""
        lines.append(f"| `{written(action)}` | {told.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def is_ours(parser, action):
    """Whether it is the command's own: neither --help nor what cliff adds to show a table."""
    formatters = [group for group in parser._action_groups if "formatter" in (group.title or "")]
    of_cliff = {id(one) for group in formatters for one in group._group_actions}
    shown = action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)
    return shown and id(action) not in of_cliff and not OF_LISTS.intersection(action.option_strings)


def written(action):
    """As it is typed."""
    value = action.metavar or (action.dest.upper() if action.option_strings else action.dest)
    if isinstance(value, tuple):
        value = " ".join(value)
    if not action.option_strings:
        return value
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def usage(action):
    """As it stands in the line of usage: in brackets where it may be left out."""
    needed = action.required or (not action.option_strings and action.nargs not in ("?", "*"))
    return written(action) if needed else f"[{written(action)}]"


if __name__ == "__main__":
    main()
