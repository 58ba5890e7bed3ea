"""What is going on at the exchange, as the command line tells it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.sim.presets import CrowdConfig
from tests.cli.conftest import Gridbot, Served, serving


def test_markets_are_listed_with_their_rules(gridbot: Gridbot, served: Served) -> None:
    told = gridbot(*served.options, "markets").out
    assert told.index("code-max") < told.index("text-prime")
    first, second = gridbot(*served.options, "markets", "--json").json
    assert (first["symbol"], second["symbol"]) == ("code-max", "text-prime")
    assert (second["tick"], second["min_size"], second["status"]) == ("0.01", 1, "active")


def test_another_try_is_told_in_words(gridbot: Gridbot, served: Served) -> None:
    nobody = ("--set", "exchange.base_url=http://127.0.0.1:1/v1", "--set", "exchange.read_attempts=2")
    told = gridbot(*served.options, *nobody, "markets").err.splitlines()
    assert "gridbot: warning: GET /v1/trading/markets gave no usable answer; trying again in" in told[0]
    assert len(told) == 2


def test_tickers_of_all_markets_or_of_some(gridbot: Gridbot, served: Served) -> None:
    every = gridbot(*served.options, "ticker", "--json").json
    assert [one["symbol"] for one in every] == ["code-max", "text-prime"]
    some = gridbot(*served.options, "ticker", "text-prime", every[0]["market_id"], "--json").json
    assert [one["symbol"] for one in some] == ["text-prime", "code-max"]
    assert Decimal(some[0]["bid"]) < Decimal(some[0]["ask"])
    assert "text-prime" in gridbot(*served.options, "ticker").out


def test_a_book_is_drawn_or_told(gridbot: Gridbot, served: Served) -> None:
    drawn = gridbot(*served.options, "book", "text-prime", "--depth", "3").out.splitlines()
    assert drawn[0] == "text-prime"
    assert len([line for line in drawn if "█" in line or "▏" in line]) == 6
    assert drawn[5].startswith("-- spread ")
    assert max(map(len, drawn)) <= 80
    told = gridbot(*served.options, "book", "text-prime", "--depth", "3", "--json").json
    assert (told["symbol"], len(told["bids"]), len(told["asks"])) == ("text-prime", 3, 3)
    assert set(told["bids"][0]) == {"price", "quantity", "order_count"}


def test_trades_are_listed_newest_first(gridbot: Gridbot, served: Served) -> None:
    told = gridbot(*served.options, "trades", "text-prime", "--limit", "5", "--json").json
    moments = [trade["executed_at"] for trade in told]
    assert len(moments) == 5
    assert moments == sorted(moments, reverse=True)
    assert "executed at (UTC)" in gridbot(*served.options, "trades", "text-prime").out


def test_candles_are_drawn_within_the_terminal(
    gridbot: Gridbot, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("LINES", "16")
    lines = gridbot(*served.options, "candles", "text-prime", "--resolution", "1m", "--last", "120").out.splitlines()
    assert lines[0].startswith("text-prime, ")
    assert "earlier ones do not fit" in lines[0]
    assert len(lines) == 1 + 10 + 3
    assert max(map(len, lines[1:])) <= 50
    assert lines[-1].startswith("units")


@pytest.mark.parametrize(("resolution", "moment"), [("1d", "-"), ("1M", "-"), ("1h", ":")])
def test_moments_are_as_fine_as_the_candles(gridbot: Gridbot, served: Served, resolution: str, moment: str) -> None:
    lines = gridbot(*served.options, "candles", "text-prime", "--resolution", resolution).out.splitlines()
    assert moment in lines[-2]


def test_candles_as_json_are_rows_oldest_first(gridbot: Gridbot, served: Served) -> None:
    rows = gridbot(*served.options, "candles", "text-prime", "--resolution", "5m", "--last", "10", "--json").json
    starts = [row["start"] for row in rows]
    assert 0 < len(rows) <= 10
    assert starts == sorted(starts)
    assert set(rows[0]) == {"start", "open", "high", "low", "close", "volume", "trade_count"}


def test_a_market_on_which_nothing_goes_on_says_so(gridbot: Gridbot) -> None:
    with serving(CrowdConfig(depth=0, takers_per_hour=1e-9)) as quiet:
        assert gridbot(*quiet.options, "book", "text-prime").out == "nobody quotes text-prime: its book is empty\n"
        assert gridbot(*quiet.options, "trades", "text-prime").out == "nothing has traded on text-prime yet\n"
        assert "nothing has traded on text-prime in that time" in gridbot(*quiet.options, "candles", "text-prime").out
        assert gridbot(*quiet.options, "candles", "text-prime", "--json").json == []
        placed = gridbot(*quiet.options, "order", "place", "text-prime", "buy", "1", "--yes")
        assert "at the market's price; the book has none now" in placed.err


@pytest.mark.parametrize("command", ["book", "trades", "candles", "ticker"])
def test_a_misspelt_symbol_gets_did_you_mean(gridbot: Gridbot, served: Served, command: str) -> None:
    result = gridbot(*served.options, command, "text-prim")
    assert (result.status, result.out) == (1, "")
    assert result.err == "gridbot: there is no market 'text-prim'; did you mean 'text-prime'?\n"


@pytest.mark.parametrize(
    "command",
    [
        ("book", "text-prime", "--depth", "0"),
        ("book", "text-prime", "--depth", "101"),
        ("candles", "text-prime", "--resolution", "2h"),
        ("candles", "text-prime", "--last", "0"),
        ("trades", "text-prime", "--limit", "999999999999999999999"),
    ],
)
def test_what_is_out_of_range_is_wrong_usage(gridbot: Gridbot, command: tuple[str, ...]) -> None:
    assert gridbot(*command).status == 2


@pytest.mark.parametrize("command", [("markets",), ("account",), ("order", "list"), ("limits",), ("supply", "list")])
def test_without_a_key_the_way_to_one_is_told(gridbot: Gridbot, command: tuple[str, ...]) -> None:
    result = gridbot(*command)
    assert (result.status, result.out) == (1, "")
    assert "gridbot keys new FILE" in result.err


def test_an_exchange_that_is_not_there_is_told_in_a_line(gridbot: Gridbot, served: Served) -> None:
    nowhere = ("--set", "exchange.base_url=http://127.0.0.1:9/v1", "--set", "exchange.read_attempts=1")
    result = gridbot(*served.options, *nowhere, "markets")
    assert (result.status, result.out, result.err.count("\n")) == (1, "", 1)
    assert "127.0.0.1:9" in result.err
