"""The kill switch, over a simulated exchange that another thread serves and a database of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.cli import takedown
from bot.clock import SystemClock
from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Order, OrderState, Side
from bot.domain.transfer import Transfer
from bot.errors import StoreError
from bot.ports import BalanceSnapshot, Run
from bot.storage import StoreLease, this_process
from bot.storage.store import SqlStore, open_store
from tests.cli.conftest import Gridbot, Result, Served

URL = "sqlite:///gridbot.db"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOWHERE = ("--set", "exchange.base_url=http://127.0.0.1:9/v1", "--set", "exchange.read_attempts=1")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takedown, "PAUSE", 0.05)


def in_store(work: Callable[[SqlStore], Awaitable[Any]], *, create: bool = False) -> Any:
    async def run() -> Any:
        store = await open_store(URL, create=create)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def latch() -> Latch | None:
    found: Latch | None = in_store(lambda store: store.latch())
    return found


@pytest.fixture
def database(gridbot: Gridbot) -> None:
    """An empty database in the working folder of the command line."""
    in_store(lambda store: store.begin_run(Run("run-1", "run", NOW)), create=True)


@pytest.fixture
def desk(gridbot: Gridbot, served: Served, database: None) -> Iterator[Gridbot]:
    """`desk("halt", ...)`, at the served exchange, with a database; no order is left open."""
    yield lambda *arguments: gridbot(*served.options, *arguments)
    served.api.muffled = False
    gridbot(*served.options, "order", "cancel-all", "--yes")


def place(desk: Gridbot, side: str, price: str) -> str:
    placed = desk("order", "place", "text-prime", side, "3", price, "--yes", "--json").json_out
    return str(placed["order_id"])


def resting(desk: Gridbot) -> list[str]:
    return [order["order_id"] for order in desk("order", "list", "--json").json]


def journaled(number: int, order_id: str | None = None, side: Side = Side.BUY) -> Order:
    return Order(f"gb-{number}", "stock", "mkt-7", side, 10, Decimal(2), NOW, NOW, OrderState.OPEN, order_id)


def test_halt_latches_with_its_reason_and_cancels_all_that_rests(desk: Gridbot) -> None:
    place(desk, "buy", "1.00")
    place(desk, "sell", "9.00")
    result = desk("halt", "prices look wrong")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == ["trading is halted: prices look wrong", "the exchange lists no open order"]
    assert resting(desk) == []
    put = latch()
    assert put is not None
    assert (put.state, put.reason) == (TradingState.HALTED, "prices look wrong")
    assert "@" in put.by
    assert abs(put.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_reduce_takes_bids_off_and_leaves_asks(desk: Gridbot) -> None:
    place(desk, "buy", "1.00")
    ask = place(desk, "sell", "9.00")
    result = desk("halt", "selling out", "--reduce")
    assert result.status == 0
    assert "trading is reducing: selling out" in result.out
    assert "the exchange lists no open bid; 1 had to be cancelled one by one" in result.out
    assert resting(desk) == [ask]


def test_only_the_orders_in_the_journal_are_cancelled_on_demand(desk: Gridbot) -> None:
    ours, foreign = place(desk, "buy", "1.00"), place(desk, "buy", "1.01")
    in_store(lambda store: store.add_order(journaled(1, ours)))
    result = desk("halt", "mine only", "--orders", "own")
    assert result.status == 0
    assert "the exchange lists no open order of the bot" in result.out
    assert resting(desk) == [foreign]


def test_orders_are_kept_on_demand(desk: Gridbot) -> None:
    bid = place(desk, "buy", "1.00")
    assert desk("halt", "wait", "--orders", "keep").out.splitlines()[1] == "open orders are left as they are"
    assert resting(desk) == [bid]


@pytest.mark.parametrize(
    ("arguments", "told"), [((), "it is done one by one"), (("--reduce",), "could not be cancelled; trying again")]
)
def test_an_answer_that_is_lost_does_not_hold_it_up(
    desk: Gridbot, served: Served, arguments: tuple[str, ...], told: str
) -> None:
    place(desk, "buy", "1.00")
    served.api.muffled = True
    result = desk("halt", "now", *arguments)
    assert result.status == 0
    assert told in result.err
    served.api.muffled = False
    assert resting(desk) == []


def test_halting_twice_keeps_the_first_reason_and_cancels_again(desk: Gridbot) -> None:
    desk("halt", "first")
    place(desk, "buy", "1.00")
    again = desk("halt", "second")
    assert again.status == 0
    assert again.out.splitlines()[0].startswith("trading is halted already, by ")
    assert again.out.splitlines()[0].endswith(": first")
    assert resting(desk) == []
    put = latch()
    assert put is not None
    assert put.reason == "first"


def test_halting_is_never_weakened_by_reducing_but_reducing_may_become_a_halt(desk: Gridbot) -> None:
    desk("halt", "softly", "--reduce")
    assert "trading is halted: hard" in desk("halt", "hard").out
    line = desk("halt", "softly again", "--reduce").out.splitlines()[0]
    assert line.endswith(": hard, and stays so; `gridbot resume` takes that back")
    put = latch()
    assert put is not None
    assert put.state is TradingState.HALTED


def test_resume_lets_it_go_on_and_says_what_was(desk: Gridbot) -> None:
    desk("halt", "lunch", "--orders", "keep")
    line = desk("resume", "back again").out
    assert line.startswith("trading is active again; it was halted, since 2")
    assert line.endswith(" UTC: lunch\n")
    put = latch()
    assert put is not None
    assert (put.state, put.reason) == (TradingState.ACTIVE, "back again")
    assert desk("resume", "once more").out == "trading is active already; nothing was changed\n"


def test_resuming_what_was_never_halted_changes_nothing(desk: Gridbot) -> None:
    assert desk("resume", "why not").out == "trading is active already; nothing was changed\n"
    assert latch() is None


@pytest.mark.parametrize("command", ["halt", "resume"])
@pytest.mark.parametrize("reason", [(), ("",), ("  ",)])
def test_a_reason_must_be_given(desk: Gridbot, command: str, reason: tuple[str, ...]) -> None:
    result = desk(command, *reason)
    assert (result.status, result.out) == (2, "")
    assert latch() is None


def test_an_exchange_that_cannot_be_reached_is_told_loudly_and_the_latch_stays(
    gridbot: Gridbot, served: Served, database: None
) -> None:
    result = gridbot(*served.options, *NOWHERE, "halt", "now")
    assert result.status == 1
    assert "ORDERS MAY BE OPEN: " in result.err
    assert "a bot that runs and can reach the exchange cancels its own orders by itself" in result.err
    put = latch()
    assert put is not None
    assert put.state is TradingState.HALTED


def test_without_a_key_nothing_can_be_cancelled(gridbot: Gridbot, database: None) -> None:
    result = gridbot("halt", "now")
    assert result.status == 1
    assert "ORDERS MAY BE OPEN: " in result.err
    assert "trading is halted: now" in result.out


def test_orders_that_will_not_go_are_told(desk: Gridbot, monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    place(desk, "buy", "1.00")
    monkeypatch.setattr(takedown, "WITHIN", 1.0)
    desk_of_venue = served.sim.venue
    monkeypatch.setattr(desk_of_venue, "cancel_all", lambda *_, **__: 0)
    monkeypatch.setattr(desk_of_venue, "cancel", lambda *_, **__: None)
    result = desk("halt", "now")
    assert result.status == 1
    assert "ORDERS MAY BE OPEN: after 1 s it is not certain that there is no open order left" in result.err
    monkeypatch.undo()


def test_without_a_database_orders_are_cancelled_all_the_same(gridbot: Gridbot, served: Served) -> None:
    desk: Gridbot = lambda *arguments: gridbot(*served.options, *arguments)  # noqa: E731
    place(desk, "buy", "1.00")
    result = desk("halt", "now")
    assert result.status == 1
    assert "NOT HALTED: a bot that runs goes on trading" in result.err
    assert result.out == "the exchange lists no open order\n"
    assert resting(desk) == []
    assert not Path("gridbot.db").exists()


def test_a_database_that_refuses_the_latch_does_not_keep_orders_from_being_cancelled(
    desk: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StoreError("disk full")

    place(desk, "buy", "1.00")
    monkeypatch.setattr(SqlStore, "set_latch", refuse)
    result = desk("halt", "now")
    assert result.status == 1
    assert "NOT HALTED: a bot that runs goes on trading, for this could not be stored: disk full" in result.err
    assert result.out == "the exchange lists no open order\n"
    assert resting(desk) == []


def test_without_a_database_nobody_knows_which_are_its_own(gridbot: Gridbot, served: Served) -> None:
    result = gridbot(*served.options, "halt", "now", "--orders", "own")
    assert result.status == 1
    assert "nobody knows which orders are the bot's" in result.err


@pytest.fixture
def paper(gridbot: Gridbot) -> Gridbot:
    """The command line beside a database of `gridbot paper`, with a key of the real exchange, too."""
    in_store(lambda store: store.begin_run(Run("run-1", "paper", NOW)), create=True)
    return lambda *arguments: gridbot(*NOWHERE, *arguments)


def test_a_bot_on_paper_cancels_by_itself_and_no_other_exchange_is_asked(paper: Gridbot) -> None:
    result = paper("halt", "now")
    assert result.status == 0
    assert "its exchange is inside its own process" in result.err
    assert result.out.splitlines() == ["trading is halted: now", "the bot's journal has no live order"]


def test_orders_that_stay_live_in_the_journal_of_a_bot_on_paper_are_told(paper: Gridbot) -> None:
    in_store(lambda store: store.add_order(journaled(1, side=Side.SELL)))
    assert paper("halt", "softly", "--reduce").out.endswith("the bot's journal has no live bid\n")
    quick = ("--set", "engine.stream_poll_seconds=0.1", "--set", "exchange.timeout_seconds=0.1")
    result = paper(*quick, "halt", "now")
    assert result.status == 1
    assert "ORDERS MAY BE OPEN: orders that are still live in the journal after 0.2 s: 1" in result.err


async def fill(store: SqlStore) -> None:
    await store.add_order(journaled(1, "venue-1"))
    await store.add_transfer(Transfer("gbt-1", "stock", "ins-7", 5, NOW, NOW))
    await store.save_balances([BalanceSnapshot(NOW, "cash", "USD", Decimal(100), Decimal(80), Decimal(20))])
    await store.add_incident(Incident(NOW, "late_order", "gb-9 rests after all"))
    await store.set_latch(Latch(TradingState.REDUCING, "slowly", "ann@desk", NOW))


def test_status_tells_everything_on_one_page(gridbot: Gridbot, database: None) -> None:
    in_store(fill)
    lines = [" ".join(line.split()) for line in gridbot("status").out.splitlines()]
    for line in (
        "trading reducing",
        "reason slowly",
        "by ann@desk",
        "since (UTC) 2026-01-05 12:00:00",
        "last run run, ended early",
        "live orders",
        "2026-01-05 12:00:00 mkt-7 buy 10 0 2.00 open stock",
        "open transfers",
        "2026-01-05 12:00:00 ins-7 5 submitting stock gbt-1",
        "2026-01-05 12:00:00 cash USD 100.00 80.00 20.00",
        "2026-01-05 12:00:00 late_order gb-9 rests after all",
    ):
        assert line in lines


def test_status_tells_a_bot_that_runs_from_one_that_was_killed(gridbot: Gridbot, database: None) -> None:
    async def hold(store: SqlStore) -> None:
        await StoreLease(store, SystemClock(), holder=this_process(), seconds=15).acquire()

    in_store(hold)
    assert f"running as process {os.getpid()} on " in gridbot("status").out


def test_status_is_one_document_for_programs(gridbot: Gridbot, database: None) -> None:
    in_store(fill)
    in_store(lambda store: store.end_run("run-1", NOW))
    told = gridbot("status", "--json").json
    assert {name: told[name] for name in ("state", "reason", "by", "since")} == {
        "state": "reducing",
        "reason": "slowly",
        "by": "ann@desk",
        "since": "2026-01-05T12:00:00Z",
    }
    assert told["last_run"]["ended_at"] == "2026-01-05T12:00:00Z"
    assert [order["client_order_id"] for order in told["live_orders"]] == ["gb-1"]
    assert [len(told[name]) for name in ("open_transfers", "balances", "incidents")] == [1, 1, 1]


def test_status_of_a_new_database_is_active_and_empty(gridbot: Gridbot) -> None:
    in_store(lambda store: store.latch(), create=True)
    assert gridbot("status").out.split("\n")[0] == "trading   active"
    assert gridbot("status", "--json").json["last_run"] is None
    assert "no live orders" in gridbot("status").out


def test_status_without_a_database_says_how_to_get_one(gridbot: Gridbot) -> None:
    result: Result = gridbot("status")
    assert (result.status, result.out) == (1, "")


def test_a_user_without_a_name_can_halt_as_well(desk: Gridbot, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise OSError("no such user")

    monkeypatch.setattr("getpass.getuser", nameless)
    desk("halt", "now", "--orders", "keep")
    put = latch()
    assert put is not None
    assert put.by.startswith("somebody@")
