"""`openstack protector policy …`: what a person wants of a group's moves: order, checks, hooks."""

from protectorclient import command, files, tables


class Show(command.ShowOne):
    """A group's policy"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("group", metavar="<group>", help="The group, by name")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            return _shown(protector.group(parsed_args.group).get("policy") or {})


class Set(Show):
    """Gives a group a policy: all of it, as docs/group-policy.md describes it"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="<file>", help="The policy, YAML or JSON; `-` is standard input")
        return parser

    def take_action(self, parsed_args):
        policy = files.read(self, parsed_args.file)
        with self.opened() as protector:
            group = protector.set_policy(parsed_args.group, policy, file=parsed_args.file)
        return _shown(group.get("policy") or {})


class Validate(Set):
    """Whether a document can be the policy of a group, as it is now; nothing is changed: exit code 3 if it cannot"""

    def take_action(self, parsed_args):
        policy = files.read(self, parsed_args.file)
        with self.opened() as protector:
            understood = protector.validate_policy(parsed_args.group, policy, file=parsed_args.file)
        self.say(f"group {parsed_args.group} can have this policy")
        return _shown(understood)


def _shown(policy):
    return tables.one(policy, sorted(policy))
