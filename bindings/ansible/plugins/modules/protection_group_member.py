#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a Protection Group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: protection_group_member
short_description: Take VMs into a Protection Group or out of it
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Takes VMs into a group, at home or away, or out of it. VMs that are taken out stay where they run.
options:
  protection_group:
    description: The name of the group.
    type: str
    required: true
  members:
    description: VMs, by name or, while they run where the group does, by id.
    type: list
    elements: str
    required: true
  state:
    description: Whether the VMs are members. V(absent) has to be confirmed.
    type: str
    choices: [present, absent]
    default: present
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
- name: Protect one more VM with the group
  protector.site_recovery.protection_group_member:
    protection_group: web
    members: [db]
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


def main():
    """Runs the module."""
    module = ProtectorModule(
        {
            "protection_group": {"type": "str", "required": True},
            "members": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            **operations.ARGUMENTS,
        }
    )
    present = module.params["state"] == "present"
    operation = "add_member" if present else "remove_member"
    with module.opened() as protector:
        group = protector.group(module.params["protection_group"])
        doing = operations.Operations(module, protector, group["name"])
        doing.reach(operation, lambda group: others(module.params["members"], group, present))
        doing.exit()


def others(members, group, present):
    """Those that are not as they are wanted, as the operation's argument."""
    known = target.names(group)
    changed = [member for member in members if (member in known) != present]
    return {"members": changed} if changed else {}


if __name__ == "__main__":
    main()
