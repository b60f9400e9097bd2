"""What is not waited for goes on in a process of its own, which outlives this one and its terminal.

That process is this one, forked before the package with its threads is imported. Until it has begun it has the terminal: it asks
for what has to be confirmed, and tells what fails. Then it leaves the terminal, and this process gives what it was told.
"""

import contextlib
import os
import pickle
import signal
import sys
import traceback

from protectorclient import errors

INTERRUPTED = 128 + signal.SIGINT


class Detachable:
    """To be mixed in before a command that begins operations: it does so in `carry_out`, and says with `has_begun` when."""

    def take_action(self, parsed_args):
        """What comes of it, or what has begun if that is not waited for."""
        if not parsed_args.no_wait or getattr(parsed_args, "dry_run", False):
            return self.carry_out(parsed_args)
        if getattr(parsed_args, "timeout", None):
            raise errors.CommandFailed(
                "argument-invalid",
                "--no-wait cannot be used with --timeout",
                "Correct the named argument; nothing was changed.",
            )
        return _carried_out_elsewhere(self, parsed_args)

    def has_begun(self, answer):
        """To be called once an operation has begun; `answer` gives what is shown of it, if it is not waited for."""


def add_no_wait(parser):
    """Adds whether it is waited for."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--wait", action="store_true", help="Run it here, to its end, as without it")
    group.add_argument(
        "--no-wait",
        action="store_true",
        help="Return once it has begun in a process of its own; `operation watch` follows it",
    )


def goes_on(command):
    """What is said of that which has begun, and which command of this plug-in follows it."""
    return f"it goes on in a process of its own: `openstack protector {command}` follows it"


def _carried_out_elsewhere(command, parsed_args):
    reading, writing = os.pipe()
    # Or both processes would write it.
    command.app.stdout.flush()
    command.app.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            code = _runner(command, parsed_args, _Report(command, writing))
        finally:
            # Not into the caller's code: that goes on in the other process.
            os._exit(code)
    os.close(writing)
    if said := _said_by(reading):
        answer, command.exit_code = pickle.loads(said)
        return answer
    raise _ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _said_by(reading):
    """All that is written until the other end is closed. Ctrl-C reaches the other process, too, which tells what it came to."""
    said = b""
    with open(reading, "rb", buffering=0) as pipe:
        while True:
            try:
                more = pipe.read(65536)
            except KeyboardInterrupt:
                continue
            if not more:
                return said
            said += more


def _ended(code):
    """Why there is no answer of a process that has ended."""
    if code >= 0:
        return errors.ToldAlready(code)
    return errors.CommandFailed(
        "cancelled",
        f"the process that was to run it was ended by {signal.Signals(-code).name} before it had begun",
        "`openstack protector operation list` shows whether an operation is on record; `operation resume` runs it here.",
        exit_code=5,
    )


class _Report:
    """Tells the process that waits what it is waiting for, once, and leaves the terminal with it."""

    def __init__(self, command, writing):
        self._command = command
        self._writing = writing

    def begun(self, answer):
        """Something has begun, and nobody waits for its end."""
        if self._writing is not None:
            self.answered(answer(), 0)

    def answered(self, answer, exit_code):
        """There is an answer."""
        if self._writing is None:
            return
        fields, rows = answer
        os.setsid()
        # Who does not wait any more misses the answer; what has begun goes on.
        with contextlib.suppress(BrokenPipeError), open(self._writing, "wb") as pipe:
            pickle.dump(((fields, list(rows)), exit_code), pipe)
        self._writing = None
        # What is told from here on is in the journal.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)


def _runner(command, parsed_args, report):
    """Does it, in a process that nothing is left to do for afterwards; its exit code."""
    command.has_begun = report.begun
    try:
        report.answered(command.carry_out(parsed_args), command.exit_code)
        return command.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if not errors.is_known(error) or command.app.options.debug:
            traceback.print_exc()
            return 1
        command.say(errors.told(error))
        return error.exit_code
