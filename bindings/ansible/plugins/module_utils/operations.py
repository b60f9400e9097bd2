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

#: How an array tells of what is gone, and can be had back for a while; nothing is left to be done about it.
DESTROYED = "destroyed, eradication pending"

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
        self.diffs = []

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
        except package.BusyError:
            # Another process runs it: it is waited for, and what it comes to is what this module says.
            for _event in self.protector.watch(unfinished["id"]):
                pass
            self._judge(before, self.protector.operation(unfinished["id"]), None)
            return
        self._finish(before, run, None)

    def _finish(self, before, run, plan):
        seconds = self.module.params["timeout"]
        timer = threading.Timer(seconds, run.stop) if seconds else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            outcome = run.result()
        finally:
            if timer:
                timer.cancel()
        self._warn(outcome["warnings"])
        self.results["remains"] = outcome["remains"]
        self._judge(before, outcome["operation"], plan)

    def _judge(self, before, operation, plan):
        self.results["operation"] = operation
        after = found_group(self.protector, self.group_name)
        self._differ(before, target.state(after), plan)
        trouble = self._trouble(operation, after)
        if trouble:
            self.module.fail_json(msg=trouble, group=after, **self._answer())

    def _trouble(self, operation, group):
        """What a person has to do, if something is not as it was wanted."""
        told = f"{operation['operation_type']} of group {self.group_name} is {operation['status']}"
        why = f": {operation['error_message']}" if operation["error_message"] else ""
        if operation["status"] not in target.ENDED:
            return f"{told}{why}. It is unfinished: run the task again, which takes it up ({operation['id']})."
        if operation["status"] != "completed":
            return f"{told}{why}. Mend what is named, then run the task again ({operation['id']})."
        missing = [
            f"{member['name']}: {member['absent']['reason']}"
            for member in (group or {}).get("members", ())
            if member["absent"]
        ]
        moved = operation["operation_type"] in ("failover", "failback", "undo")
        if moved and group["status"] == "failed_over_partial":
            return f"{told}, but VMs do not run: {'; '.join(missing)}. Mend what is named, then run the task again."
        if any(remnant["state"] != DESTROYED for remnant in self.results.get("remains") or ()):
            return f"{told}, but something of the test is still there: see remains. Run the task again."
        return None

    def _differ(self, before, after, plan):
        self.diffs.append(target.difference(target.state(before), after, plan))

    def _warn(self, findings):
        for finding in findings:
            self.module.warn(finding_told(finding))
