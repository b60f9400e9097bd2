"""Lists of the typed OpenStack clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _native

if TYPE_CHECKING:
    import os
    from typing import Any

    from ._native import Resources


class Cloud:
    """One cloud of ``clouds.yaml``: its session is kept, so that it signs in once. Every list takes filters that the service
    applies, and is read to its last page; items become Python objects as they are looked at."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Cloud) -> None:
        self._native = native

    @property
    def name(self) -> str:
        """Its name in ``clouds.yaml``."""
        return self._native.name

    def list(self, kind: str, **filters: Any) -> Resources:
        """All resources of a kind: ``servers``, ``flavors``, ``volumes``, ``volume_types``, ``snapshots``, ``ports``,
        ``networks``, ``subnets``, ``security_groups``, ``floating_ips``, ``images``.

        Raises:
            ArgumentError: the kind or a filter is not one; the message says which there are.
            AuthenticationError, UnreachableError, ServiceError: what the cloud says.
        """
        return self._native.list(kind, filters)

    async def list_async(self, kind: str, **filters: Any) -> Resources:
        """:meth:`list` for asyncio."""
        return await self._native.list_async(kind, filters)

    def __repr__(self) -> str:
        return f"<Cloud {self.name}>"


def cloud(name: str, *, region: str | None = None, clouds: str | os.PathLike[str] | None = None) -> Cloud:
    """One cloud of ``clouds.yaml``, which is searched as openstacksdk searches it if no file is named. Nothing is sent yet.

    Raises:
        ConfigurationError: there is no such cloud, or the file cannot be used.
    """
    return Cloud(_native.Cloud.open(name, region=region, clouds=clouds))


def _listed(kind: str, of: str | Cloud, clouds: str | os.PathLike[str] | None, filters: dict[str, Any]) -> Resources:
    opened = of if isinstance(of, Cloud) else cloud(of, clouds=clouds)
    return opened.list(kind, **{name: value for name, value in filters.items() if value is not None})


def list_servers(
    of: str | Cloud, *, clouds: str | os.PathLike[str] | None = None, name: str | None = None
) -> Resources:
    """Servers of a cloud; ``name`` is a regular expression, as Nova takes it."""
    return _listed("servers", of, clouds, {"name": name})


def list_flavors(of: str | Cloud, *, clouds: str | os.PathLike[str] | None = None) -> Resources:
    """Flavors of a cloud."""
    return _listed("flavors", of, clouds, {})


def list_volumes(
    of: str | Cloud,
    *,
    clouds: str | os.PathLike[str] | None = None,
    name: str | None = None,
    status: str | None = None,
    group_id: str | None = None,
) -> Resources:
    """Volumes of a cloud; sizes are GiB."""
    return _listed("volumes", of, clouds, {"name": name, "status": status, "group_id": group_id})


def list_volume_types(of: str | Cloud, *, clouds: str | os.PathLike[str] | None = None) -> Resources:
    """Volume types of a cloud."""
    return _listed("volume_types", of, clouds, {})


def list_snapshots(
    of: str | Cloud,
    *,
    clouds: str | os.PathLike[str] | None = None,
    name: str | None = None,
    status: str | None = None,
    volume_id: str | None = None,
) -> Resources:
    """Snapshots of volumes; sizes are GiB."""
    return _listed("snapshots", of, clouds, {"name": name, "status": status, "volume_id": volume_id})


def list_ports(
    of: str | Cloud,
    *,
    clouds: str | os.PathLike[str] | None = None,
    name: str | None = None,
    network_id: str | None = None,
    device_id: str | None = None,
    mac_address: str | None = None,
    ip_address: str | None = None,
    project_id: str | None = None,
) -> Resources:
    """Ports of a cloud."""
    filters = {"name": name, "network_id": network_id, "device_id": device_id, "mac_address": mac_address}
    return _listed("ports", of, clouds, {**filters, "ip_address": ip_address, "project_id": project_id})


def list_networks(
    of: str | Cloud,
    *,
    clouds: str | os.PathLike[str] | None = None,
    name: str | None = None,
    project_id: str | None = None,
) -> Resources:
    """Networks of a cloud."""
    return _listed("networks", of, clouds, {"name": name, "project_id": project_id})


def list_subnets(
    of: str | Cloud, *, clouds: str | os.PathLike[str] | None = None, network_id: str | None = None
) -> Resources:
    """Subnets of a cloud."""
    return _listed("subnets", of, clouds, {"network_id": network_id})


def list_security_groups(
    of: str | Cloud,
    *,
    clouds: str | os.PathLike[str] | None = None,
    name: str | None = None,
    project_id: str | None = None,
) -> Resources:
    """Security groups of a cloud."""
    return _listed("security_groups", of, clouds, {"name": name, "project_id": project_id})


def list_floating_ips(
    of: str | Cloud,
    *,
    clouds: str | os.PathLike[str] | None = None,
    port_id: str | None = None,
    floating_ip_address: str | None = None,
    floating_network_id: str | None = None,
    project_id: str | None = None,
) -> Resources:
    """Floating IPs of a cloud."""
    filters = {"port_id": port_id, "floating_ip_address": floating_ip_address, "project_id": project_id}
    return _listed("floating_ips", of, clouds, {**filters, "floating_network_id": floating_network_id})


def list_images(
    of: str | Cloud,
    *,
    clouds: str | os.PathLike[str] | None = None,
    name: str | None = None,
    status: str | None = None,
    visibility: str | None = None,
    owner: str | None = None,
) -> Resources:
    """Images of a cloud; sizes are bytes."""
    filters = {"name": name, "status": status, "visibility": visibility, "owner": owner}
    return _listed("images", of, clouds, filters)
