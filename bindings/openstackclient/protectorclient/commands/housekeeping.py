"""`openstack protector prune …`, `tick`: what is left over, and what is due."""

from protectorclient import command, tables

ALL = ("site", "kind", "name", "id", "bytes", "since", "quota", "group_name", "released_by", "reason")


class List(command.Lister):
    """What is left over at both sites, that no group and no operation has a use for"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--all", action="store_true", help="Also what groups hold and is in use, and what lets go of it"
        )
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            found = protector.housekeeping()
        for unread in found["unread"]:
            self.say(f"could not be looked at: {unread['subject']} at {unread['site']}: {unread['reason']}")
        if parsed_args.all:
            left = [{**one, "group_name": None, "released_by": []} for one in found["leftovers"]]
            return tables.many([*left, *found["held"]], ALL)
        return tables.many(found["leftovers"], ("site", "kind", "name", "id", "bytes", "since", "reason"))


class Tick(command.Lister):
    """Does what is due: ends tests past their time, captures old definitions again. For cron or a systemd timer"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            done = protector.tick()
        return tables.many(done, ("group", "due", "operation", "status", "servers", "reason"))
