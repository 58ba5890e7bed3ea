"""The two layouts of routes, and finding out which one the exchange has."""

from __future__ import annotations

import pytest

from bot.errors import ExchangeUnavailable, InvalidRequest, NotFound, OutcomeUnknown
from bot.grid.routes import UnderTrading
from bot.ports import Response
from tests.grid.calls import CALLS, NEW_ORDER, Call
from tests.grid.scripted import answered, client_of, wrapped

MISSING = answered({"errors": {"detail": "Not Found"}}, 404)
ORDER = wrapped({"order_id": "o1"})


@pytest.mark.parametrize(("layout", "other"), [("documented", "short"), ("short", "documented")])
@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.route.under_trading is UnderTrading.IN_ONE_LAYOUT], ids=str
)
async def test_a_route_is_looked_for_in_the_configured_layout_and_then_in_the_other(
    call: Call, layout: str, other: str
) -> None:
    prefix = {"documented": "/v1/trading", "short": "/v1"}
    client, transport = client_of(MISSING, Response(502), layout=layout)
    with pytest.raises((ExchangeUnavailable, OutcomeUnknown)):
        await call.make(client)
    assert transport.paths == [f"{call.route.method} {prefix[one]}/{call.path}" for one in (layout, other)]


@pytest.mark.parametrize("layout", ["documented", "short"])
@pytest.mark.parametrize("call", [call for call in CALLS if call.route.under_trading is UnderTrading.NEVER], ids=str)
async def test_transfers_are_never_under_trading(call: Call, layout: str) -> None:
    client, transport = client_of(MISSING, layout=layout)
    with pytest.raises(NotFound):
        await call.make(client)
    assert transport.paths == [f"POST /v1/{call.path}"]


@pytest.mark.parametrize("layout", ["documented", "short"])
@pytest.mark.parametrize("call", [call for call in CALLS if call.route.under_trading is UnderTrading.FORMERLY], ids=str)
async def test_instruments_are_under_trading_only_where_they_are_nowhere_else(call: Call, layout: str) -> None:
    client, transport = client_of(MISSING, Response(502), MISSING, MISSING, layout=layout)
    with pytest.raises(ExchangeUnavailable):
        await call.make(client)
    assert transport.paths == [f"GET /v1/{call.path}", f"GET /v1/trading/{call.path}"]


async def test_where_instruments_are_says_nothing_of_other_routes() -> None:
    client, transport = client_of(wrapped([]), wrapped([]))
    await client.instruments()
    await client.markets()
    assert transport.paths == ["GET /v1/instruments", "GET /v1/trading/markets"]


FORMERLY = {"candles": "price_histories"} | dict.fromkeys(
    ("transfers", "transfers_to_trading", "transfer_history"), "transfers/histories"
)


@pytest.mark.parametrize("call", [call for call in CALLS if call.route.older], ids=str)
async def test_a_route_that_was_renamed_is_looked_for_by_its_former_name_and_that_is_remembered(call: Call) -> None:
    client, transport = client_of(MISSING, MISSING, MISSING, wrapped([]), wrapped([]))
    await call.make(client)
    await call.make(client)
    former = FORMERLY[call.method]
    assert transport.paths == [
        f"GET /v1/trading/{call.path}",
        f"GET /v1/{call.path}",
        f"GET /v1/trading/{former}",
        f"GET /v1/{former}",
        f"GET /v1/{former}",
    ]


async def test_the_layout_that_worked_is_remembered() -> None:
    client, transport = client_of(MISSING, ORDER, ORDER, MISSING)
    await client.order("o1")
    await client.order("o1")
    with pytest.raises(NotFound):
        await client.order("gone")
    assert transport.paths == [
        "GET /v1/trading/orders/o1",
        "GET /v1/orders/o1",
        "GET /v1/orders/o1",
        "GET /v1/orders/gone",
    ]


async def test_what_is_missing_in_a_layout_that_works_is_not_looked_for_in_the_other() -> None:
    client, transport = client_of(ORDER, MISSING)
    await client.order("o1")
    with pytest.raises(NotFound, match="GET /v1/trading/orders/gone 404: Not Found"):
        await client.order("gone")
    assert len(transport.requests) == 2


async def test_the_other_layout_is_tried_once_and_the_first_refusal_told() -> None:
    client, transport = client_of(MISSING, answered({"message": "no such route"}, 404), MISSING)
    with pytest.raises(NotFound, match="GET /v1/trading/orders/a 404: Not Found"):
        await client.order("a")
    with pytest.raises(NotFound):
        await client.order("b")
    assert transport.paths == ["GET /v1/trading/orders/a", "GET /v1/orders/a", "GET /v1/trading/orders/b"]


async def test_a_layout_that_works_for_one_route_is_tried_first_for_others() -> None:
    client, transport = client_of(MISSING, MISSING, MISSING, wrapped([]), ORDER, MISSING, wrapped([]))
    with pytest.raises(NotFound):
        await client.order("a")
    await client.markets()
    await client.order("b")
    await client.fills()
    assert transport.paths[2:] == [
        "GET /v1/trading/markets",
        "GET /v1/markets",
        "GET /v1/orders/b",
        "GET /v1/trades",
        "GET /v1/trading/trades",
    ]


async def test_a_list_that_is_nowhere_is_looked_for_everywhere_the_next_time() -> None:
    client, transport = client_of(*[MISSING] * 5, wrapped([]))
    with pytest.raises(NotFound):
        await client.transfers()
    await client.transfers()
    assert transport.paths[4:] == ["GET /v1/trading/transfer-histories", "GET /v1/transfer-histories"]


async def test_a_fault_while_trying_the_other_layout_does_not_end_the_search() -> None:
    client, transport = client_of(MISSING, Response(503), MISSING, ORDER)
    with pytest.raises(ExchangeUnavailable):
        await client.order("a")
    await client.order("a")
    assert [path.removesuffix("/orders/a") for path in transport.paths] == ["GET /v1/trading", "GET /v1"] * 2


@pytest.mark.parametrize("status", [400, 422])
async def test_a_write_that_is_refused_is_not_tried_in_the_other_layout(status: int) -> None:
    client, transport = client_of(Response(status))
    with pytest.raises(InvalidRequest):
        await client.place(NEW_ORDER)
    assert len(transport.requests) == 1


async def test_a_write_goes_to_the_other_layout_only_after_a_404_and_unchanged() -> None:
    client, transport = client_of(MISSING, ORDER)
    await client.place(NEW_ORDER)
    first, second = transport.requests
    assert (first.path, second.path) == ("/v1/trading/orders", "/v1/orders")
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.headers["x-thegrid-signature"] != second.headers["x-thegrid-signature"]


async def test_a_404_hints_at_a_base_url_that_may_lack_its_version() -> None:
    client, _ = client_of(MISSING, MISSING, base_path="")
    with pytest.raises(NotFound, match=r"exchange\.base_url: it does not end in /v1"):
        await client.markets()


async def test_a_base_url_at_which_a_route_was_found_is_not_to_blame() -> None:
    client, _ = client_of(answered({"data": []}), MISSING, MISSING, base_path="/proxy")
    await client.markets()
    with pytest.raises(NotFound) as failed:
        await client.order("gone")
    assert "base_url" not in str(failed.value)
