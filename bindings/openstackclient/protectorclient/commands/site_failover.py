"""`openstack protector site failover`: all groups of a site leave it."""

from protectorclient import columns, command, confirmation, detached, errors, progress


FIELDS = ("group", "outcome", "operation", "remark")


class Failover(detached.Detachable, command.Lister):
    """Moves all groups that run at a site, or come from it, in the order of their policies"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument("site", metavar="<site>", help="The site that is left, as protector.yaml names it")
        parser.add_argument(
            "--unplanned",
            action="store_true",
            help="Without the site, from recovery points: what was written since is lost",
        )
        parser.add_argument("--accept-loss", action="store_true", help="Accept the losses that the plan states")
        parser.add_argument(
            "--group",
            metavar="<group>",
            action="append",
            dest="groups",
            help="Move this group only; may be given more than once",
        )
        parser.add_argument(
            "--stop-at-a-failure", action="store_true", help="Begin no other group once one could not be moved"
        )
        parser.add_argument("--dry-run", action="store_true", help="Show what is to be done, and touch nothing")
        parser.add_argument(
            "--confirm", metavar="<site>", help="Confirm with the site's name; asked for on a terminal"
        )
        detached.add_no_wait(parser)
        return parser

    def carry_out(self, parsed_args):
        """Plans it, has it confirmed, and follows all groups to their ends."""
        wanted = {
            name: getattr(parsed_args, name)
            for name in ("unplanned", "accept_loss", "groups", "stop_at_a_failure")
        }
        with self.opened() as protector:
            if parsed_args.dry_run:
                return self._planned(protector.plan_site_failover(parsed_args.site, **wanted))
            return self._accounted(self._followed(self._begun(protector, parsed_args, wanted)))

    def _planned(self, plan):
        if any(group["task"] in ("refused", "failed") for group in plan["groups"]):
            self.exit_code = command.REFUSED
        fields = ("group", "after", "task", "operation", "steps", "remark")
        return fields, (self._task(group) for group in plan["groups"])

    def _task(self, group):
        what = group["what"] or {}
        plan = what.get("plan") or {}
        told = [errors.finding_told(finding) for finding in what.get("findings", [])]
        told += [what["message"]] if "message" in what else []
        return (
            group["group"],
            columns.Names(group["after"]),
            group["task"],
            plan.get("operation_type") or what.get("operation"),
            len(plan["steps"]) if plan else None,
            columns.Lines(told, str),
        )

    def _begun(self, protector, parsed_args, wanted):
        site = parsed_args.site

        def show():
            for group in protector.plan_site_failover(site, **wanted)["groups"]:
                self.say(f"{group['group']}: {group['task']}")

        return confirmation.confirmed(
            self, lambda word: protector.begin_site_failover(site, **wanted, confirm=word), parsed_args.confirm, show,
            f"the name of the site ({site})",
        )

    def _followed(self, run):
        """Follows it to its end. Ctrl-C begins no other group, and leaves each operation after what is under way."""
        package = errors.package()
        display = progress.Display(self.app.stderr, {})
        try:
            try:
                for event in run:
                    if event["happened"] == "begun":
                        self.has_begun(lambda begun=event: self._goes_on(begun))
                    if event["happened"] != "went":
                        display.line(f"{event['group']}: {event['happened']}")
            except KeyboardInterrupt:
                self.say("interrupted: stopping after what is under way; the same command continues")
                run.stop()
            return run.result()
        except package.errors.OperationFailed as error:
            self.say(errors.told(error))
            return error.outcome
        finally:
            display.end()

    def _goes_on(self, event):
        self.say(detached.goes_on("operation list"))
        return FIELDS, [(event["group"], "begun", event["operation"], "the others follow in their turns")]

    def _accounted(self, outcome):
        self.exit_code = outcome["exit_code"]
        return FIELDS, (
            (group["group"], group["outcome"], group["operation"], _remark(group)) for group in outcome["groups"]
        )


def _remark(group):
    findings = [errors.finding_told(finding) for finding in group.get("findings", [])]
    said = [group[name] for name in ("remark", "reason", "message", "hint") if group.get(name)]
    return "; ".join(findings + said) or None
