#!/usr/bin/python
# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation did."""

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_report
short_description: Report what an operation did, step by step
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Returns what an operation did, with times and losses, and writes it to a file if wanted.
options:
  operation:
    description: The id of the operation; the newest without it.
    type: str
  protection_group:
    description: The newest operation of this group.
    type: str
  dest:
    description: A file to write the report to.
    type: path
  format:
    description: V(html) is one page with a timeline that needs nothing else.
    type: str
    choices: [html, json]
    default: html
extends_documentation_fragment:
  - protector.site_recovery.protector
  - protector.site_recovery.protector.attributes
  - ansible.builtin.files
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Keep the report of the last drill
  protector.site_recovery.operation_report:
    protection_group: web
    dest: /var/lib/drills/web.html
    mode: "0640"
"""

RETURN = r"""
report:
  description: The report, in the form of C(protector operation report --output json).
  returned: success
  type: dict
dest:
  description: The file that holds it.
  returned: when O(dest) was given
  type: str
"""

import json
import os
import tempfile

from ansible_collections.protector.site_recovery.plugins.module_utils.session import ProtectorModule


def main():
    """Runs the module."""
    module = ProtectorModule(
        {
            "operation": {"type": "str"},
            "protection_group": {"type": "str"},
            "dest": {"type": "path"},
            "format": {"type": "str", "choices": ["html", "json"], "default": "html"},
        },
        mutually_exclusive=[("operation", "protection_group")],
        add_file_common_args=True,
    )
    asked = module.params
    with module.opened() as protector:
        operation = asked["operation"] or newest(module, protector, asked["protection_group"])
        report = protector.report(operation)
        page = protector.report_html(operation) if asked["dest"] and asked["format"] == "html" else None
    if asked["dest"] is None:
        module.exit_json(changed=False, report=report)
    if page is None:
        page = json.dumps(report, indent=2, sort_keys=True) + "\n"
    changed = write(module, asked["dest"], page.encode())
    if not module.check_mode or os.path.exists(asked["dest"]):
        changed = module.set_fs_attributes_if_different(module.load_file_common_arguments(asked, asked["dest"]), changed)
    module.exit_json(changed=changed, report=report, dest=asked["dest"])


def newest(module, protector, group):
    """The newest operation, of a group if one is named."""
    operations = protector.operations(group=group)
    if not operations:
        of = f" of group {group}" if group else ""
        module.refuse("operation-unknown", f"there is no operation yet{of}", "Run one, then report it.")
    return operations[-1]["id"]


def write(module, path, content):
    """Writes a file whole or not at all, unless it holds this already; whether it did, or would."""
    try:
        if os.path.exists(path):
            with open(path, "rb") as file:
                if file.read() == content:
                    return False
        if not module.check_mode:
            handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            module.atomic_move(temporary, path)
        return True
    except Exception as error:  # What a move is refused with has no class of its own.
        hint = "Make the named file or its folder available to this process, or name another."
        module.refuse("file-unusable", f"failed to write {path}: {error.__cause__ or error}", hint)


if __name__ == "__main__":
    main()
