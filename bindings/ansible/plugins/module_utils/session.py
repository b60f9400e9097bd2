# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the modules reach the Python package, and how they tell what it says."""

from __future__ import annotations

import contextlib
import sys
import traceback

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

#: What every module takes.
ARGUMENTS = {
    "config": {"type": "path"},
    "clouds": {"type": "path"},
}

MISSING = "capability-missing"
INVALID = "argument-invalid"

#: How the package is installed. What the public index has under its name is another one.
INSTALL = "pip install ./bindings/python, in a checkout of protector"


class ProtectorModule(AnsibleModule):
    """A module on the Python package `protector`."""

    def __init__(self, argument_spec, **others):
        self._is_checked = False
        super().__init__(argument_spec={**ARGUMENTS, **argument_spec}, supports_check_mode=True, **others)
        self._is_checked = True

    def fail_json(self, msg, **results):
        """Ends the module. What Ansible itself says of arguments is told as every face tells it."""
        if not self._is_checked:
            hint = "Correct the named argument; nothing was changed."
            msg = f"{msg}. {hint} ({INVALID})"
            results = {**results, "code": INVALID, "hint": hint, "exit_code": 2}
        # What Ansible itself cannot do, a file that cannot be written for one, is a failure like others.
        super().fail_json(msg, **{"exit_code": 1, **results})

    @contextlib.contextmanager
    def opened(self):
        """The two sites. What the package raises ends the module, with its code and what to do about it."""
        # Only now: other modules, and checks of this one's documentation, do not need the package.
        try:
            import protector
        except ImportError as error:
            hint = f"Install it for the Python that runs this module: {INSTALL}."
            self.fail_json(
                msg=f"{missing_required_lib('protector')} {hint} ({MISSING})",
                exception=traceback.format_exc(),
                reason=str(error),
                python=sys.executable,
                code=MISSING,
                hint=hint,
                exit_code=1,
            )
        try:
            with protector.open(
                config=self.params["config"], clouds=self.params["clouds"], started_by="ansible"
            ) as opened:
                yield opened
        except protector.ProtectorError as error:
            self.fail(error)

    def fail(self, error, **results):
        """Ends the module with an error of the package: what was attempted and why it failed, each finding, what to do."""
        told = [error.message]
        told += [finding_told(finding) for finding in error.findings]
        self.fail_json(
            msg=f"{'; '.join(told)}. {error.hint} ({error.code})",
            code=error.code,
            hint=error.hint,
            site=error.site,
            request_ids=list(error.request_ids),
            retryable=error.retryable,
            findings=list(error.findings),
            exit_code=error.exit_code,
            **results,
        )

    def refuse(self, code, message, hint):
        """Ends the module before anything is touched: its arguments contradict what there is."""
        self.fail_json(msg=f"{message}. {hint} ({code})", code=code, hint=hint, exit_code=2)


def finding_told(finding):
    """A finding in one line, in the words of the command."""
    site = f" at {finding['site']}" if finding.get("site") else ""
    return f"{finding['code']}: {finding['subject']}{site}: {finding['message']}; {finding['remedy']}"


def found_group(protector, name):
    """The group, or nothing if there is none of this name."""
    import protector as package

    try:
        return protector.group(name)
    except package.ProtectorError as error:
        if error.code == "group-unknown":
            return None
        raise
