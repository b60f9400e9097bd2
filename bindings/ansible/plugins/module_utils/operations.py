# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations: planned, shown in check mode, begun or taken up again, waited for."""

from __future__ import annotations

import threading

from ansible_collections.protector.site_recovery.plugins.module_utils import target
from ansible_collections.protector.site_recovery.plugins.module_utils.session import (
    finding_told,
    found_group,
)

#: The exit code of what was done, and leaves something to do for a person.
ATTENTION = 6

#: What a module that runs operations takes.
ARGUMENTS = {
    "confirm": {"type": "str"},
    "timeout": {"type": "float"},
}


class Operations:
    """The operations of one run of a module on one group."""

    def __init__(self, module, protector, group):
        self.module = module
        self.protector = protector
        self.group_name = group
        self.results = {"changed": False, "plan": None, "operation": None}
        self.plans = []
        self.diffs = []

    def reach(self, operation, wanted):
        """Brings a group to where an operation leads. `wanted` gives its arguments for the group as it is, or nothing if that is
        there already. An operation that was left may be about something else: it is taken up, and then what is still wanted is done.
        """
        group = found_group(self.protector, self.group_name)
        if self.unfinished(operation) is not None:
            self.run(operation, **wanted(group))
            if self.module.check_mode:
                return
            group = found_group(self.protector, self.group_name)
        arguments = wanted(group)
        if arguments:
            self.run(operation, **arguments)

    def run(self, operation, **wanted):
        """Brings a group to where an operation leads: takes up the one that was left or waits for the one that runs, else plans
        one and runs it. In check mode all ends with the plan.
        """
        before = found_group(self.protector, self.group_name)
        unfinished = self.unfinished(operation)
        if unfinished is not None:
            self._take_up(before, operation, unfinished, wanted)
            return
        plan = self.protector.plan(operation, group=self.group_name, **wanted)
        found = plan.document["plan"]
        self.plans.append(found)
        self.results.update(
            changed=True,
            plan=found,
            plan_hash=found["hash"],
            loss=plan.document["loss"],
            replication=plan.document["replication"],
        )
        self._warn(plan.document["warnings"])
        if self.module.check_mode:
            self._differ(before, target.expected(operation, before, wanted), found)
            return
        run = self.protector.apply(plan, confirm=self.module.params["confirm"])
        self._finish(before, run, found)

    def unfinished(self, operation):
        """The operation of this kind that was begun and has not ended."""
        if found_group(self.protector, self.group_name) is None:
            return None
        for one in reversed(self.protector.operations(group=self.group_name)):
            if one["status"] not in target.ENDED:
                return one if one["operation_type"] == operation else None
        return None

    def exit(self, **more):
        """Ends the module."""
        group = found_group(self.protector, self.group_name)
        self.module.exit_json(group=group, **self._answer(), **more)

    def _answer(self):
        answer = dict(self.results)
        if len(self.plans) > 1:
            answer["plans"] = self.plans
        if self.module._diff:
            answer["diff"] = self.diffs
        return answer

    def _take_up(self, before, operation, unfinished, wanted):
        import protector as package

        self.results.update(changed=True, operation=unfinished)
        if self.module.check_mode:
            self._differ(before, target.expected(operation, before, wanted), None)
            return
        try:
            run = self.protector.resume(unfinished["id"])
        except package.errors.BusyError:
            # Another process runs it: it is waited for, and what it comes to is what this module says.
            outcome = self._wait(self.protector.watch(unfinished["id"]))
            ended = outcome["operation"]
            self._end(before, ended, None)
            if outcome["exit_code"]:
                why = f": {ended['error_message']}" if ended["error_message"] else ""
                told = f"{operation} of group {self.group_name} ({ended['id']}) is {ended['status']}{why}"
                self._fail(told, outcome["exit_code"])
            group = found_group(self.protector, self.group_name)
            if group is not None and group["status"] == "failed_over_partial":
                self._fail(_to_be_seen_to(operation, group, ()), ATTENTION)
            return
        self._finish(before, run, None)

    def _finish(self, before, run, plan):
        import protector as package

        try:
            outcome = self._wait(run)
        except package.errors.OperationFailed as error:
            if error.outcome is not None:
                self._end(before, error.outcome["operation"], plan)
                self.module.fail(error, group=error.outcome["group"], **self._answer())
            raise
        self._warn(outcome["warnings"])
        self.results["remains"] = outcome["remains"]
        self._end(before, outcome["operation"], plan)
        if outcome["exit_code"] == ATTENTION:
            self._fail(_to_be_seen_to(run.operation_type, outcome["group"], outcome["remains"]), ATTENTION)

    def _wait(self, run):
        """Waits for the end. When the time is over the run is left where it is taken up again."""
        seconds = self.module.params["timeout"]
        timer = threading.Timer(seconds, run.stop) if seconds is not None else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            return run.result()
        finally:
            if timer:
                timer.cancel()

    def _end(self, before, operation, plan):
        self.results["operation"] = operation
        self._differ(before, target.state(found_group(self.protector, self.group_name)), plan)

    def _fail(self, told, exit_code):
        group = found_group(self.protector, self.group_name)
        self.module.fail_json(
            msg=f"{told}. Mend what is named, then run the task again.", group=group, exit_code=exit_code, **self._answer()
        )

    def _differ(self, before, after, plan):
        self.diffs.append(target.difference(target.state(before), after, plan))

    def _warn(self, findings):
        for finding in findings:
            self.module.warn(finding_told(finding))


def _to_be_seen_to(operation, group, remains):
    """What a person has to see to after an operation that was done."""
    absent = [member for member in (group or {}).get("members", ()) if member["absent"]]
    told = [f"{member['name']} does not run: {member['absent']['reason']}" for member in absent]
    told += ["still at {site}: {kind} {name} ({id}), {state}".format(**one) for one in remains]
    of = f" of group {group['name']}" if group else ""
    return f"A person has to act after {operation}{of}: {'; '.join(told)}"
