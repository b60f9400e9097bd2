#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From which points a Protection Group can be brought up."""

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_point_info
short_description: Tell from which points a Protection Group can be brought up
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns the points of a group where it does not run, the newest first, each with whether the group can be brought up from it.
options:
  protection_group:
    description: The name of the group.
    type: str
    required: true
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
- name: Look at the recovery points of a group
  protector.site_recovery.recovery_point_info:
    protection_group: web
"""

RETURN = r"""
recovery_points:
  description: The points, in the form of C(protector recovery-point list --output json).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


def main():
    """Runs the module."""
    module = ProtectorModule({"protection_group": {"type": "str", "required": True}})
    with module.opened() as protector:
        recovery_points = protector.recovery_points(module.params["protection_group"])
    module.exit_json(changed=False, recovery_points=recovery_points)


if __name__ == "__main__":
    main()
