"""A small exchange with two users who can sign."""

from __future__ import annotations

import pytest

from bot.clock import SeededIds
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.venue import Venue
from tests.sim.client import START, Client, open_account


@pytest.fixture
def venue() -> Venue:
    config = VenueConfig(symbols=("text-prime", "code-max"), rate_limits=None)  # time often stands still in tests
    return Venue(config, start=START, ids=SeededIds(1))


@pytest.fixture
def api(venue: Venue) -> ExchangeApi:
    return ExchangeApi(venue)


@pytest.fixture
def alice(api: ExchangeApi) -> Client:
    """Has 1,000 USD and 100 units of text-prime."""
    return open_account(api, "alice")


@pytest.fixture
def bob(api: ExchangeApi) -> Client:
    """Has what alice has."""
    return open_account(api, "bob")
