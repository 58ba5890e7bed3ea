"""Orders by hand, over a simulated exchange that another thread serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.cli.place import see_that_it_fits
from bot.domain.market import Market
from bot.errors import GridbotError
from bot.sim.ledger import AccountMode
from tests.cli.conftest import Gridbot, Served, Terminal


@pytest.fixture
def order(gridbot: Gridbot, served: Served) -> Iterator[Gridbot]:
    """`order("list")` is `gridbot order list`, at the served exchange; no order is left open."""
    yield lambda *arguments: gridbot(*served.options, "order", *arguments)
    served.api.muffled = False
    served.sim.account.mode = AccountMode.ADVANCED
    gridbot(*served.options, "order", "cancel-all", "--yes")


def only(orders: list[dict[str, Any]]) -> dict[str, Any]:
    [one] = orders
    return one


def test_a_limit_order_is_shown_then_sent_then_found(order: Gridbot) -> None:
    placed = order("place", "text-prime", "buy", "3", "1.00", "--yes")
    assert placed.status == 0
    head, ids = placed.err.splitlines()
    assert head == "buy 3 text-prime at 1.00 USD a unit, 3.00 USD in all (gtc)"
    client_order_id = ids.removeprefix("client order id ")
    assert "the exchange has the order: active" in placed.out
    assert "`gridbot order cancel` takes it off the book" in placed.out
    found = only(order("list", "--json").json)
    assert (found["client_order_id"], found["symbol"]) == (client_order_id, "text-prime")
    assert (found["price"], found["quantity"]) == ("1", 3)
    assert found["order_id"] in order("list").out
    for ident in (found["order_id"], client_order_id):
        assert order("get", ident, "--json").json["order_id"] == found["order_id"]
    assert found["order_id"] in order("get", client_order_id).out


def test_every_order_gets_an_id_of_its_own_unless_one_is_given(order: Gridbot) -> None:
    place = ("place", "text-prime", "buy", "1", "1.00", "--yes")
    ids = [order(*place).err.splitlines()[1] for _ in range(2)]
    assert ids[0] != ids[1]
    given = order(*place, "--client-order-id", "mine-1")
    assert given.err.splitlines()[1] == "client order id mine-1"
    again = order("place", "text-prime", "buy", "2", "1.00", "--yes", "--client-order-id", "mine-1")
    assert (again.status, again.out) == (1, "")


def test_a_market_order_tells_what_it_would_come_to(order: Gridbot, gridbot: Gridbot, served: Served) -> None:
    placed = order("place", "text-prime", "sell", "2", "--yes", "--json")
    assert "sell 2 text-prime at the market's price, " in placed.err
    assert "USD in all as the book stands now" in placed.err
    assert '"status": "filled"' in placed.out
    huge = order("place", "text-prime", "sell", "90000", "--yes")
    assert "at the market's price; the book has " in huge.err
    assert "of them now, for" in huge.err


def test_a_market_that_takes_no_orders_is_told_before_one_is_sent() -> None:
    market = Market("mkt-1", "ins-1", "text-prime", Decimal("0.01"), status="suspended")
    with pytest.raises(GridbotError, match="text-prime does not take this order: the market is suspended"):
        see_that_it_fits(market, 3, Decimal("1.00"))
    see_that_it_fits(replace(market, status="active"), 3, None)


def test_a_wrong_order_is_refused_before_it_is_sent(order: Gridbot, served: Served) -> None:
    revision = served.sim.account.updated_at
    for price, quantity, why in (
        ("1.005", "3", "whole number of ticks"),
        ("1.00", "100001", "at most 100000"),
    ):
        result = order("place", "text-prime", "buy", quantity, price, "--yes")
        assert (result.status, result.out) == (1, "")
        assert why in result.err
        assert "client order id" not in result.err
    assert served.sim.account.updated_at == revision


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("text-prime", "hold", "3", "1.00"), "hold"),
        (("text-prime", "buy", "0", "1.00"), "greater than"),
        (("text-prime", "buy", "1.5", "1.00"), "integer"),
        (("text-prime", "buy", "3", "cheap"), "cheap"),
        (("text-prime", "buy", "3", "--post-only"), "never rests"),
        (("text-prime", "buy", "3", "1.00", "--client-order-id", " "), "must not be empty"),
        (("text-prime", "buy", "3", "1.00", "--tif", "soon"), "soon"),
    ],
)
def test_wrong_usage_is_told(order: Gridbot, arguments: tuple[str, ...], why: str) -> None:
    result = order("place", *arguments, "--yes")
    assert (result.status, result.out) == (2, "")
    assert why in result.err


def test_without_a_terminal_yes_must_be_said(order: Gridbot, monkeypatch: pytest.MonkeyPatch) -> None:
    result = order("place", "text-prime", "buy", "3", "1.00")
    assert (result.status, result.out) == (1, "")
    assert "add --yes" in result.err
    assert order("list", "--json").json == []


@pytest.mark.parametrize(("typed", "sent"), [("y\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_on_a_terminal_the_question_is_asked(
    order: Gridbot, monkeypatch: pytest.MonkeyPatch, typed: str, sent: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    result = order("place", "text-prime", "buy", "3", "1.00")
    assert "Send it?" in result.err
    assert result.status == 1 - sent
    assert len(order("list", "--json").json) == sent


def test_a_placement_without_an_answer_is_unclear_and_never_called_failed(order: Gridbot, served: Served) -> None:
    served.api.muffled = True
    result = order("place", "text-prime", "buy", "3", "1.00", "--yes", "--client-order-id", "unclear-1")
    assert (result.status, result.out) == (1, "")
    assert "it is unclear whether the exchange has the order" in result.err
    assert "unclear-1 in `gridbot order list --all text-prime`" in result.err
    assert "fail" not in result.err
    assert only(order("list", "--json").json)["client_order_id"] == "unclear-1"


def test_an_order_is_cancelled_once(order: Gridbot) -> None:
    order("place", "text-prime", "buy", "3", "1.00", "--yes", "--client-order-id", "cancel-me")
    assert "has taken the cancel" in order("cancel", "cancel-me").out
    assert order("cancel", "cancel-me", "--json").json == {"order_id": "cancel-me", "cancel": "closed already"}
    assert "cancelled" in order("list", "--all").out


def test_an_order_that_is_not_there_is_told(order: Gridbot) -> None:
    for command in ("get", "cancel"):
        result = order(command, "order-9")
        assert (result.status, result.out) == (1, "")
        assert "no order order-9 of this account; `gridbot order list --all`" in result.err


def test_a_cancel_without_an_answer_is_unclear(order: Gridbot, served: Served) -> None:
    order("place", "text-prime", "buy", "3", "1.00", "--yes", "--client-order-id", "muffled")
    order_id = only(order("list", "--json").json)["order_id"]
    served.api.muffled = True
    result = order("cancel", order_id)
    assert result.status == 1
    assert "it is unclear whether the order was cancelled" in result.err
    assert f"gridbot order get {order_id}" in result.err
    result = order("cancel-all", "--yes")
    assert result.status == 1
    assert "it is unclear whether the orders were cancelled" in result.err


def test_all_orders_or_those_of_a_market_are_cancelled_after_a_question(order: Gridbot) -> None:
    for symbol in ("text-prime", "code-max"):
        order("place", symbol, "buy", "1", "1.00", "--yes")
    asked = order("cancel-all")
    assert (asked.status, asked.out) == (1, "")
    assert "open orders on all markets: 2" in asked.err
    assert order("cancel-all", "code-max", "--yes").out.startswith("cancelled on code-max")
    assert only(order("list", "--json").json)["symbol"] == "text-prime"
    assert order("list", "code-max").out == "no open orders; --all lists the closed ones\n"
    assert order("cancel-all", "--yes", "--json").json_out["cancelled"] == 1
    assert order("list", "--json").json == []


def test_auto_mode_is_told_with_its_remedy(order: Gridbot, served: Served) -> None:
    served.sim.account.mode = AccountMode.EASY
    result = order("place", "text-prime", "buy", "3", "1.00", "--yes")
    assert (result.status, result.out) == (1, "")
    assert "Advanced Mode" in result.err
