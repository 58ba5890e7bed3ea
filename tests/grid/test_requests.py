"""What the client sends: paths, bodies, headers and signatures."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import VerifyKey

from bot.domain.order import NewOrder, OrderType, Side, TimeInForce
from bot.errors import InvalidRequest
from bot.grid.trading import TradingClient
from bot.grid.transport import AiohttpTransport
from bot.ports import Request, Response
from tests.grid.scripted import KEY, NOW, FixedClock, ScriptedTransport, answered, client_of, wrapped

ORDER = NewOrder("gb-1", "m1", Side.BUY, 3, Decimal("1.250"))
PLACED = answered({"data": {"order_id": "o1"}}, 201)
MOVED = answered({"transfer_id": "t1", "status": "pending"}, 202)

anything = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(lambda text: text not in (".", ".."))


def verify(method: str, path: str, body: bytes, headers: Any) -> None:
    """Raise unless the signature in the headers covers just this."""
    message = headers["x-thegrid-timestamp"].encode() + method.encode() + path.encode() + body
    VerifyKey(b64decode(KEY.public_key)).verify(message, b64decode(headers["x-thegrid-signature"]))
    assert headers["x-thegrid-fingerprint"] == KEY.fingerprint


def body_of(request: Request) -> Any:
    return json.loads(request.body)


async def placed(order: NewOrder) -> Request:
    client, transport = client_of(PLACED)
    await client.place(order)
    [request] = transport.requests
    return request


async def test_a_limit_order_is_sent_with_a_plain_price_and_an_integer_quantity() -> None:
    request = await placed(ORDER)
    assert (request.method, request.path, request.query) == ("POST", "/v1/trading/orders", ())
    assert body_of(request) == {
        "market_id": "m1",
        "side": "buy",
        "type": "limit",
        "quantity": 3,
        "price": "1.25",
        "time_in_force": "gtc",
        "client_order_id": "gb-1",
    }
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "gb-1"


async def test_a_post_only_order_says_so() -> None:
    order = NewOrder("gb-1", "m1", Side.SELL, 1, Decimal("1E+3"), time_in_force=TimeInForce.DAY, post_only=True)
    body = body_of(await placed(order))
    assert (body["post_only"], body["side"], body["price"], body["time_in_force"]) == (True, "sell", "1000", "day")


@pytest.mark.parametrize(("time_in_force", "sent"), [(TimeInForce.GTC, None), (TimeInForce.FOK, "fok")])
async def test_a_market_order_has_no_price_and_never_rests(time_in_force: TimeInForce, sent: str | None) -> None:
    order = NewOrder("gb-1", "m1", Side.BUY, 3, None, OrderType.MARKET, time_in_force)
    body = body_of(await placed(order))
    assert "price" not in body
    assert (body["type"], body.get("time_in_force")) == ("market", sent)


async def test_a_stop_order_has_a_stop_price_only() -> None:
    order = NewOrder("gb-1", "m1", Side.SELL, 3, None, OrderType.STOP, stop_price=Decimal("0.90"), reduce_only=True)
    assert body_of(await placed(order)) == {
        "market_id": "m1",
        "side": "sell",
        "type": "stop",
        "quantity": 3,
        "stop_price": "0.9",
        "client_order_id": "gb-1",
        "reduce_only": True,
    }


async def test_a_stop_limit_order_has_both_prices_and_rests() -> None:
    order = NewOrder("gb-1", "m1", Side.BUY, 3, Decimal(2), OrderType.STOP_LIMIT, stop_price=Decimal("1.5"))
    body = body_of(await placed(order))
    assert (body["type"], body["price"], body["stop_price"], body["time_in_force"]) == ("stop_limit", "2", "1.5", "gtc")


ONE, TWO = Decimal(1), Decimal(2)
CONTRADICTIONS = [
    (NewOrder("gb-1", "m1", Side.BUY, 1, ONE, stop_price=TWO), "a limit order takes no stop_price, but has 2"),
    (NewOrder("gb-1", "m1", Side.BUY, 1, None, OrderType.MARKET, stop_price=TWO), "takes no stop_price"),
    (NewOrder("gb-1", "m1", Side.BUY, 1, None, OrderType.STOP), "the stop_price of a stop order is a positive"),
    (NewOrder("gb-1", "m1", Side.BUY, 1, ONE, OrderType.STOP, stop_price=TWO), "a stop order takes no price"),
    (NewOrder("gb-1", "m1", Side.BUY, 1, ONE, OrderType.STOP_LIMIT), "the stop_price of a stop-limit order"),
    (NewOrder("gb-1", "m1", Side.BUY, 1, None, OrderType.STOP_LIMIT, stop_price=TWO), "the price of a stop-limit"),
    (NewOrder("gb-1", "m1", Side.BUY, 1, None, OrderType.MARKET, post_only=True), "cannot be post-only"),
    (NewOrder("gb-1", "m1", "hold", 1, ONE), "'hold' is none of buy, sell"),  # type: ignore[arg-type]
    (NewOrder("gb-1", "m1", Side.BUY, 1, ONE, "peg"), "'peg' is none of limit, market"),  # type: ignore[arg-type]
    (NewOrder("gb-1", "m1", Side.BUY, 1, ONE, time_in_force="ever"), "'ever' is none of"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("order", "why"), CONTRADICTIONS)
async def test_an_order_that_contradicts_its_type_is_refused_before_anything_is_sent(order: NewOrder, why: str) -> None:
    client, transport = client_of()
    with pytest.raises(InvalidRequest, match=why):
        await client.place(order)
    assert transport.requests == []


async def test_a_change_names_what_changes_only() -> None:
    client, transport = client_of(PLACED, PLACED)
    await client.replace("o/1", price=Decimal("1.20"))
    await client.replace("o1", quantity=5, stop_price=Decimal(1), time_in_force=TimeInForce.DAY)
    first, second = transport.requests
    assert (first.method, first.path, body_of(first)) == ("PUT", "/v1/trading/orders/o%2F1", {"price": "1.2"})
    assert body_of(second) == {"quantity": 5, "stop_price": "1", "time_in_force": "day"}
    verify(first.method, first.path, first.body, first.headers)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "nothing is to be changed"),
        ({"price": Decimal(0)}, "the price of an order is a positive Decimal"),
        ({"price": 1.5}, "the price of an order is a positive Decimal"),
        ({"stop_price": Decimal(-1)}, "the stop_price of an order"),
        ({"quantity": 0}, "whole number of units"),
        ({"time_in_force": "soon"}, "'soon' is none of"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_before_anything_is_sent(changes: dict[str, Any], why: str) -> None:
    client, transport = client_of()
    with pytest.raises(InvalidRequest, match=why):
        await client.replace("o1", **changes)
    assert transport.requests == []


NOT_QUANTITIES: list[Any] = [0, -1, True, 1.0, Decimal(1), "1", None]
NOT_PRICES: list[Any] = [None, Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("Infinity"), 1.25, 1, "1.25"]


@pytest.mark.parametrize("quantity", NOT_QUANTITIES)
async def test_a_quantity_that_cannot_be_is_refused_before_anything_is_sent(quantity: Any) -> None:
    client, transport = client_of()
    with pytest.raises(InvalidRequest, match="whole number of units"):
        await client.place(NewOrder("gb-1", "m1", Side.BUY, quantity, Decimal(1)))
    with pytest.raises(InvalidRequest, match="whole number of units"):
        await client.transfer_to_consumption("i1", quantity)
    assert transport.requests == []


@pytest.mark.parametrize("price", NOT_PRICES)
async def test_a_price_that_cannot_be_is_refused_before_anything_is_sent(price: Any) -> None:
    client, transport = client_of()
    with pytest.raises(InvalidRequest, match="positive Decimal"):
        await client.place(NewOrder("gb-1", "m1", Side.BUY, 1, price))
    assert transport.requests == []


async def test_orders_that_contradict_themselves_are_refused_before_anything_is_sent() -> None:
    client, transport = client_of()
    with pytest.raises(InvalidRequest, match="takes no price"):
        await client.place(NewOrder("gb-1", "m1", Side.BUY, 1, Decimal(1), OrderType.MARKET))
    with pytest.raises(InvalidRequest, match="client order id"):
        await client.place(NewOrder("", "m1", Side.BUY, 1, Decimal(1)))
    assert transport.requests == []


@pytest.mark.parametrize("order_id", ["", ".", ".."])
async def test_an_id_that_names_nothing_never_becomes_a_cancel_of_everything(order_id: str) -> None:
    client, transport = client_of()
    for call in (
        client.cancel(order_id),
        client.cancel_all(market_id=order_id),
        client.replace(order_id, quantity=1),
        client.order(order_id),
        client.fill(order_id),
        client.ticker(order_id),
        client.book(order_id),
    ):
        with pytest.raises(InvalidRequest, match="cannot be an id"):
            await call
    assert transport.requests == []


async def test_a_transfer_is_sent_with_an_integer_quantity() -> None:
    client, transport = client_of(MOVED, MOVED, MOVED)
    await client.transfer_to_consumption("i1", 3)
    await client.transfer_to_consumption("i1", 3, key="gbt-ü 1")
    [plain, keyed] = transport.requests
    assert plain.body == b'{"instrument_id":"i1","quantity":3}'
    assert "idempotency-key" not in plain.headers
    assert keyed.headers["idempotency-key"] == "gbt-%C3%BC%201"


async def test_a_cancel_is_a_delete_without_a_body() -> None:
    client, transport = client_of(Response(204))
    await client.cancel("o/1")
    [request] = transport.requests
    assert (request.method, request.path, request.body) == ("DELETE", "/v1/trading/orders/o%2F1", b"")
    assert "content-type" not in request.headers
    assert "idempotency-key" not in request.headers


async def test_a_cancel_does_not_care_for_what_is_answered() -> None:
    for answer in (wrapped({"order_id": "o1"}), Response(200, {}, b"done"), answered({"message": "ok"}, 202)):
        client, _ = client_of(answer)
        await client.cancel("o1")


@pytest.mark.parametrize(("base_path", "path"), [("/api/v1/", "/api/v1/trading/orders/o1"), ("", "/trading/orders/o1")])
async def test_paths_begin_with_the_base_path(base_path: str, path: str) -> None:
    client, transport = client_of(Response(204), base_path=base_path)
    await client.cancel("o1")
    assert transport.requests[0].path == path


async def test_closing_the_client_closes_its_transport() -> None:
    client, transport = client_of()
    async with client as entered:
        assert entered is client
        assert not transport.closed
    assert transport.closed


@given(anything, anything, st.integers(1, 10**15), st.decimals("0.000001", 10**9, places=6))
async def test_what_is_signed_is_what_is_sent(one_id: str, other_id: str, quantity: int, price: Decimal) -> None:
    client, transport = client_of(PLACED, MOVED, Response(204), wrapped({"order_id": other_id}), wrapped([]))
    await client.place(NewOrder(one_id, other_id, Side.SELL, quantity, price))
    await client.transfer_to_consumption(one_id, quantity, key=other_id)
    await client.cancel(one_id)
    await client.order(other_id)
    await client.fills(order_id=one_id, market_id=other_id, since=NOW)
    for request in transport.requests:
        verify(request.method, request.path, request.body, request.headers)
        assert request.path.isascii()
        assert all(value.isascii() and value.isprintable() for value in request.headers.values())
    place, move, cancel, order, _fills = transport.requests
    assert (body_of(place)["client_order_id"], body_of(place)["market_id"]) == (one_id, other_id)
    assert (body_of(place)["quantity"], Decimal(body_of(place)["price"])) == (quantity, price)
    assert body_of(move) == {"instrument_id": one_id, "quantity": quantity}
    assert [unquote(request.path.rpartition("/")[2]) for request in (cancel, order)] == [one_id, other_id]


@given(anything, st.sampled_from(["x", "ü✓"]), st.integers(0, 50_000))
@settings(max_examples=25)
async def test_what_is_signed_is_what_a_real_server_sees(one_id: str, letter: str, length: int) -> None:
    seen: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        path = request.raw_path.partition("?")[0]
        verify(request.method, path, await request.read(), request.headers)
        seen.append(f"{request.method} {unquote(path)}")
        return web.json_response({"data": {"order_id": "o1", "transfer_id": "t1"}})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    transport = AiohttpTransport(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    try:
        async with TradingClient(transport, KEY, FixedClock(), base_path=transport.base_path) as client:
            await client.place(NewOrder(one_id, letter * length, Side.BUY, 1, Decimal(1)))
            await client.order(one_id)
            await client.cancel(one_id)
            await client.transfer_to_consumption(one_id, 1, key=one_id)
    finally:
        await runner.cleanup()
    assert seen == [
        "POST /v1/trading/orders",
        f"GET /v1/trading/orders/{one_id}",
        f"DELETE /v1/trading/orders/{one_id}",
        "POST /v1/transfers/trading-to-consumption",
    ]


SINCE = datetime(2026, 3, 1, 11, 0, 0, 250_000, UTC)
SPELLINGS = {
    "plain": [("market_id", "m1"), ("order_id", "o1")],
    "filters": [
        ("filters[0][field]", "market_id"),
        ("filters[0][value]", "m1"),
        ("filters[1][field]", "order_id"),
        ("filters[1][value]", "o1"),
    ],
    "flop": [
        ("flop[filters][0][field]", "market_id"),
        ("flop[filters][0][value]", "m1"),
        ("flop[filters][1][field]", "order_id"),
        ("flop[filters][1][value]", "o1"),
    ],
}


@pytest.mark.parametrize(("spelling", "filters"), SPELLINGS.items())
async def test_filters_are_spelled_as_configured(spelling: str, filters: list[tuple[str, str]]) -> None:
    client, transport = client_of(wrapped([]), filters=spelling)
    await client.fills(market_id="m1", order_id="o1", since=SINCE)
    assert list(transport.requests[0].query) == [
        ("limit", "100"),
        ("order_direction", "asc"),
        *filters,
        ("start_datetime", "2026-03-01T10:59:59.250000Z"),
    ]


async def test_a_span_is_asked_for_in_utc() -> None:
    client, transport = client_of(wrapped([]))
    await client.transfers(since=SINCE.astimezone(tz=None) + timedelta(seconds=1))
    assert transport.requests[0].query[-1] == ("start_datetime", "2026-03-01T11:00:00.250000Z")


def test_a_layout_or_spelling_that_does_not_exist_is_refused() -> None:
    wrong: list[dict[str, Any]] = [{"layout": "long"}, {"filters": "fancy"}]
    for options in wrong:
        with pytest.raises(ValueError, match="is not a valid"):
            TradingClient(ScriptedTransport([]), KEY, FixedClock(), **options)
