"""`openstack protector site …`: what there is to know of the two sites."""

from protectorclient import columns, command, tables

SITE = ("name", "other_site", "cloud", "region", "arrays", "reachable", "trouble", "primary_of", "secondary_of")


class _OfSite:
    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "site",
            metavar="<site>",
            nargs="?",
            help="The site, as protector.yaml names it; without it the one whose cloud --os-cloud is",
        )
        return parser


class List(command.Lister):
    """Both sites, and whether they answer"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            sites = protector.sites()
        names = ("name", "cloud", "region", "reachable", "arrays", "primary_of")
        return names, (_values(site, names) for site in sites)


class Show(_OfSite, command.ShowOne):
    """One site, its arrays and its groups"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            site = protector.site(self.site_named(protector, parsed_args.site))
        for array in site["arrays"]:
            if trouble := array.get("trouble"):
                self.say(f"array {array['name']} at {array['url']}: {trouble}")
        return SITE, _values(site, SITE)


class Validate(_OfSite, command.Lister):
    """Whether a site is fit to be half of the pair: exit code 6 if a check failed"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            report = protector.validate_site(self.site_named(protector, parsed_args.site))
        self.say(f"{report['site']}: {report['status']}")
        self.exit_code = command.ATTENTION if report["status"] == "failed" else 0
        return tables.many(report["checks"], ("status", "subject", "seen", "remedy"))


class ListVolumeTypes(_OfSite, command.Lister):
    """Which volume types can be protected, and what stands for them at the other site"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            types = protector.volume_types(self.site_named(protector, parsed_args.site))
        names = ("name", "verdict", "replication_type", "backend", "pairing", "reasons")
        return tables.many([_in_words(found) for found in types], names)


def _in_words(found):
    unseen = [f"not seen: {', '.join(found['unseen'])}"] if found["unseen"] else []
    said = found["pairing"]["said"] if found["pairing"] else None
    return {**found, "pairing": said, "reasons": found["reasons"] + unseen}


def _values(site, names):
    return [
        columns.Lines(site["arrays"], tables.array) if name == "arrays" else tables.value(name, site.get(name))
        for name in names
    ]
