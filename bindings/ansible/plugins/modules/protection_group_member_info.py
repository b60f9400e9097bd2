#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs a Protection Group has."""

from __future__ import annotations

DOCUMENTATION = r"""
module: protection_group_member_info
short_description: Tell which VMs a Protection Group has
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns the members of a group, with their servers, volumes and ports at both sites.
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
- name: Look at the members of a group
  protector.site_recovery.protection_group_member_info:
    protection_group: web
"""

RETURN = r"""
members:
  description: The members, in the form of C(protector protection-group show --output json).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


def main():
    """Runs the module."""
    module = ProtectorModule({"protection_group": {"type": "str", "required": True}})
    with module.opened() as protector:
        members = protector.group(module.params["protection_group"])["members"]
    module.exit_json(changed=False, members=members)


if __name__ == "__main__":
    main()
