#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves and tests of a Protection Group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_operation
short_description: Move, test, replicate or release a Protection Group
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Brings a Protection Group to where an operation leads. If it is there already nothing is done.
  - An operation that was left unfinished is taken up; one that another process runs is waited for.
options:
  protection_group:
    description: The name of the group.
    type: str
    required: true
  operation:
    description:
      - V(failover) moves the group away from its home, V(failback) moves it back. The target is there when all its VMs run there.
      - V(test_failover) runs copies of the VMs at the other site, V(test_cleanup) ends that test.
      - V(sync) replicates now and captures the VMs' definitions again. Its target is a recovery point that is no older than
        O(max_age).
      - V(reprotect) makes the data reach the other site again after an unplanned move.
      - V(commit) lets go of the safety copies of the last move, V(undo) takes it back. A group whose last move was taken back has
        reached the target of V(undo); one whose move was committed cannot.
    type: str
    required: true
    choices: [failover, failback, test_failover, test_cleanup, sync, reprotect, commit, undo]
  unplanned:
    description: Move without the site where the group runs, from a recovery point. What was written since is lost.
    type: bool
    default: false
  accept_loss:
    description: Accept the loss that the plan states.
    type: bool
    default: false
  recovery_point:
    description: The recovery point to go on from, of an O(unplanned) move or a test; the newest eligible one without it.
    type: str
  without:
    description: VMs to leave out of a move, by name; their volumes move with the others.
    type: list
    elements: str
  time_to_live:
    description: Seconds after which a test is ended by C(protector tick); as C(protector.yaml) has it without.
    type: int
  floating_ips:
    description: Whether a test gives a new floating IP to each copy of what has one, where a network for tests leads outside.
    type: bool
    default: false
  max_age:
    description: Seconds. V(sync) does nothing while the newest recovery point is no older; with V(0) it always replicates.
    type: int
    default: 0
extends_documentation_fragment:
  - protector.site_recovery.protector
  - protector.site_recovery.protector.operation
  - protector.site_recovery.protector.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Try the group out at the other site
  protector.site_recovery.dr_operation:
    protection_group: web
    operation: test_failover

- name: Move the group, with production stopped first
  protector.site_recovery.dr_operation:
    protection_group: web
    operation: failover
    confirm: web

- name: Bring the group up at the other site after a disaster
  protector.site_recovery.dr_operation:
    protection_group: web
    operation: failover
    unplanned: true
    accept_loss: true
    confirm: web
"""

RETURN = r"""
plan:
  description:
    - The plan of the operation, in the form of C(protector plan show --output json); in check mode, too.
    - Null if nothing was to be done, or if an operation was taken up that was planned before.
  returned: success
  type: dict
plan_hash:
  description: The hash of the plan. What check mode returns is that of the run after it, unless something changes in between.
  returned: when something is planned
  type: str
loss:
  description: What an unplanned move loses, in the form of C(protector plan show --output json), or null.
  returned: when something is planned
  type: dict
replication:
  description: What is about to be sent, in the form of C(protector plan show --output json), or null.
  returned: when something is planned
  type: dict
remains:
  description:
    - What was still there after a test was removed, in the form of C(protector protection-group test-cleanup --output json).
    - Normally nothing.
  returned: when an operation has ended
  type: list
  elements: dict
operation:
  description: The operation that was run, in the form of C(protector operation show --output json). Null if none was.
  returned: success
  type: dict
group:
  description: The group afterwards, in the form of C(protector protection-group show --output json).
  returned: success
  type: dict
code:
  description: The code of the error, one of those of all of protector's commands.
  returned: failure
  type: str
findings:
  description: What refuses the operation, all at once, each with what to do about it.
  returned: failure
  type: list
  elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils import operations, target
from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule

MOVES = ("failover", "failback")
FOR_MOVES = ("unplanned", "accept_loss", "without")


def main():
    """Runs the module."""
    module = ProtectorModule(
        {
            "protection_group": {"type": "str", "required": True},
            "operation": {
                "type": "str",
                "required": True,
                "choices": [*MOVES, "test_failover", "test_cleanup", "sync", "reprotect", "commit", "undo"],
            },
            "unplanned": {"type": "bool", "default": False},
            "accept_loss": {"type": "bool", "default": False},
            "recovery_point": {"type": "str"},
            "without": {"type": "list", "elements": "str"},
            "time_to_live": {"type": "int"},
            "floating_ips": {"type": "bool", "default": False},
            "max_age": {"type": "int", "default": 0},
            **operations.ARGUMENTS,
        }
    )
    name, operation = module.params["protection_group"], module.params["operation"]
    wanted = told(module, operation)
    with module.opened() as protector:
        group = protector.group(name)
        doing = operations.Operations(module, protector, name)
        if doing.unfinished(operation) is not None or not is_reached(module, protector, operation, group):
            doing.run(operation, **wanted)
        doing.exit()


def told(module, operation):
    """The arguments of the operation's request; what it cannot be told is refused."""
    wanted = {name: module.params[name] for name in FOR_MOVES if module.params[name]}
    if module.params["recovery_point"] is not None:
        wanted["recovery_point"] = module.params["recovery_point"]
    if module.params["time_to_live"] is not None:
        wanted["time_to_live"] = module.params["time_to_live"]
    if module.params["floating_ips"]:
        wanted["floating_ips"] = True
    possible = {
        "failover": (*FOR_MOVES, "recovery_point"),
        "failback": (*FOR_MOVES, "recovery_point"),
        "test_failover": ("recovery_point", "time_to_live", "floating_ips"),
    }.get(operation, ())
    odd = sorted(set(wanted) - set(possible))
    if odd:
        module.refuse(
            "argument-invalid",
            f"{operation} of group {module.params['protection_group']} takes no {', '.join(odd)}",
            "Leave out what the operation does not take.",
        )
    return wanted


def is_reached(module, protector, operation, group):
    """Whether the group is already where the operation leads."""
    if operation == "sync":
        age = protector.rpo(group["name"])[0]["age"]
        return age is not None and 0 < module.params["max_age"] >= age
    known = protector.operations(group=group["name"]) if operation == "undo" else ()
    return target.is_reached(operation, group, known)


if __name__ == "__main__":
    main()
