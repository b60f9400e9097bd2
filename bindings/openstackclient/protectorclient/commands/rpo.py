"""`openstack protector rpo …`: recovery point objectives."""

from protectorclient import command, errors, tables


class Check(command.Lister):
    """Whether the objectives are met: exit code 6 if one is missed, 7 if one cannot be told"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("group", metavar="<group>", nargs="?", help="The group, by name; all without it")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            reports = protector.rpo(parsed_args.group)
        statuses = {report["status"] for report in reports}
        # One that is missed counts more than one that cannot be told.
        if "missed" in statuses:
            self.exit_code = command.ATTENTION
        elif "unknown" in statuses:
            self.exit_code = command.UNKNOWN
        for report in reports:
            for finding in report["findings"]:
                self.say(errors.finding_told(finding))
        rows = [{**report, "newest": (report["newest"] or {}).get("name")} for report in reports]
        return tables.many(rows, ("group_name", "status", "age", "objective", "newest", "schedule"))
