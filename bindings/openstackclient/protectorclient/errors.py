"""Errors as a person reads them: what was attempted and why it failed, each finding, what can be done, the code.

The words are those of the `protector` command, and so are the exit codes.
"""

import sys

USAGE = 2


class CommandFailed(Exception):
    """Something that the package does not know of: of this command's options, or that the package is not there."""

    findings: list = []
    warnings: list = []

    def __init__(self, code, message, hint, exit_code=USAGE):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


class DoneInPart(CommandFailed):
    """Some of what was asked for is done, and the next could not be begun, for a reason of the package's."""

    def __init__(self, message, cause):
        # Something was changed, whatever the exit code of the cause says.
        super().__init__(cause.code, f"{message}: {cause.message}", cause.hint, exit_code=1)
        self.findings, self.warnings = cause.findings, cause.warnings


class ToldAlready(Exception):
    """It failed, and what there is to say of it was said."""

    def __init__(self, exit_code):
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


def package():
    """The package `protector`, imported when it is needed.

    :raises CommandFailed: it is not installed, or not for this Python
    """
    try:
        import protector
    except ImportError as error:
        raise CommandFailed(
            "capability-missing",
            f"failed to import the Python package protector with {sys.executable}: {error}",
            # What the public index has under its name is another package.
            "Install it where the openstack command is: pip install ./bindings/python, in a checkout of protector.",
            exit_code=1,
        ) from error
    return protector


def end_usage(parser, message):
    """Ends the process: the arguments cannot be used."""
    parser.print_usage(sys.stderr)
    hint = "Correct the named argument; nothing was changed."
    parser.exit(USAGE, told(CommandFailed("argument-invalid", message, hint)) + "\n")


def is_known(error):
    """Whether the error says itself what to do about it."""
    known = [CommandFailed]
    # What was never imported has raised nothing.
    if protector := sys.modules.get("protector"):
        known.append(protector.ProtectorError)
    return isinstance(error, tuple(known))


def told(error):
    """The error as the `protector` command tells it."""
    lines = [f"error: {error.message}"]
    lines += [f"  {finding_told(finding)}" for finding in error.findings]
    lines += [f"  note: {finding_told(warning)}" for warning in error.warnings]
    lines += [f"hint: {error.hint}", f"code: {error.code}"]
    return "\n".join(lines)


def finding_told(finding):
    """A finding in one line."""
    site = f" at {finding['site']}" if finding.get("site") else ""
    return f"{finding['code']}: {finding['subject']}{site}: {finding['message']}; {finding['remedy']}"
