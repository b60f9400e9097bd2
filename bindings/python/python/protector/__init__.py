"""Site recovery for OpenStack: keeps a group of VMs ready at a second site, and moves it there and back.

>>> import protector
>>> with protector.mock.pair() as pair:
...     with protector.open(config=pair.config, clouds=pair.clouds) as p:
...         names = [site["name"] for site in p.sites()]
>>> names
['site-a', 'site-b']

Answers are the documents that the ``protector`` command gives with ``--output json``. Times are seconds, sizes are bytes, and
moments are UTC, as text in RFC 3339. Whatever waits has a twin for asyncio, whose name ends in ``_async``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import errors, mock
from ._clouds import (
    Cloud,
    cloud,
    list_flavors,
    list_floating_ips,
    list_images,
    list_networks,
    list_ports,
    list_security_groups,
    list_servers,
    list_snapshots,
    list_subnets,
    list_volume_types,
    list_volumes,
)
from ._native import __version__
from ._planned import Planned
from ._protector import Protector, open
from ._run import Run, SiteRun
from .errors import ProtectorError

if TYPE_CHECKING:
    from . import driver, testing
    from .driver import DriverError, StorageDriver

__all__ = [
    "Cloud",
    "DriverError",
    "Planned",
    "Protector",
    "ProtectorError",
    "Run",
    "SiteRun",
    "StorageDriver",
    "__version__",
    "cloud",
    "driver",
    "errors",
    "list_flavors",
    "list_floating_ips",
    "list_images",
    "list_networks",
    "list_ports",
    "list_security_groups",
    "list_servers",
    "list_snapshots",
    "list_subnets",
    "list_volume_types",
    "list_volumes",
    "mock",
    "open",
    "testing",
]

if not TYPE_CHECKING:

    def __getattr__(name):
        """What only those need who write drivers takes longer to import than all else."""
        from importlib import import_module

        if name in ("driver", "testing"):
            return import_module(f"{__name__}.{name}")
        if name in ("DriverError", "StorageDriver"):
            return getattr(import_module(f"{__name__}.driver"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
