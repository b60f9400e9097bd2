"""What the `openstack` command imports on every call, also for `openstack server list`: it therefore imports nothing.

The package `protector` with its native module is imported when one of the commands runs.
"""

import argparse

API_NAME = "protector"
API_VERSION_OPTION = "os_protector_api_version"
DEFAULT_API_VERSION = "1"
API_VERSIONS = ("1",)


def make_client(instance):
    """There is no service to be a client of: each command opens the two sites that protector.yaml names."""
    return None


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Adds the options that all commands of this plugin share."""
    # The environment belongs to the program, not to the library: it is read here, where `openstack` reads its own.
    from os import environ

    parser.add_argument(
        "--os-protector-api-version",
        metavar="<version>",
        default=environ.get("OS_PROTECTOR_API_VERSION", DEFAULT_API_VERSION),
        help=f"Version of the protector commands, default={DEFAULT_API_VERSION} (Env: OS_PROTECTOR_API_VERSION)",
    )
    parser.add_argument(
        "--protector-config",
        metavar="<file>",
        default=None,
        help="protector.yaml; without it the file is searched where clouds.yaml is (Env: PROTECTOR_CONFIG)",
    )
    parser.add_argument(
        "--secondary-cloud",
        metavar="<cloud>",
        default=environ.get("OS_SECONDARY_CLOUD"),
        help="Cloud of the other site, as protector.yaml has it, where --os-cloud is that of the first "
        "(Env: OS_SECONDARY_CLOUD)",
    )
    return parser
