#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was done with Protection Groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_operation_info
short_description: Tell what was done with Protection Groups, and what is under way
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns one operation, those of a group, or all, in the order in which they were planned.
options:
  operation:
    description: The id of the operation.
    type: str
  protection_group:
    description: The name of the group; all groups without it.
    type: str
extends_documentation_fragment:
  - protector.site_recovery.protector
  - protector.site_recovery.protector.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Look at what is under way
  protector.site_recovery.dr_operation_info:
    protection_group: web
  register: found

- name: Show it
  ansible.builtin.debug:
    msg: "{{ found.operations | rejectattr('completed_at') }}"
"""

RETURN = r"""
operations:
  description: The operations, in the form of C(protector operation show --output json).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


def main():
    """Runs the module."""
    module = ProtectorModule(
        {"operation": {"type": "str"}, "protection_group": {"type": "str"}},
        mutually_exclusive=[("operation", "protection_group")],
    )
    asked = module.params
    with module.opened() as protector:
        if asked["operation"] is None:
            operations = protector.operations(group=asked["protection_group"])
        else:
            operations = [protector.operation(asked["operation"])]
    module.exit_json(changed=False, operations=operations)


if __name__ == "__main__":
    main()
