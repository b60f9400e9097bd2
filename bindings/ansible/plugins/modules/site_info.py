#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the two sites."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_info
short_description: Tell what is known of the two sites
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns one site, or both, whether they answer, their arrays and the groups that run there.
options:
  site:
    description: The name of the site in C(protector.yaml); both without it.
    type: str
  validate:
    description: Whether each site is also checked for being fit to be half of the pair.
    type: bool
    default: false
  volume_types:
    description: Whether it is also told which volume types can be protected.
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
- name: See that both sites are fit
  protector.site_recovery.site_info:
    validate: true
  register: found
  failed_when: found.sites | selectattr('validation.status', 'eq', 'failed') | length > 0
"""

RETURN = r"""
sites:
  description:
    - The sites, in the form of C(protector site show --output json).
  returned: success
  type: list
  elements: dict
  contains:
    validation:
      description: Whether the site is fit to be half of the pair, in the form of C(protector site validate --output json).
      returned: when O(validate) is true
      type: dict
    volume_types:
      description: What can be protected, in the form of C(protector site list-volume-types --output json).
      returned: when O(volume_types) is true
      type: list
      elements: dict
"""

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


def main():
    """Runs the module."""
    module = ProtectorModule(
        {
            "site": {"type": "str"},
            "validate": {"type": "bool", "default": False},
            "volume_types": {"type": "bool", "default": False},
        }
    )
    asked = module.params
    with module.opened() as protector:
        sites = protector.sites() if asked["site"] is None else [protector.site(asked["site"])]
        for site in sites:
            if asked["validate"]:
                site["validation"] = protector.validate_site(site["name"])
            if asked["volume_types"]:
                site["volume_types"] = protector.volume_types(site["name"])
    module.exit_json(changed=False, sites=sites)


if __name__ == "__main__":
    main()
