#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of Protection Groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: protection_group_info
short_description: Tell what is known of Protection Groups
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns one group, or all of them, with their members, volumes and ports at both sites, and what is possible with each.
options:
  name:
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
- name: Look at all groups
  protector.site_recovery.protection_group_info:
  register: found

- name: Look at one group
  protector.site_recovery.protection_group_info:
    name: web
"""

RETURN = r"""
protection_groups:
  description: The groups, in the form of C(protector protection-group show --output json). Empty if there is none of that name.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import (
    ProtectorModule,
    found_group,
)


def main():
    """Runs the module."""
    module = ProtectorModule({"name": {"type": "str"}})
    name = module.params["name"]
    with module.opened() as protector:
        if name is None:
            groups = protector.groups()
        else:
            group = found_group(protector, name)
            groups = [] if group is None else [group]
    module.exit_json(changed=False, protection_groups=groups)


if __name__ == "__main__":
    main()
