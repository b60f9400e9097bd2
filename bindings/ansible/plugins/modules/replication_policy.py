#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replication policy of a Protection Group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: replication_policy
short_description: Give a Protection Group a replication policy
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Sets how often a group is replicated, how long recovery points are kept, and how much may be lost.
  - Addresses and credentials of the arrays are in C(protector.yaml).
options:
  protection_group:
    description: The name of the group.
    type: str
    required: true
  replication_interval:
    description: Seconds between scheduled recovery points.
    type: int
  retention:
    description: Seconds for which the other site keeps recovery points.
    type: int
  rpo_minutes:
    description: Minutes that may be lost at the most.
    type: int
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
- name: Replicate the group every ten minutes
  protector.site_recovery.replication_policy:
    protection_group: web
    replication_interval: 600
    rpo_minutes: 30
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

from ansible_collections.protector.site_recovery.plugins.module_utils import operations
from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule

FIELDS = ("replication_interval", "retention", "rpo_minutes")


def main():
    """Runs the module."""
    module = ProtectorModule(
        {
            "protection_group": {"type": "str", "required": True},
            "replication_interval": {"type": "int"},
            "retention": {"type": "int"},
            "rpo_minutes": {"type": "int"},
            **operations.ARGUMENTS,
        },
        required_one_of=[FIELDS],
    )
    with module.opened() as protector:
        group = protector.group(module.params["protection_group"])
        doing = operations.Operations(module, protector, group["name"])
        asked = {name: module.params[name] for name in FIELDS if module.params[name] is not None}
        doing.reach("set", lambda group: {name: value for name, value in asked.items() if value != group[name]})
        doing.exit()


if __name__ == "__main__":
    main()
