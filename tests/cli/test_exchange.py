"""`gridbot exchange serve` before it serves anything."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import typer

from bot.cli.exchange_config import as_seen_from_here, write_config
from bot.cli.exchange_options import crowd_of, openings_of, rules_of
from bot.clock import SeededIds
from bot.errors import ConfigError
from bot.settings import load_settings
from bot.sim.build import Scenario, build_exchange
from bot.sim.config import DOCUMENTED_SWEEP_HOURS, SelfTrade, VenueConfig
from bot.sim.credentials import Credentials
from bot.sim.office import Role
from bot.sim.presets import STRESSED
from bot.strategy import registry
from tests.cli.conftest import Gridbot


def test_a_client_without_a_trace_to_take_it_from_is_refused(gridbot: Gridbot) -> None:
    result = gridbot("exchange", "serve", "--client", "ann")
    assert (result.status, result.out) == (2, "")
    assert "needs --demand" in result.err


def test_faults_that_are_neither_a_preset_nor_a_file_are_refused(gridbot: Gridbot) -> None:
    result = gridbot("exchange", "serve", "--faults", "netwrk")
    assert (result.status, result.out) == (1, "")
    assert "neither a file, nor one of none, network, exchange, stream, all" in result.err


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--market", "wild"), "must be calm or stressed, not wild"),
        (("--crowd", "dept=3"), "did you mean 'depth'"),
        (("--crowd", "depth"), "must be KEY=VALUE, not depth"),
        (("--crowd", "spread=2"), "spread of a crowd is wrong"),
        (("--account", "a:boss"), "a role is consumer or supplier, not boss"),
        (("--account", "a:consumer:much"), "is not a number"),
        (("--account", "a b"), "an account's name has"),
        (("--account", "a", "--account", "a"), "every account needs a name of its own"),
        (("--speed", "0.5"), "greater than or equal to 1"),
        (("--self-trade", "both"), "cancel_resting"),
        (("--closed-cancel", "404"), "409"),
        (("--host", "192.0.2.1", "--config-out", "c.yaml"), "gridbot reaches 192.0.2.1 by https only"),
        (("--state-file", "a.json", "--database-url", "sqlite:///a.db"), "cannot go with --state-file"),
    ],
)
def test_options_that_make_no_sense_are_refused(gridbot: Gridbot, arguments: tuple[str, ...], fault: str) -> None:
    result = gridbot("exchange", "serve", *arguments)
    assert (result.status, result.out) == (2, "")
    assert fault in " ".join(result.err.replace("│", " ").split())


def test_rules_are_those_of_the_real_exchange_unless_options_say_otherwise() -> None:
    assert rules_of(1, "cancel_incoming", "500", auto_transfer=False, sweeps=False) == VenueConfig()
    rules = rules_of(60, "cancel_resting", "409", auto_transfer=True, sweeps=True)
    assert (rules.speed, rules.self_trade, rules.closed_cancel_status) == (60, SelfTrade.CANCEL_RESTING, 409)
    assert (rules.auto_transfer, rules.sweep_hours) == (True, DOCUMENTED_SWEEP_HOURS)


def test_a_crowd_is_a_preset_with_changes() -> None:
    crowd = crowd_of("stressed", ["depth=3", "size = 2-4"])
    assert (crowd.depth, crowd.size, crowd.spread) == (3, (2, 4), STRESSED.spread)


def test_accounts_are_consumers_with_ten_thousand_dollars_unless_they_say_otherwise() -> None:
    plain, supplier, poor = openings_of(["ann", "sue:supplier", "ben::0.50"])
    assert (plain.name, plain.role, plain.grant.cash) == ("ann", Role.CONSUMER, Decimal(10_000))
    assert (supplier.role, supplier.grant.cash) == (Role.SUPPLIER, Decimal(10_000))
    assert (poor.role, poor.grant.cash) == (Role.CONSUMER, Decimal("0.50"))
    with pytest.raises(typer.BadParameter, match="-1"):
        openings_of(["ann:consumer:-1"])


@pytest.mark.parametrize("url", ["sqlite:///none/exchange.db", "mysql://x"])
def test_a_database_that_cannot_be_used_is_told_in_a_line(gridbot: Gridbot, url: str) -> None:
    result = gridbot("exchange", "serve", "--database-url", url)
    assert (result.status, result.out) == (1, "")
    assert len(result.err.splitlines()) == 1


@pytest.fixture
def credentials() -> Credentials:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return build_exchange(Scenario(), start=start, ids=SeededIds(1)).credentials("http://127.0.0.1:8080/v1")


def test_the_settings_that_are_written_are_whole_and_private(tmp_path: Path, credentials: Credentials) -> None:
    path = tmp_path / "config.yaml"
    write_config(path, credentials, Decimal("3.00"))
    assert path.stat().st_mode & 0o777 == 0o600
    settings = load_settings(path, env={}, check_strategy=registry.check)
    exchange, consumption = settings.exchange, settings.consumption
    assert (exchange.base_url, exchange.stream_url) == (credentials.base_url, credentials.ws_url)
    assert exchange.signing_key is not None
    assert exchange.signing_key.get_secret_value() == credentials.signing_key
    assert (consumption.base_url, consumption.messages_url) == (credentials.base_url, credentials.base_url)
    assert consumption.api_key is not None
    assert consumption.api_key.get_secret_value() == credentials.consumption_key
    assert settings.database.url.get_secret_value() == "sqlite:///config.db"
    [strategy] = settings.strategies
    assert (strategy.markets, strategy.parameters["max_price"]) == (("text-prime",), "3.75")


def test_settings_are_never_written_over_a_file(tmp_path: Path, credentials: Credentials) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="exists already and is not overwritten"):
        write_config(path, credentials, Decimal(2))
    assert path.read_text() == "mine"
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        write_config(tmp_path / "none" / "config.yaml", credentials, Decimal(2))


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://[::]:8080", "http://[::1]:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://192.0.2.1:80", "http://192.0.2.1:80"),
    ],
)
def test_clients_on_this_machine_reach_a_server_on_all_addresses_by_loopback(url: str, seen: str) -> None:
    assert as_seen_from_here(url) == seen
