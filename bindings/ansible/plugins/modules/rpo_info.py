#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether recovery point objectives are met."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rpo_info
short_description: Tell whether recovery point objectives are met
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns for one group, or for all, how much would be lost now and whether that is within the objective.
  - It never fails because an objective is missed; look at C(status) of each of RV(objectives).
options:
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
- name: See that no objective is missed
  protector.site_recovery.rpo_info:
  register: rpo
  failed_when: rpo.objectives | rejectattr('status', 'eq', 'met') | length > 0
"""

RETURN = r"""
objectives:
  description:
    - The objectives, in the form of C(protector rpo check --output json).
    - C(status) is V(met), V(missed), or V(unknown) because an array does not answer.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


def main():
    """Runs the module."""
    module = ProtectorModule({"protection_group": {"type": "str"}})
    with module.opened() as protector:
        objectives = protector.rpo(module.params["protection_group"])
    module.exit_json(changed=False, objectives=objectives)


if __name__ == "__main__":
    main()
