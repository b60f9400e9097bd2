# Copyright: the authors of protector
# GNU General Public License v3.0 or later (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected VMs where they run now."""

from __future__ import annotations

DOCUMENTATION = r"""
name: recovered_servers
short_description: Protected VMs where they run now
version_added: 0.1.0
author: The authors of protector (!UNKNOWN)
description:
  - Lists the VMs of Protection Groups at the site where each group runs now, at home or recovered at the other site.
  - Each VM is in the groups C(group_NAME) of its Protection Group and C(site_NAME) of its site, and in V(recovered) while it does not
    run at home. VMs that do not come up are in V(absent).
  - A host is called as its VM, or C(GROUP_VM) where several groups have VMs of that name; C(protector_name) has the VM's name.
  - The file has to be named C(*.protector.yml) or C(*.protector.yaml).
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [protector.site_recovery.recovered_servers]
    type: str
  config:
    description: Path of C(protector.yaml); without it the file is searched where C(clouds.yaml) is.
    type: path
    env:
      - name: PROTECTOR_CONFIG
  clouds:
    description: Path of C(clouds.yaml); without it the file is searched as all OpenStack tools do.
    type: path
    env:
      - name: OS_CLIENT_CONFIG_FILE
  protection_groups:
    description: Only these groups, by name.
    type: list
    elements: str
  addresses:
    description:
      - Whether Nova is asked where each VM can be reached, for C(ansible_host).
      - A site that does not answer leaves its VMs without, and is told.
    type: bool
    default: true
  network:
    description: The network whose address is taken; the first that the VM has without it.
    type: str
extends_documentation_fragment:
  - constructed
requirements:
  - protector (the Python package)
"""

EXAMPLES = r"""
# web.protector.yml
plugin: protector.site_recovery.recovered_servers
protection_groups: [web]
network: app-net
"""

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable

from ansible_collections.protector.site_recovery.plugins.module_utils.session import INSTALL
from ansible_collections.protector.site_recovery.plugins.module_utils.target import host_names


class InventoryModule(BaseInventoryPlugin, Constructable):
    """The plugin."""

    NAME = "protector.site_recovery.recovered_servers"

    def verify_file(self, path):
        """Whether the file is meant for this plugin."""
        return super().verify_file(path) and path.endswith((".protector.yml", ".protector.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Reads the groups, and adds their VMs."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            import protector
        except ImportError as error:
            raise AnsibleParserError(
                f"failed to import the Python package protector: {error}. "
                f"Install it for the Python that runs ansible: {INSTALL}. (capability-missing)"
            ) from error
        try:
            with protector.open(
                config=self.get_option("config"), clouds=self.get_option("clouds"), started_by="ansible-inventory"
            ) as opened:
                groups = [group for group in opened.groups() if self._is_wanted(group)]
                clouds = {site["name"]: site for site in opened.sites()} if self.get_option("addresses") else {}
        except protector.ProtectorError as error:
            raise AnsibleParserError(f"{error.message}. {error.hint} ({error.code})") from error
        servers = self._servers(protector, clouds, {group["current_primary_site"] for group in groups})
        hosts = host_names(groups)
        for group in groups:
            for member in group["members"]:
                self._add(hosts[group["name"], member["name"]], group, member, servers)

    def _is_wanted(self, group):
        wanted = self.get_option("protection_groups")
        return not wanted or group["name"] in wanted

    def _servers(self, protector, sites, used):
        """What Nova tells of each server, by its id, at the sites where groups run."""
        found = {}
        for name in sorted(used & set(sites)):
            site = sites[name]
            try:
                cloud = protector.cloud(site["cloud"], region=site["region"], clouds=self.get_option("clouds"))
                listed = protector.list_servers(cloud)
            except protector.ProtectorError as error:
                self.display.warning(f"VMs at {name} are without an address: {error.message} ({error.code})")
                continue
            found.update({server["id"]: server for server in listed.to_dicts()})
        return found

    def _add(self, host, group, member, servers):
        site = group["current_primary_site"]
        there = member["sites"].get(site) or {}
        name = self.inventory.add_host(host)
        values = {
            "protector_name": member["name"],
            "protector_group": group["name"],
            "protector_group_status": group["status"],
            "protector_site": site,
            "protector_home": group["primary_site"],
            "protector_server_id": there.get("server_id"),
            "protector_order": member["order"],
        }
        address = _address(servers.get(there.get("server_id")), self.get_option("network"))
        if address:
            values["ansible_host"] = address
        for variable, value in values.items():
            self.inventory.set_variable(name, variable, value)
        belongs = [f"group_{group['name']}", f"site_{site}"]
        if site != group["primary_site"]:
            belongs.append("recovered")
        if member["absent"]:
            belongs.append("absent")
        for belonging in belongs:
            self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(belonging)), name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), values, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), values, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), values, name, strict=strict)


def _address(server, network):
    """Where a server can be reached: its first address on the network, or on the first one."""
    addresses = (server or {}).get("addresses") or {}
    for name, entries in sorted(addresses.items()):
        if network in (None, name) and entries:
            return entries[0]["addr"]
    return None
