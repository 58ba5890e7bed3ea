"""Whatever the exchange answers is understood or a bad answer; nothing else is ever raised."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadAnswer, ExchangeError, OutcomeUnknown
from bot.ports import Response
from tests.grid.calls import CALLS, Call
from tests.grid.scripted import client_of, wrapped

TEXT = [
    "account_id",
    "currency",
    "instrument_id",
    "issuance_id",
    "market_id",
    "name",
    "order_id",
    "status",
    "symbol",
    "trade_id",
    "transfer_id",
    "user_id",
]
NUMBERS = [
    "available_balance",
    "close",
    "count",
    "high",
    "locked_balance",
    "low",
    "open",
    "price",
    "quantity",
    "volume",
]
MOMENTS = ["created_at", "execution_timestamp", "period_start", "server_time", "submitted_at", "timestamp"]
ROW: dict[str, Any] = (
    dict.fromkeys(TEXT, "x")
    | dict.fromkeys(NUMBERS, "1")
    | dict.fromkeys(MOMENTS, "2026-03-01T12:00:00Z")
    | {
        "associated_instruments": ["i1"],
        "buy": [["1", "2"]],
        "by_market": [{"market_id": "m1", "count": 1}],
        "cancelled": 1,
        "checks": [{"name": "clock"}],
        "order_rate_limits": {"max_orders_per_minute": 50},
        "response_headers": {"limit": "x-ratelimit-limit"},
        "sell": [{"price": "1", "quantity": "2"}],
        "side": "buy",
        "summary": "fine",
    }
)
"""A row that can be anything that the exchange tells."""

FIELDS = [*ROW, "data", "has_more", "meta", "next_cursor", "paging", "total_count", "total_pages"]

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


@given(st.sampled_from(CALLS), bodies)
@settings(max_examples=500)
async def test_answers_are_understood_or_bad_and_after_a_write_the_outcome_is_unknown(call: Call, body: bytes) -> None:
    client, _ = client_of(*[Response(200, {}, body)] * 9)
    with suppress(BadAnswer if call.route.method == "GET" else OutcomeUnknown):
        await call.make(client)


@given(st.sampled_from(CALLS), st.integers(300, 599).filter(lambda status: status != 429), bodies)
@settings(max_examples=500)
async def test_refusals_are_errors_of_ours_whatever_they_say(call: Call, status: int, body: bytes) -> None:
    client, _ = client_of(*[Response(status, {}, body)] * 9)
    with pytest.raises(ExchangeError):
        await call.make(client)


changed = st.dictionaries(st.sampled_from(sorted(ROW)), values, max_size=3).map(lambda change: ROW | change)


@given(st.sampled_from(CALLS), changed, st.dictionaries(st.sampled_from(["paging", "meta"]), values), st.booleans())
@settings(max_examples=400)
async def test_rows_of_which_little_makes_no_sense_are_understood_or_bad_answers(
    call: Call, row: dict[str, Any], about: dict[str, Any], listed: bool
) -> None:
    client, _ = client_of(*[wrapped([row, row] if listed else row, **about)] * 9)
    with suppress(BadAnswer, OutcomeUnknown):
        await call.make(client)


async def test_a_row_that_makes_sense_is_understood_by_every_call() -> None:
    for call in CALLS:
        answers = [wrapped(ROW), wrapped([ROW])]
        outcomes = []
        for answer in answers:
            client, _ = client_of(*[answer] * 9)
            try:
                await call.make(client)
            except (BadAnswer, OutcomeUnknown) as error:
                outcomes.append(str(error))
        assert len(outcomes) < 2, f"{call}: {outcomes}"


async def test_endless_nesting_is_a_bad_answer() -> None:
    client, _ = client_of(Response(200, {}, b'{"novelty":' + b"[" * 100_000))
    with pytest.raises(BadAnswer):
        await client.ticker("m1")
