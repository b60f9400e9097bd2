# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of the modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments: of all modules, and of those that run operations."""

    DOCUMENTATION = r"""
options:
  config:
    description:
      - Path of C(protector.yaml) on the host where the module runs. It names the two sites, their arrays, stores and credentials.
      - Without it the file is searched where C(clouds.yaml) is, or named by the environment variable E(PROTECTOR_CONFIG).
    type: path
  clouds:
    description:
      - Path of C(clouds.yaml) on the host where the module runs.
      - Without it the file is searched as all OpenStack tools do, or named by E(OS_CLIENT_CONFIG_FILE).
    type: path
requirements:
  - python >= 3.10
  - protector (the Python package)
notes:
  - The module runs where C(protector.yaml) and both site stores are. Secrets stay in the files that it references; none is an
    argument.
"""

    OPERATION = r"""
options:
  confirm:
    description:
      - The name of the group, which confirms what stops VMs or cannot be taken back.
      - Needed where the operation is one of these, and not in check mode.
    type: str
  timeout:
    description:
      - Seconds after which the operation is left, finishing what is under way. The task fails then; run again, it takes the
        operation up.
      - Without it the operation is waited for as long as it takes.
    type: float
notes:
  - In check mode nothing is touched. The plan that is returned is the one that the run after it carries out, as its hash says.
  - An operation that was left is taken up, and one that another process runs is waited for.
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what would be changed without touching anything.
  diff_mode:
    description: Returns the differences that it makes, or would make in check mode.
"""
