# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each operation makes of a group: whether it is there already, and how the group looks before and after. Pure."""

from __future__ import annotations

import collections
import copy

#: An id that nobody knows before the operation has run.
NEW = "(made by this operation)"

#: Statuses at which an operation has ended.
ENDED = ("completed", "failed", "rolled_back", "cancelled")


def other_site(group):
    """Where the group does not run."""
    if group["current_primary_site"] == group["primary_site"]:
        return group["secondary_site"]
    return group["primary_site"]


def is_reached(operation, group, operations=()):
    """Whether the group already is as the operation would make it. `sync` is judged by the age of a recovery point instead."""
    at_home = group["current_primary_site"] == group["primary_site"]
    whole = group["status"] in ("active", "failed_over", "test_active")
    if operation == "failover":
        return whole and not at_home
    if operation == "failback":
        return whole and at_home
    if operation == "test_failover":
        return group["status"] == "test_active"
    if operation == "test_cleanup":
        return group["test"] is None and group["status"] not in ("testing", "cleaning", "test_active")
    if operation == "reprotect":
        return whole and group["replication"] == "running"
    if operation == "commit":
        return whole and group["uncommitted"] is None
    if operation == "undo":
        # That nothing is left to be undone is also so after a commit, which cannot be undone: the last move has to be an undo.
        moves = [one for one in operations if one["operation_type"] in ("failover", "failback", "undo", "commit")]
        done = [one for one in moves if one["status"] == "completed"]
        return whole and group["uncommitted"] is None and bool(done) and done[-1]["operation_type"] == "undo"
    return False


def names(group):
    """What each member may be called, by name or by the id of its server where the group runs, and its name."""
    known = {}
    for member in group["members"]:
        known[member["name"]] = member["name"]
        there = member["sites"].get(group["current_primary_site"]) or {}
        if there.get("server_id"):
            known[there["server_id"]] = member["name"]
    return known


def host_names(groups):
    """What the VMs of groups are called as hosts, by group and name: their names, with the group's before it where groups have VMs of
    one name.
    """
    vms = [(group["name"], member["name"]) for group in groups for member in group["members"]]
    count = collections.Counter(name for (group, name) in vms)
    return {(group, name): name if count[name] == 1 else f"{group}_{name}" for group, name in vms}


def state(group):
    """A group as `--diff` shows it: where each VM runs, with its volumes and ports there."""
    if group is None:
        return {}
    return {
        "status": group["status"],
        "current_primary_site": group["current_primary_site"],
        "replication": group["replication"],
        "uncommitted": (group["uncommitted"] or {}).get("operation_type"),
        "test": (group["test"] or {}).get("site"),
        "replication_interval": group["replication_interval"],
        "retention": group["retention"],
        "rpo_minutes": group["rpo_minutes"],
        "vms": {member["name"]: _vm(member, group["current_primary_site"]) for member in group["members"]},
    }


def _vm(member, site):
    there = member["sites"].get(site) or {}
    # One id per port of the VM, wherever the ports are.
    count = max((len(one["ports"]) for one in member["sites"].values()), default=0)
    ports = list(there.get("ports", ()))
    return {
        "runs_at": site,
        "server": there.get("server_id") or NEW,
        "volumes": {
            volume["name"]: (volume["sites"].get(site) or {}).get("volume_id") or NEW for volume in member["volumes"]
        },
        "ports": ports + [NEW] * (count - len(ports)),
    }


def expected(operation, group, wanted):
    """How the group is going to look, as far as its document tells before the operation has run."""
    if operation == "unprotect":
        return {}
    if group is None:
        return {
            "status": "active",
            "current_primary_site": wanted["primary_site"],
            "vms": {name: {"runs_at": wanted["primary_site"]} for name in wanted["members"]},
        }
    after = copy.deepcopy(group)
    if operation in ("failover", "failback", "undo"):
        after["current_primary_site"] = other_site(group)
        at_home = after["current_primary_site"] == group["primary_site"]
        after["status"] = "active" if at_home else "failed_over"
        after["uncommitted"] = None if operation == "undo" else {"operation_type": operation}
        after["test"] = None
        if wanted.get("unplanned"):
            after["replication"] = "stopped"
        left_out = wanted.get("without") or ()
        after["members"] = [member for member in after["members"] if member["name"] not in left_out]
    elif operation == "test_failover":
        after["status"], after["test"] = "test_active", {"site": other_site(group)}
    elif operation == "test_cleanup":
        at_home = group["current_primary_site"] == group["primary_site"]
        after["status"], after["test"] = ("active" if at_home else "failed_over"), None
    elif operation == "reprotect":
        after["replication"] = "running"
    elif operation == "commit":
        after["uncommitted"] = None
    elif operation == "set":
        after.update(wanted)
    elif operation == "remove_member":
        after["members"] = [member for member in after["members"] if member["name"] not in wanted.get("members", ())]
    seen = state(after)
    if operation == "add_member":
        seen["vms"].update({name: {"runs_at": group["current_primary_site"]} for name in wanted.get("members", ())})
    return seen


def difference(before, after, plan):
    """What Ansible shows with `--diff`: the group before and after, and each step, which names VM, volume or port."""
    steps = [f"{step['id']} [{step['site']}]: {step['title']}" for step in (plan or {}).get("steps", ())]
    return {"before": {**before, "steps": []}, "after": {**after, "steps": steps}}
