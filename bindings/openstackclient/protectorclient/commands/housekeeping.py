"""`openstack protector prune …`, `tick`: what is left over, and what is due."""

from protectorclient import command, tables


class List(command.Lister):
    """What is left over at both sites, that no group and no operation has a use for"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            found = protector.housekeeping()
        for unread in found["unread"]:
            self.say(f"could not be looked at: {unread['subject']} at {unread['site']}: {unread['reason']}")
        return tables.many(found["leftovers"], ("site", "kind", "name", "id", "bytes", "since", "reason"))


class Tick(command.Lister):
    """Does what is due: ends tests past their time, captures old definitions again. For cron or a systemd timer"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            done = protector.tick()
        return tables.many(done, ("group", "due", "operation", "status", "servers", "reason"))
