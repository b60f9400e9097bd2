"""Operations: planned, confirmed, run and accounted for."""

import threading

from protectorclient import command, confirmation, detached, errors, progress, tables

# Failed or cancelled, and rolled back.
ROLLED_BACK = 4


class Operation(detached.Detachable, command.ShowOne):
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
        """What comes of it, or its plan."""
        return self.carry_out(parsed_args) if self.planned_only else super().take_action(parsed_args)

    def carry_out(self, parsed_args):
        """Plans it, has it confirmed, and follows it to its end."""
        with self.opened() as protector:
            wanted = self.wanted(protector, parsed_args)
            plan = protector.plan(self.operation, group=parsed_args.group, **wanted)
            if self.planned_only or parsed_args.dry_run:
                return tables.plan(plan.document)
            run = begun(self, protector, plan, parsed_args.confirm)
            return follow(self, protector, run, parsed_args.timeout, plan.document["warnings"])


def begun(shown_by, protector, plan, confirm):
    """The run of a plan, confirmed by an option or by a person who is asked."""
    found = plan.document["plan"]

    def show():
        shown_by.say("{operation_type} of {group_name} from {source_site} to {target_site}: ".format(**found)
                     + f"{len(found['steps'])} steps")
        for warning in plan.document["warnings"]:
            shown_by.say(f"  note: {errors.finding_told(warning)}")
        if loss := plan.document["loss"]:
            shown_by.say(f"  what was written after {loss['from']} is lost")

    return confirmation.confirmed(
        shown_by, lambda word: protector.apply(plan, confirm=word), confirm, show,
        f"the name of the group ({found['group_name']})",
    )


def add_wait(parser):
    """Adds how long an operation is waited for."""
    detached.add_no_wait(parser)
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


def follow(shown_by, protector, run, timeout, warnings=()):
    """Follows a run to its end, and tells what came of it; `warnings` are those of its plan."""

    def goes_on():
        for warning in warnings:
            shown_by.say(f"note: {errors.finding_told(warning)}")
        shown_by.say(detached.goes_on(f"operation watch {run.operation_id}"))
        return tables.one(protector.operation(run.operation_id), tables.OPERATION)

    outcome = followed(shown_by, run, timeout, goes_on)
    account(shown_by, outcome)
    return tables.one(outcome["operation"], tables.OPERATION)


def followed(shown_by, run, timeout, goes_on):
    """Follows a run to its end; what came of it. Ctrl-C, or the time that is over, leaves it after what is under way. `goes_on`
    gives what is shown of it once it has begun, if it is not waited for.
    """
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
                shown_by.has_begun(goes_on)
                display.show(event)
        except KeyboardInterrupt:
            leave("interrupted")
        return run.result()
    except package.ProtectorError as error:
        outcome = getattr(error, "outcome", None)
        if outcome is None:
            raise
        display.end()
        shown_by.say(errors.told(error))
        return outcome
    finally:
        if timer:
            timer.cancel()
        display.end()


def account(shown_by, outcome):
    """Tells all that a person has to know of an operation's outcome beside its fields."""
    group = outcome["group"]
    for warning in outcome["warnings"]:
        shown_by.say(f"note: {errors.finding_told(warning)}")
    for member in (group or {}).get("members", []):
        if absence := member["absent"]:
            shown_by.say(f"{member['name']} does not run: {absence['reason']}")
    for remnant in outcome["remains"]:
        shown_by.say("still at {site}: {kind} {name} ({id}), {state}".format(**remnant))
    shown_by.exit_code = outcome["exit_code"]
