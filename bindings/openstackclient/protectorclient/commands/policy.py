"""`openstack protector policy …`: what a person wants of a group's moves: order, checks, hooks."""

import json

from protectorclient import command, errors, tables


class Show(command.ShowOne):
    """A group's policy"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("group", metavar="<group>", help="The group, by name")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            group = protector.group(parsed_args.group)
        policy = group.get("policy") or {}
        return tables.one(policy, sorted(policy))


class Set(Show):
    """Gives a group a policy: all of it, as docs/group-policy.md describes it"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="<file>", help="The policy, YAML or JSON")
        return parser

    def take_action(self, parsed_args):
        policy = _read(parsed_args.file)
        with self.opened() as protector:
            protector.set_policy(parsed_args.group, policy)
        return super().take_action(parsed_args)


def _read(file):
    # What the openstack command brings along, imported only here.
    import yaml

    try:
        with open(file, encoding="utf-8") as opened:
            return json.loads(json.dumps(yaml.safe_load(opened)))
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise errors.CommandFailed(
            "configuration-invalid", f"failed to read the policy {file}: {error}", "Correct the named file."
        ) from error
