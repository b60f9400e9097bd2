"""Operations: planned, confirmed, run and accounted for."""

import threading

from protectorclient import command, errors, progress, tables

# Failed or cancelled, and rolled back.
ROLLED_BACK = 4


class Operation(command.ShowOne):
    """An operation that changes a group."""

    operation = ""
    planned_only = False

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("group", metavar="<group>", help="The group, by name")
        self.add_wanted(parser)
        if not self.planned_only:
            parser.add_argument("--dry-run", action="store_true", help="Show the plan, and touch nothing")
            parser.add_argument(
                "--confirm",
                metavar="<group>",
                help="Confirm, with the group's name, what stops VMs or cannot be taken back; "
                "asked for on a terminal",
            )
            add_wait(parser)
        return parser

    def add_wanted(self, parser):
        """Adds what this operation can be told."""

    def wanted(self, protector, parsed_args):
        """What this operation is told: the arguments of its request."""
        return {}

    def take_action(self, parsed_args):
        with self.opened() as protector:
            wanted = self.wanted(protector, parsed_args)
            plan = protector.plan(self.operation, group=parsed_args.group, **wanted)
            if self.planned_only or parsed_args.dry_run:
                return tables.plan(plan.document)
            return follow(self, self.begun(protector, plan, parsed_args.confirm), parsed_args.timeout)

    def begun(self, protector, plan, confirm):
        """The run of a plan, confirmed by an option or by a person who is asked."""
        package = errors.package()
        try:
            return protector.apply(plan, confirm=confirm)
        except package.errors.NotConfirmedError:
            if confirm is not None or not self.terminal():
                raise
        found = plan.document["plan"]
        self.say("{operation_type} of {group_name} from {source_site} to {target_site}: ".format(**found)
                 + f"{len(found['steps'])} steps")
        for warning in plan.document["warnings"]:
            self.say(f"  note: {errors.finding_told(warning)}")
        if loss := plan.document["loss"]:
            self.say(f"  what was written after {loss['from']} is lost")
        # On standard error: what this command prints is for whoever reads its output.
        print(f"To go on, type the name of the group ({found['group_name']}): ", end="",
              file=self.app.stderr, flush=True)
        return protector.apply(plan, confirm=self.app.stdin.readline().strip())


def add_wait(parser):
    """Adds how long an operation is waited for."""
    parser.add_argument(
        "--wait",
        action="store_true",
        help="Wait until the operation has ended; it runs in this process, which therefore always waits",
    )
    parser.add_argument(
        "--timeout",
        metavar="<seconds>",
        type=positive,
        help="Leave the operation after so many seconds, finishing what is under way; "
        "`operation resume` continues (exit code 5)",
    )


def positive(text):
    """Seconds, more than none."""
    seconds = float(text)
    if not seconds > 0:
        raise ValueError(text)
    return seconds


def follow(shown_by, run, timeout):
    """Follows a run to its end. Ctrl-C, or the time that is over, leaves it after what is under way."""
    package = errors.package()
    display = progress.Display(shown_by.app.stderr, run.steps)

    def leave(why):
        display.say(f"{why}: stopping after what is under way; `openstack protector operation resume` continues")
        run.stop()

    timer = threading.Timer(timeout, leave, [f"{timeout:g} s are over"]) if timeout else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        try:
            for event in run:
                display.show(event)
        except KeyboardInterrupt:
            leave("interrupted")
        outcome = run.result()
    except package.ProtectorError as error:
        outcome = getattr(error, "outcome", None)
        if outcome is None:
            raise
        display.end()
        shown_by.say(errors.told(error))
    finally:
        if timer:
            timer.cancel()
        display.end()
    return account(shown_by, outcome)


def account(shown_by, outcome):
    """Tells what came of an operation: its fields as the answer, all that a person has to know beside it."""
    operation, group = outcome["operation"], outcome["group"]
    for warning in outcome["warnings"]:
        shown_by.say(f"note: {errors.finding_told(warning)}")
    for member in (group or {}).get("members", []):
        if absence := member["absent"]:
            shown_by.say(f"{member['name']} does not run: {absence['reason']}")
    for remnant in outcome["remains"]:
        shown_by.say("still at {site}: {kind} {name} ({id}), {state}".format(**remnant))
    shown_by.exit_code = outcome["exit_code"]
    return tables.one(operation, tables.OPERATION)
