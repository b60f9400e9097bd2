"""Simulated pairs, which run on the machine's own time but poll quickly."""

from __future__ import annotations

from collections.abc import Iterator

import protector
import pytest


@pytest.fixture
def pair() -> Iterator[protector.mock.Pair]:
    with protector.mock.pair(seed=3) as pair:
        with open(pair.config, "a", encoding="utf-8") as config:
            config.write("engine: {poll_interval: 0.1, retry_for: 2}\n")
        yield pair


@pytest.fixture
def sites(pair: protector.mock.Pair) -> Iterator[protector.Protector]:
    with protector.open(pair.config, clouds=pair.clouds, started_by="tests") as sites:
        yield sites


@pytest.fixture
def protected(sites: protector.Protector) -> protector.Protector:
    made = sites.protect("web", primary_site="site-a", secondary_site="site-b", members=["web-1"])
    assert (made["exit_code"], made["group"]["status"]) == (0, "active")
    return sites
