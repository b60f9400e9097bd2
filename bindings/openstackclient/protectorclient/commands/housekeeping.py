"""`openstack protector prune …`, `tick`: what is left over, and what is due."""

from protectorclient import command, confirmation, tables

ALL = ("site", "kind", "name", "id", "bytes", "since", "quota", "group_name", "released_by", "reason")


def _add_age(parser):
    """Adds from which age on something is left over."""
    parser.add_argument(
        "--older-than",
        metavar="<seconds>",
        type=int,
        default=86400,
        help="Pass over what is younger, or of unknown age; a day without",
    )


class List(command.Lister):
    """What is left over at both sites, that no group and no operation has a use for"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_age(parser)
        parser.add_argument(
            "--all", action="store_true", help="Also what groups hold and is in use, and what lets go of it"
        )
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            found = protector.housekeeping(older_than=parsed_args.older_than)
        for unread in found["unread"]:
            self.say(f"could not be looked at: {unread['subject']} at {unread['site']}: {unread['reason']}")
        if parsed_args.all:
            left = [{**one, "group_name": None, "released_by": []} for one in found["leftovers"]]
            return tables.many([*left, *found["held"]], ALL)
        return tables.many(found["leftovers"], ("site", "kind", "name", "id", "bytes", "since", "reason"))


class Run(command.Lister):
    """Removes what is left over, and journals of operations that ended long ago if that is asked for: it is not undone"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_age(parser)
        parser.add_argument(
            "--journals-older-than",
            metavar="<seconds>",
            type=int,
            help="Also remove the journals of operations that ended so long ago, but for those that are still needed",
        )
        parser.add_argument("--confirm", metavar="prune", help="Confirm with the word prune; asked for on a terminal")
        return parser

    def take_action(self, parsed_args):
        ages = {"older_than": parsed_args.older_than, "journals_older_than": parsed_args.journals_older_than}
        with self.opened() as protector:

            def show():
                for left in protector.housekeeping(older_than=parsed_args.older_than)["leftovers"]:
                    self.say(f"{_named(left)}: {left['reason']}")

            pruned = confirmation.confirmed(
                self, lambda word: protector.prune(**ages, confirm=word), parsed_args.confirm, show, "the word (prune)"
            )
        for unread in pruned["unread"]:
            self.say(f"could not be looked at: {unread['subject']} at {unread['site']}: {unread['reason']}")
        journals = pruned.get("journals") or {"removed": [], "kept": []}
        rows = [("removed", operation["id"], operation["status"]) for operation in pruned["operations"]]
        rows += [("kept", _named(kept["leftover"]), kept["reason"]) for kept in pruned["kept"]]
        rows += [("remains", _named(left), left["reason"]) for left in pruned["remains"]]
        rows += [("journal removed", operation["id"], None) for operation in journals["removed"]]
        rows += [("journal kept", kept["operation"], kept["reason"]) for kept in journals["kept"]]
        needed = all(kept["needed"] for kept in journals["kept"])
        if pruned["kept"] or pruned["remains"] or pruned["unread"] or not needed:
            self.exit_code = command.ATTENTION
        return ("what", "subject", "remark"), rows


def _named(left):
    return f"{left['kind']} {left['name']} at {left['site']}"


class Tick(command.Lister):
    """Does what is due: ends tests past their time, captures old definitions again. For cron or a systemd timer"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            done = protector.tick()
        return tables.many(done, ("group", "due", "operation", "status", "servers", "reason"))
