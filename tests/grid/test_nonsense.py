"""Whatever the exchange answers is understood or a bad answer; nothing else is ever raised."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.order import NewOrder, Side
from bot.errors import BadAnswer, OutcomeUnknown
from bot.ports import Response
from tests.grid.scripted import client_of

FIELDS = [
    "associated_instruments",
    "available_balance",
    "buy",
    "created_at",
    "currency",
    "data",
    "has_more",
    "instrument_id",
    "market_id",
    "meta",
    "order_id",
    "paging",
    "price",
    "quantity",
    "sell",
    "side",
    "timestamp",
    "total_pages",
    "transfer_id",
]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
scalars |= st.sampled_from(
    ["1", "1e9", "1e999999999", "NaN", "sNaN", "-0", "buy", "2026-03-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=20,
)
bodies = st.binary(max_size=60) | st.fixed_dictionaries({"data": values}).map(json.dumps).map(str.encode)
bodies |= values.map(json.dumps).map(str.encode)


@given(bodies)
async def test_reads_understand_an_answer_or_say_that_it_is_bad(body: bytes) -> None:
    client, _ = client_of(*[Response(200, {}, body)] * 9)
    for read in (
        client.markets(),
        client.ticker("m1"),
        client.book("m1"),
        client.order("o1"),
        client.orders(),
        client.fills(),
        client.cash(),
        client.trading_units(),
        client.consumption_units(),
    ):
        with suppress(BadAnswer):
            await read


@given(bodies)
async def test_writes_understand_an_answer_or_say_that_the_outcome_is_unknown(body: bytes) -> None:
    client, _ = client_of(*[Response(200, {}, body)] * 3)
    for write in (
        client.place(NewOrder("gb-1", "m1", Side.BUY, 1, Decimal(1))),
        client.transfer_to_consumption("i1", 1),
        client.cancel("o1"),
    ):
        with suppress(OutcomeUnknown):
            await write


async def test_endless_nesting_is_a_bad_answer() -> None:
    client, _ = client_of(Response(200, {}, b'{"novelty":' + b"[" * 100_000))
    with pytest.raises(BadAnswer):
        await client.ticker("m1")
