"""`openstack protector recovery-point …`: the points that a group can be brought up from."""

from protectorclient import command, tables


class List(command.Lister):
    """A group's points where it does not run, the newest first"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("group", metavar="<group>", help="The group, by name")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            points = protector.recovery_points(parsed_args.group)
        rows = [{**point, "reason": point["eligibility"]["reason"]} for point in points]
        return tables.many(rows, ("name", "created", "completed", "size", "eligible", "reason"))
