#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands at one site for something of the other."""

from __future__ import annotations

DOCUMENTATION = r"""
module: resource_mapping_info
short_description: Tell what stands at one site for something of the other, and whether it can
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns the mappings in both directions, of networks, flavors and whatever else protected VMs need, each with what would keep it from working.
  - Mappings are written in C(protector.yaml), which says how two sites are a pair; there is no module that changes them.
options:
  fail_on_problems:
    description: Whether the task fails if something that a VM needs cannot be had at the other site.
    type: bool
    default: false
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
- name: See that all protected VMs would find what they need
  protector.site_recovery.resource_mapping_info:
    fail_on_problems: true
"""

RETURN = r"""
resource_mappings:
  description: The mappings, in the form of C(protector mapping validate --output json).
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


def main():
    """Runs the module."""
    module = ProtectorModule({"fail_on_problems": {"type": "bool", "default": False}})
    with module.opened() as protector:
        found = protector.validate_mappings()
    troubled = [mapping for mapping in found if mapping["problems"]]
    if troubled and module.params["fail_on_problems"]:
        told = [f"{one['kind']} {one['name']} of {one['from']}: {', '.join(one['problems'])}" for one in troubled]
        module.fail_json(
            msg=f"What protected VMs need is not at the other site: {'; '.join(told)}. "
            "Make it there, or map it in protector.yaml.",
            exit_code=6,
            resource_mappings=found,
        )
    module.exit_json(changed=False, resource_mappings=found)


if __name__ == "__main__":
    main()
