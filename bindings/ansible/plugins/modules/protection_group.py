#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection Groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: protection_group
short_description: Protect VMs as one group, or end their protection
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Makes VMs one Protection Group with twins of their volumes at the other site, keeps its members and policy as they are given, or
    ends the protection.
options:
  name:
    description: The name of the group.
    type: str
    required: true
  state:
    description: Whether the VMs are protected. When V(absent), they stay where they run.
    type: str
    choices: [present, absent]
    default: present
  primary_site:
    description: The site where the VMs run, the group's home, as C(protector.yaml) names it. Needed for a new group; fixed then.
    type: str
  secondary_site:
    description: The other site; it need not be given.
    type: str
  members:
    description: VMs, by name or, while they run where the group does, by id. Needed for a new group.
    type: list
    elements: str
  purge_members:
    description: Whether VMs that are not among O(members) are taken out of the group, which has to be confirmed.
    type: bool
    default: false
  replication_interval:
    description: Seconds between scheduled recovery points.
    type: int
  retention:
    description: Seconds for which the other site keeps recovery points.
    type: int
  rpo_minutes:
    description: Minutes that may be lost at the most.
    type: int
  without_site:
    description: Leave this site behind as it is when the protection ends, because it does not answer.
    type: str
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
- name: Protect an application
  protector.site_recovery.protection_group:
    name: web
    primary_site: site-a
    members: [web-1, web-2]

- name: End its protection
  protector.site_recovery.protection_group:
    name: web
    state: absent
    confirm: web
"""

RETURN = r"""
plan:
  description:
    - The plan of the operation, in the form of C(protector plan show --output json); in check mode, too.
    - Null if nothing was to be done, or if an operation was taken up that was planned before.
  returned: success
  type: dict
plan_hash:
  description:
    - The hash of the plan, of the last one if there are several. What check mode returns is that of the run after it, unless something
      changes in between.
  returned: when something is planned
  type: str
plans:
  description:
    - The plans of all operations, in order, if there are several - of the policy, of VMs that come, and of VMs that go - each in the
      form of a RV(plan).
    - In check mode each is made for the group as it is now. The hash of a later one may be another once those before it are done.
  returned: when several operations are planned
  type: list
  elements: dict
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
  description: The group afterwards, in the form of C(protector protection-group show --output json). Null if there is none.
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
from ansible_collections.protector.site_recovery.plugins.module_utils.session import (
    ProtectorModule,
    found_group,
)

POLICY = ("replication_interval", "retention", "rpo_minutes")


def main():
    """Runs the module."""
    module = ProtectorModule(
        {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "primary_site": {"type": "str"},
            "secondary_site": {"type": "str"},
            "members": {"type": "list", "elements": "str"},
            "purge_members": {"type": "bool", "default": False},
            "replication_interval": {"type": "int"},
            "retention": {"type": "int"},
            "rpo_minutes": {"type": "int"},
            "without_site": {"type": "str"},
            **operations.ARGUMENTS,
        }
    )
    name = module.params["name"]
    with module.opened() as protector:
        doing = operations.Operations(module, protector, name)
        group = found_group(protector, name)
        if module.params["state"] == "absent":
            if group is not None:
                doing.run("unprotect", **given(module, ("without_site",)))
            doing.exit()
        if group is None or doing.unfinished("protect") is not None:
            create(module, protector, doing)
            group = found_group(protector, name)
        if group is not None:
            change(module, doing, group)
        doing.exit()


def given(module, names):
    """Those arguments that were given."""
    return {name: module.params[name] for name in names if module.params[name] is not None}


def create(module, protector, doing):
    """Protects the VMs."""
    wanted = given(module, ("primary_site", "secondary_site", "members"))
    missing = [name for name in ("primary_site", "members") if not wanted.get(name)]
    if missing:
        module.refuse(
            "argument-invalid",
            f"there is no group {module.params['name']}, and a new one needs {' and '.join(missing)}",
            "Give what is missing.",
        )
    if "secondary_site" not in wanted:
        wanted["secondary_site"] = protector.site(wanted["primary_site"])["other_site"]
    doing.run("protect", **wanted)


def change(module, doing, group):
    """Brings members and policy of a group that is there to what was given."""
    for site in ("primary_site", "secondary_site"):
        if module.params[site] not in (None, group[site]):
            module.refuse(
                "argument-invalid",
                f"the {site} of group {group['name']} is {group[site]} and fixed, not {module.params[site]}",
                "Give the site that the group has, or another group.",
            )
    policy = given(module, POLICY)
    if policy:
        doing.reach("set", lambda group: {name: value for name, value in policy.items() if value != group[name]})
    members = module.params["members"]
    if members is None:
        return
    doing.reach("add_member", lambda group: some(member for member in members if member not in target.names(group)))
    if module.params["purge_members"]:
        doing.reach("remove_member", lambda group: some(odd(members, group)))


def odd(members, group):
    """The names of those VMs of a group that are not among these."""
    known = target.names(group)
    kept = {known[member] for member in members if member in known}
    return [member["name"] for member in group["members"] if member["name"] not in kept]


def some(members):
    """The argument of an operation on members, nothing if there are none."""
    named = list(members)
    return {"members": named} if named else {}


if __name__ == "__main__":
    main()
