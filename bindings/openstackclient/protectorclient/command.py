"""What all commands of this plugin have in common: how the sites are opened, how an error is told, how the process ends."""

import contextlib
import functools
import sys

from osc_lib.command import command

from protectorclient import errors

DISTRIBUTION = "protectorclient"
# It is refused: nothing was begun.
REFUSED = 3
# It was looked at, and a person has to act.
ATTENTION = 6
# It cannot be told, because an array does not answer.
UNKNOWN = 7


class Protected:
    """To be mixed in before a command of osc-lib."""

    # The sites, and who signs in there, are those of protector.yaml. Only the name of --os-cloud counts, so that a command also
    # works while that cloud does not answer.
    auth_required = False
    exit_code = 0

    def get_parser(self, prog_name):
        """The parser, which tells arguments that cannot be used as every error is told."""
        parser = super().get_parser(prog_name)
        parser.error = functools.partial(errors.end_usage, parser)
        return parser

    def get_epilog(self):
        """Who brings the command. cliff would look for that in all files of all installed packages, each time."""
        return f"This command is provided by the {DISTRIBUTION} plugin."

    def run(self, parsed_args):
        """Runs the command; what fails is told with its cause, what to do about it, and its code."""
        try:
            returned = super().run(parsed_args)
        except errors.ToldAlready as already:
            return already.exit_code
        except Exception as error:
            if not errors.is_known(error) or self.app.options.debug:
                raise
            self.say(errors.told(error))
            return error.exit_code
        return returned or self.exit_code

    def say(self, line):
        """A line on standard error."""
        print(line, file=self.app.stderr)

    @contextlib.contextmanager
    def opened(self):
        """The two sites, as `protector.open` has them."""
        package = errors.package()
        with package.open(config=self.app.options.protector_config, started_by="openstack protector") as opened:
            yield opened

    def site_named(self, protector, given):
        """The site that is named, or else the one whose cloud --os-cloud is."""
        return given or self.site_of_cloud(protector, "--os-cloud", self.app.options.cloud)

    def site_of_cloud(self, protector, option, cloud):
        """The site whose cloud this is, as protector.yaml has it."""
        sites = protector.sites()
        if not cloud:
            names = " or ".join(site["name"] for site in sites)
            raise errors.CommandFailed(
                "argument-invalid",
                f"the site is not named, and there is no {option} to tell it",
                f"Name the site: {names}.",
            )
        for site in sites:
            if site["cloud"] == cloud:
                return site["name"]
        clouds = " or ".join(site["cloud"] for site in sites)
        raise errors.CommandFailed(
            "cloud-unknown",
            f"{option} names {cloud}, which is the cloud of no site in protector.yaml",
            f"Name a cloud that protector.yaml has: {clouds}; or name the site itself.",
        )

    def terminal(self):
        """Whether a person can be asked."""
        return sys.stdin.isatty() and self.app.stderr.isatty()


class Command(Protected, command.Command):
    """Shows nothing that is a table."""


class Lister(Protected, command.Lister):
    """Shows a table."""


class ShowOne(Protected, command.ShowOne):
    """Shows one thing."""
