"""`openstack protector protection-group …`: groups of VMs that move as one."""

from protectorclient import columns, command, tables
from protectorclient.operations import Operation


class _OfGroup:
    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("group", metavar="<group>", help="The group, by name")
        return parser


class List(command.Lister):
    """All groups"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            groups = protector.groups()
        names = ("id", "name", "status", "current_primary_site", "members", "last_failover_at")
        members = [{**group, "members": [member["name"] for member in group["members"]]} for group in groups]
        return names, (
            [columns.Names(group[name]) if name == "members" else tables.value(name, group[name]) for name in names]
            for group in members
        )


class Show(_OfGroup, command.ShowOne):
    """One group"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("--long", action="store_true", help="Everything that is known of it: members, volumes, ports")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            group = protector.group(parsed_args.group)
        return tables.one(group, tables.GROUP, parsed_args.long)


class Drift(_OfGroup, command.Lister):
    """What has changed at a group's VMs since they were captured, and what to do about it"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            findings = protector.drift(parsed_args.group)
        return tables.many(findings, ("code", "subject", "site", "message", "remedy"))


class Create(Operation):
    """Protects VMs as one group: twins of their volumes at the other site, and a first recovery point there"""

    operation = "protect"

    def add_wanted(self, parser):
        parser.add_argument(
            "--primary-site",
            metavar="<site>",
            help="The site where the VMs run: the group's home; without it the one whose cloud --os-cloud is",
        )
        parser.add_argument(
            "--secondary-site",
            metavar="<site>",
            help="The other site; without it the one whose cloud --secondary-cloud is, or else the one that remains",
        )
        _add_members(parser)

    def wanted(self, protector, parsed_args):
        primary = self.site_named(protector, parsed_args.primary_site)
        return {
            "primary_site": primary,
            "secondary_site": self._secondary(protector, parsed_args.secondary_site, primary),
            "members": parsed_args.members,
        }

    def _secondary(self, protector, given, primary):
        if given:
            return given
        if cloud := self.app.options.secondary_cloud:
            return self.site_of_cloud(protector, "--secondary-cloud", cloud)
        return protector.site(primary)["other_site"]


class Delete(Operation):
    """Ends the protection; the VMs stay where they run, and what protector made at the other site goes"""

    operation = "unprotect"

    def add_wanted(self, parser):
        parser.add_argument(
            "--without-site",
            metavar="<site>",
            help="Leave this site behind as it is, because it does not answer; what stays there is named",
        )

    def wanted(self, protector, parsed_args):
        return _given(without_site=parsed_args.without_site)


class _Move(Operation):
    def add_wanted(self, parser):
        parser.add_argument(
            "--unplanned",
            action="store_true",
            help="Without the site where the group runs, from a recovery point: what was written since is lost",
        )
        parser.add_argument(
            "--recovery-point",
            metavar="<name>",
            help="The recovery point to go on from; the newest eligible one without it",
        )
        parser.add_argument("--accept-loss", action="store_true", help="Accept the loss that the plan states")
        parser.add_argument(
            "--without",
            metavar="<vm>",
            action="append",
            help="Leave a VM out, its volumes move with the others; may be given more than once",
        )

    def wanted(self, protector, parsed_args):
        return _given(
            unplanned=parsed_args.unplanned or None,
            recovery_point=parsed_args.recovery_point,
            accept_loss=parsed_args.accept_loss or None,
            without=parsed_args.without,
        )


class Failover(_Move):
    """Moves a group away from its home"""

    operation = "failover"


class Failback(_Move):
    """Moves a group back to its home"""

    operation = "failback"


class TestFailover(Operation):
    """Runs copies of a group's VMs at the other site, in networks of their own; production gets no request"""

    operation = "test_failover"

    def add_wanted(self, parser):
        parser.add_argument(
            "--recovery-point",
            metavar="<name>",
            help="The recovery point to run on; the newest eligible one without it",
        )
        parser.add_argument(
            "--time-to-live",
            metavar="<seconds>",
            type=int,
            help="Seconds after which `tick` ends the test; as protector.yaml has it without",
        )
        parser.add_argument(
            "--floating-ips",
            action="store_true",
            help="A new floating IP for each copy of what has one, where a network for tests leads outside",
        )

    def wanted(self, protector, parsed_args):
        return _given(
            recovery_point=parsed_args.recovery_point,
            time_to_live=parsed_args.time_to_live,
            floating_ips=parsed_args.floating_ips,
        )


class TestCleanup(Operation):
    """Ends a group's test: all that it made goes"""

    operation = "test_cleanup"


class Sync(Operation):
    """Replicates a group now, and captures its VMs' definitions again"""

    operation = "sync"


class Reprotect(Operation):
    """Makes a group's data reach the other site again, after an unplanned move"""

    operation = "reprotect"


class Commit(Operation):
    """Lets go of the safety copies of a group's moves: they cannot be taken back any more"""

    operation = "commit"


class Undo(Operation):
    """Takes a group's last planned move back"""

    operation = "undo"


class Set(Operation):
    """Gives a group another replication policy"""

    operation = "set"

    def add_wanted(self, parser):
        parser.add_argument(
            "--replication-interval",
            metavar="<seconds>",
            type=int,
            help="Seconds between scheduled recovery points",
        )
        parser.add_argument(
            "--retention",
            metavar="<seconds>",
            type=int,
            help="Seconds for which the other site keeps recovery points",
        )
        parser.add_argument(
            "--rpo-minutes",
            metavar="<minutes>",
            type=int,
            help="Minutes that may be lost at the most: what `rpo check` judges by",
        )

    def wanted(self, protector, parsed_args):
        return _given(
            replication_interval=parsed_args.replication_interval,
            retention=parsed_args.retention,
            rpo_minutes=parsed_args.rpo_minutes,
        )


class AddMember(Operation):
    """Takes more VMs into a group"""

    operation = "add_member"

    def add_wanted(self, parser):
        _add_members(parser)

    def wanted(self, protector, parsed_args):
        return {"members": parsed_args.members}


class RemoveMember(AddMember):
    """Takes VMs out of a group; they stay where they run"""

    operation = "remove_member"


def _add_members(parser):
    parser.add_argument(
        "--member",
        dest="members",
        metavar="<vm>",
        action="append",
        required=True,
        help="A VM, by name or id; may be given more than once",
    )


def _given(**arguments):
    return {name: value for name, value in arguments.items() if value is not None}
