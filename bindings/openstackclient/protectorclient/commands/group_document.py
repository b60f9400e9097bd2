"""`openstack protector protection-group export`, `apply`: a group as a YAML document."""

from protectorclient import columns, command, detached, errors, files, operations, tables

PLANNED = ("operation_type", "needs_confirmation", "hash", "steps", "warnings")
DONE = ("operation_type", "operation", "status", "error_message")


class Export(command.Command):
    """A group as a YAML document, from which `apply` makes the same; on standard output"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("group", metavar="<group>", help="The group, by name")
        parser.add_argument("--file", metavar="<file>", help="The file; standard output without it")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            text = protector.export(parsed_args.group)
        if parsed_args.file is None:
            self.app.stdout.write(text if text.endswith("\n") else f"{text}\n")
        else:
            files.write(parsed_args.file, text)
            self.say(f"group {parsed_args.group} is written to {parsed_args.file}")


class Apply(detached.Detachable, command.Lister):
    """Makes a group what a YAML document says: each change is an operation, one after the other"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="<file>", help="The document; `-` is standard input")
        parser.add_argument("--dry-run", action="store_true", help="Show what is to be done, and touch nothing")
        parser.add_argument(
            "--confirm",
            metavar="<group>",
            help="Confirm, with the group's name, what stops VMs or cannot be taken back; asked for on a terminal",
        )
        detached.add_no_wait(parser)
        return parser

    def carry_out(self, parsed_args):
        """Shows what is to be done, or does it: all of it is confirmed before the first is begun."""
        text = files.read(self, parsed_args.file)
        with self.opened() as protector:
            if parsed_args.dry_run:
                changes = protector.plan_changes(text, file=parsed_args.file)["changes"]
                return PLANNED, [_planned(change) for change in changes]
            changes = self._changes(protector, text, parsed_args)
            if not changes:
                self.say(f"the group is what {parsed_args.file} says: nothing is to be done")
                return DONE, []
            self.say(f"group {changes[0]['group']}: {', then '.join(_names(changes))}")
            return DONE, self._done(protector, changes, parsed_args.confirm)

    def _changes(self, protector, text, parsed_args):
        if parsed_args.confirm is None and self.terminal():
            # Whoever can be asked is asked for each, when its plan is there.
            return protector.changes(text, file=parsed_args.file)
        return protector.confirmed_changes(text, confirm=parsed_args.confirm, file=parsed_args.file)

    def _done(self, protector, changes, confirm):
        rows = []
        for number, change in enumerate(changes):
            outcome = self._one_done(protector, changes, number, confirm)
            operations.account(self, outcome)
            operation = outcome["operation"]
            rows.append((change["operation"], operation["id"], operation["status"], operation["error_message"]))
            if self.exit_code:
                if left := _names(changes[number + 1 :]):
                    self.say(f"not begun: {', '.join(left)}; apply the document again")
                break
        return rows

    def _one_done(self, protector, changes, number, confirm):
        change = changes[number]
        try:
            run = operations.begun(self, protector, protector.plan(**change), confirm)
            return operations.followed(self, run, None, lambda: self._goes_on(protector, changes, number, run))
        except errors.package().ProtectorError as error:
            if number == 0:
                raise
            done = ", ".join(_names(changes[:number]))
            raise errors.DoneInPart(
                f"group {change['group']} is not all that the document says: {done} is done, {change['operation']} is not",
                error,
            ) from error

    def _goes_on(self, protector, changes, number, run):
        self.say(detached.goes_on(f"operation watch {run.operation_id}"))
        operation = protector.operation(run.operation_id)
        begun = (changes[number]["operation"], operation["id"], operation["status"], None)
        return DONE, [begun, *((name, None, None, None) for name in _names(changes[number + 1 :]))]


def _planned(change):
    answer = change["answer"] or {}
    plan = answer.get("plan")
    return (
        change["operation_type"],
        change["needs_confirmation"],
        plan and plan["hash"],
        # Those after the first build on what it does, and are planned when it is done.
        columns.Lines(plan["steps"], tables.step_told) if plan else None,
        columns.Lines(answer.get("warnings", []), errors.finding_told),
    )


def _names(changes):
    return [change["operation"] for change in changes]
