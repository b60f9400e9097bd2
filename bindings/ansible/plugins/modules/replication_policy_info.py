#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a Protection Group is replicated."""

from __future__ import annotations

DOCUMENTATION = r"""
module: replication_policy_info
short_description: Tell how a Protection Group is replicated
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns how often a group is replicated, how long recovery points are kept, and how much may be lost.
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
- name: Look at how a group is replicated
  protector.site_recovery.replication_policy_info:
    protection_group: web
"""

RETURN = r"""
replication_policy:
  description: The policy.
  returned: success
  type: dict
  contains:
    replication_interval:
      description: Seconds between scheduled recovery points.
      type: int
      returned: success
    retention:
      description: Seconds for which the other site keeps recovery points.
      type: int
      returned: success
    rpo_minutes:
      description: Minutes that may be lost at the most.
      type: int
      returned: success
    replication_type:
      description: How the data gets to the other site.
      type: str
      returned: success
    replication:
      description: Whether it does, C(running) or C(stopped).
      type: str
      returned: success
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


FIELDS = ("replication_interval", "retention", "rpo_minutes", "replication_type", "replication")


def main():
    """Runs the module."""
    module = ProtectorModule({"protection_group": {"type": "str", "required": True}})
    with module.opened() as protector:
        group = protector.group(module.params["protection_group"])
    module.exit_json(changed=False, replication_policy={field: group[field] for field in FIELDS})


if __name__ == "__main__":
    main()
