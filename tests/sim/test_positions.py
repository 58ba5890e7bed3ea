"""What the units that an account has bought have cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.order import Side
from bot.sim.positions import Position
from bot.sim.venue import Venue
from tests.sim.client import START, Client


def bought(venue: Venue, client: Client, quantity: int, price: str, symbol: str = "text-prime") -> None:
    dealt(venue, client, Side.BUY, quantity, price, symbol)


def sold(venue: Venue, client: Client, quantity: int, price: str) -> None:
    dealt(venue, client, Side.SELL, quantity, price, "text-prime")


def dealt(venue: Venue, client: Client, side: Side, quantity: int, price: str, symbol: str) -> None:
    """Let the client trade against a house account."""
    venue.advance(client.now)
    name = f"house {len(venue.accounts)}"
    house = venue.add_account(name, cash=Decimal(10**6), units={symbol: 1000}, house=True)
    market, micros = venue.market_by_symbol(symbol), int(Decimal(price) * 1_000_000)
    venue.place(house, market, Side.SELL if side is Side.BUY else Side.BUY, quantity, micros)
    venue.place(client.account, market, side, quantity, micros)


def positions(client: Client, *query: tuple[str, str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get("/v1/trading/positions", *query, ("order_direction", "asc")).data
    assert rows == client.get("/v1/positions", *query, ("order_direction", "asc")).data
    return rows


def test_nobody_has_a_position_by_units_that_were_given(alice: Client) -> None:
    assert positions(alice) == []


def test_a_position_is_told_whole(venue: Venue, alice: Client) -> None:
    bought(venue, alice, 2, "1.00")
    alice.later(hours=1)
    bought(venue, alice, 1, "3.00")
    assert positions(alice) == [
        {
            "instrument_id": venue.market_by_symbol("text-prime").instrument_id,
            "status": "open",
            "quantity": 3,
            "average_cost": "1.666667",
            "total_cost": "5.00",
            "current_market_value": "9.00",
            "last_trade_price": "3.00",
            "opened_at": "2026-07-01T00:30:00Z",
            "closed_at": None,
        }
    ]


def test_a_sell_leaves_the_average_cost_as_it_is(venue: Venue, alice: Client) -> None:
    bought(venue, alice, 4, "1.00")
    bought(venue, alice, 4, "2.00")
    sold(venue, alice, 6, "5.00")
    [row] = positions(alice)
    assert (row["quantity"], row["average_cost"], row["total_cost"]) == (2, "1.50", "3.00")
    assert row["current_market_value"] == "10.00"


def test_a_position_closes_and_opens_anew(venue: Venue, alice: Client) -> None:
    bought(venue, alice, 4, "1.00")
    alice.later(hours=1)
    sold(venue, alice, 50, "2.00")
    [row] = positions(alice)
    assert (row["status"], row["quantity"], row["average_cost"], row["total_cost"]) == ("closed", 0, None, "0.00")
    assert (row["opened_at"], row["closed_at"]) == ("2026-07-01T00:30:00Z", "2026-07-01T01:30:00Z")
    alice.later(hours=1)
    sold(venue, alice, 3, "2.00")
    assert positions(alice) == [row]
    bought(venue, alice, 1, "3.00")
    [row] = positions(alice)
    assert (row["status"], row["average_cost"], row["opened_at"]) == ("open", "3.00", "2026-07-01T02:30:00Z")


def test_what_moves_to_consumption_leaves_the_position(venue: Venue, alice: Client) -> None:
    instrument_id = venue.market_by_symbol("text-prime").instrument_id
    bought(venue, alice, 4, "1.00")
    alice.post("/v1/transfers/trading-to-consumption", {"instrument_id": instrument_id, "quantity": 3})
    assert positions(alice)[0]["quantity"] == 1
    alice.later(minutes=1)
    alice.post("/v1/transfers/consumption-to-trading", {"instrument_id": instrument_id, "quantity": 3})
    alice.later(minutes=1)
    assert positions(alice)[0]["quantity"] == 1


def test_auto_transferred_units_were_a_position_for_a_moment(venue: Venue, alice: Client) -> None:
    alice.account.auto_transfer = True
    bought(venue, alice, 4, "1.00")
    [row] = positions(alice)
    assert (row["status"], row["opened_at"], row["closed_at"]) == ("closed", *["2026-07-01T00:30:00Z"] * 2)


@pytest.mark.parametrize(("field", "value"), [("instrument_id", None), ("status", "open")])
def test_positions_can_be_filtered_and_paged(venue: Venue, alice: Client, field: str, value: str | None) -> None:
    bought(venue, alice, 1, "1.00")
    sold(venue, alice, 1, "1.00")
    bought(venue, alice, 2, "1.00", "code-max")
    wanted = value or venue.market_by_symbol("code-max").instrument_id
    assert [row["quantity"] for row in positions(alice, (field, wanted))] == [2]
    assert len(positions(alice)) == 2
    assert len(positions(alice, ("limit", "1"))) == 1


moves = st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.integers(1, 10**7)), min_size=1, max_size=30)


@given(moves=moves)
def test_a_position_never_costs_less_than_nothing_nor_anything_when_it_is_empty(
    moves: list[tuple[bool, int, int]],
) -> None:
    at = START
    position = Position("instrument-1", at)
    position.buy(1, 1, at)
    for is_buy, quantity, price in moves:
        at = at + timedelta(seconds=1)
        before = position.quantity, position.cost
        if is_buy:
            position.buy(quantity, price, at)
            assert position.cost - (before[1] if before[0] else 0) == quantity * price
        else:
            position.reduce(quantity, at)
            assert position.quantity == max(before[0] - quantity, 0)
            assert 0 <= before[1] * position.quantity - position.cost * before[0] <= before[0]
        assert (position.quantity == 0) == (position.closed_at is not None) == (position.cost == 0)
