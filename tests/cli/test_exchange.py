"""`gridbot exchange serve` before it serves anything."""

from __future__ import annotations

from decimal import Decimal

import pytest
import typer

from bot.cli.exchange_options import crowd_of, openings_of
from bot.sim.office import Role
from bot.sim.presets import STRESSED
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
        (("--state-file", "a.json", "--database-url", "sqlite:///a.db"), "cannot go with --state-file"),
    ],
)
def test_options_that_make_no_sense_are_refused(gridbot: Gridbot, arguments: tuple[str, ...], fault: str) -> None:
    result = gridbot("exchange", "serve", *arguments)
    assert (result.status, result.out) == (2, "")
    assert fault in " ".join(result.err.replace("│", " ").split())


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
