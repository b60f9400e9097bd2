"""Lists of the typed clients."""

from __future__ import annotations

import asyncio
import json

import protector
import pytest


def test_a_list_is_read_by_place_by_field_and_as_a_whole(pair: protector.mock.Pair) -> None:
    servers = protector.list_servers("tenant-site-a", clouds=pair.clouds)
    assert len(servers) == len(list(servers)) == len(servers.to_dicts()) > 1
    assert json.loads(servers.to_json()) == servers.to_dicts() == [server.to_dict() for server in servers]
    first, last = servers[0], servers[-1]
    assert first.id != last.id and last.to_dict() == servers[len(servers) - 1].to_dict()
    assert first.status == "ACTIVE" and first.flavor["vcpus"] >= 1 and set(dir(first)) > {"id", "task_state"}
    with pytest.raises(IndexError):
        servers[len(servers)]
    with pytest.raises(AttributeError, match="there is no field nmae: there are"):
        _ = first.nmae
    (named,) = protector.list_servers("tenant-site-a", clouds=pair.clouds, name="^web-1$")
    assert named.name == "web-1"


def test_every_kind_is_listed_with_one_session(pair: protector.mock.Pair) -> None:
    cloud = protector.cloud("tenant-site-a", clouds=pair.clouds)
    for listed in (
        protector.list_servers,
        protector.list_flavors,
        protector.list_volumes,
        protector.list_volume_types,
        protector.list_snapshots,
        protector.list_ports,
        protector.list_networks,
        protector.list_subnets,
        protector.list_security_groups,
        protector.list_floating_ips,
        protector.list_images,
    ):
        resources = listed(cloud)
        assert all(resource.id for resource in resources)
    volumes = asyncio.run(cloud.list_async("volumes"))
    assert volumes.to_dicts() == cloud.list("volumes").to_dicts() and volumes[0].size > 0
    with pytest.raises(protector.errors.ArgumentError, match="there is no list severs: there are servers"):
        cloud.list("severs")
    with pytest.raises(protector.errors.ArgumentError, match="the list of servers has no argument `nmae`"):
        cloud.list("servers", nmae="x")
