"""`openstack protector operation …`: what was done with groups, and what is under way."""

from protectorclient import command, detached, errors, files, operations, progress, tables


class _Chosen:
    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("operation", metavar="<operation>", nargs="?", help="The operation; the newest without it")
        parser.add_argument("--group", metavar="<group>", help="The newest of this group")
        return parser

    def newest(self, protector, parsed_args):
        """The operation that is meant."""
        if parsed_args.operation:
            return protector.operation(parsed_args.operation)
        found = protector.operations(group=parsed_args.group)
        if found:
            return found[-1]
        of = f" of group {parsed_args.group}" if parsed_args.group else ""
        raise errors.CommandFailed(
            "operation-unknown", f"there is no operation yet{of}", "Begin one, then look at it here."
        )


class _Unfinished:
    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "operation", metavar="<operation>", nargs="?", help="The operation; the only unfinished one without it"
        )
        self.add_more(parser)
        return parser

    def add_more(self, parser):
        """Adds what else there is to say."""


class List(command.Lister):
    """All operations, or a group's, in the order in which they were planned"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("--group", metavar="<group>", help="Those of this group only")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            found = protector.operations(group=parsed_args.group)
        return tables.many(found, ("id", "operation_type", "group_name", "status", "progress", "started_at"))


class Show(_Chosen, command.ShowOne):
    """One operation"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("--long", action="store_true", help="Everything that is known of it")
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            found = self.newest(protector, parsed_args)
        if found["steps_not_undone"]:
            self.say(f"not undone so far: {', '.join(found['steps_not_undone'])}")
        return tables.one(found, tables.OPERATION, parsed_args.long)


class Watch(_Chosen, command.ShowOne):
    """Follows an operation from its beginning, whichever process runs it, until it ends or is left"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            found = self.newest(protector, parsed_args)
            run = protector.watch(found["id"])
            display = progress.Display(self.app.stderr, run.steps)
            for event in run:
                display.show(event)
            display.end()
            ended = run.result()
        self.exit_code = ended["exit_code"]
        return tables.one(ended["operation"], tables.OPERATION)


class Report(_Chosen, command.Lister):
    """What an operation did, step by step"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--html", metavar="<file>", help="Write it as one page with a timeline that needs nothing else"
        )
        return parser

    def take_action(self, parsed_args):
        with self.opened() as protector:
            chosen = self.newest(protector, parsed_args)["id"]
            report = protector.report(chosen)
            page = protector.report_html(chosen) if parsed_args.html else None
        if page is not None:
            files.write(parsed_args.html, page)
        self.say(f"{report['seconds']:.1f} s in all; plan {report['plan_hash']}")
        if loss := report.get("loss"):
            self.say(f"lost: what was written from {loss['from']} to {loss['until']}")
        for remark in report["remarks"]:
            self.say(f"{remark['at']} {remark['text']}")
        rows = [{**step, "remarks": "; ".join(one["text"] for one in step["remarks"])} for step in report["steps"]]
        return tables.many(rows, ("id", "site", "status", "seconds", "critical", "remarks"))


class Resume(_Unfinished, detached.Detachable, command.ShowOne):
    """Continues an unfinished operation: looks at what was begun, and goes on"""

    def add_more(self, parser):
        operations.add_wait(parser)

    def carry_out(self, parsed_args):
        """Goes on with it, to its end."""
        with self.opened() as protector:
            run = protector.resume(parsed_args.operation)
            return operations.follow(self, protector, run, parsed_args.timeout)


class Pause(_Unfinished, command.ShowOne):
    """Has an operation left where it is; `resume` goes on"""

    def take_action(self, parsed_args):
        with self.opened() as protector:
            chosen = only(protector, parsed_args.operation)
            protector.pause(chosen)
            found = protector.operation(chosen)
        if found["status"] != "paused":
            self.say("asked for: the process that runs it begins nothing new, and leaves it")
        return tables.one(found, tables.OPERATION)


class Cancel(_Unfinished, detached.Detachable, command.ShowOne):
    """Has an operation undone, before its point of no return"""

    def add_more(self, parser):
        parser.add_argument("--reason", metavar="<text>", required=True, help="Why, for the record")
        operations.add_wait(parser)

    def carry_out(self, parsed_args):
        """Has it undone."""
        with self.opened() as protector:
            chosen = only(protector, parsed_args.operation)
            run = protector.cancel(chosen, parsed_args.reason)
            if run is None:
                self.say("asked for: the process that runs it undoes it")
                return tables.one(protector.operation(chosen), tables.OPERATION)
            answer = operations.follow(self, protector, run, parsed_args.timeout)
        # That it is rolled back is what was wanted.
        if self.exit_code == operations.ROLLED_BACK:
            self.exit_code = 0
        return answer


class RetryStep(_Unfinished, detached.Detachable, command.ShowOne):
    """Tries a step again that failed, and goes on"""

    def add_more(self, parser):
        parser.add_argument(
            "--step", metavar="<step>", required=True, help="The step, as `operation show` names it"
        )
        operations.add_wait(parser)

    def carry_out(self, parsed_args):
        """Tries it, and goes on to the end."""
        with self.opened() as protector:
            run = protector.retry_step(only(protector, parsed_args.operation), parsed_args.step)
            return operations.follow(self, protector, run, parsed_args.timeout)


class SkipStep(RetryStep):
    """Passes over a step whose effect is there or is not needed, and goes on"""

    def add_more(self, parser):
        super().add_more(parser)
        parser.add_argument("--reason", metavar="<text>", required=True, help="Why, for the record")

    def carry_out(self, parsed_args):
        """Passes over it, and goes on to the end."""
        with self.opened() as protector:
            chosen = only(protector, parsed_args.operation)
            run = protector.skip_step(chosen, parsed_args.step, parsed_args.reason)
            return operations.follow(self, protector, run, parsed_args.timeout)


_ENDS = {"completed", "failed", "rolled_back", "cancelled"}


def only(protector, given):
    """The operation that is meant: the one that is named, or the only one that has not ended."""
    if given:
        return given
    unfinished = [found["id"] for found in protector.operations() if found["status"] not in _ENDS]
    if len(unfinished) == 1:
        return unfinished[0]
    raise errors.CommandFailed(
        "operation-unknown",
        f"{len(unfinished)} operations are unfinished: {', '.join(unfinished)}"
        if unfinished
        else "no operation is unfinished",
        "Name the operation." if unfinished else "There is nothing to act on.",
    )
