"""Simulated pairs, which run on the machine's own time but poll quickly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import protector
import pytest


@contextmanager
def polled_quickly(time_factor: float | None = None) -> Iterator[protector.mock.Pair]:
    """A pair, in which time may pass more quickly than on the machine."""
    with protector.mock.pair(seed=3, time_factor=time_factor) as pair:
        with open(pair.config, "a", encoding="utf-8") as config:
            config.write("engine: {poll_interval: 0.1, retry_for: 2}\n")
        yield pair


@pytest.fixture
def pair() -> Iterator[protector.mock.Pair]:
    with polled_quickly() as pair:
        yield pair


@pytest.fixture
def quick_pair() -> Iterator[protector.mock.Pair]:
    with polled_quickly(20) as pair:
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
