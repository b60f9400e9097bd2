"""`openstack protector mapping …`: what stands at one site for something of the other."""

from protectorclient import command, tables

MAPPING = ("kind", "from", "name", "to", "mapped", "explicit", "needed_by", "problems")


class List(command.Lister):
    """What stands for what is mapped, and for what protected VMs have, in both directions"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            return tables.many(protector.validate_mappings(), MAPPING)


class Validate(command.Lister):
    """Whether what protected VMs have is there at the other site, in both directions: exit code 6 if something is not"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            found = protector.validate_mappings()
        if any(mapping["problems"] for mapping in found):
            self.exit_code = command.ATTENTION
        return tables.many(found, MAPPING)
