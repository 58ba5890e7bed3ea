"""Transfers: journal first, sent once, settled by history and balance."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.order import OrderState
from bot.domain.transfer import TransferState
from bot.errors import ExchangeUnavailable, NotSentError
from bot.execution.reconciler import LOOKS_TO_ALARM
from bot.ports import Request, Response
from bot.sim.faults.kinds import PartialTransfer, StaleLists
from bot.sim.ledger import Account
from tests.execution.steps import buy, incidents, look, moves, own_units, plague, stock, wait
from tests.world import Crash, World

T = TransferState
EMPTY = Response(200, {}, b'{"data": [], "paging": {"has_more": false}}')


async def states(world: World) -> list[TransferState]:
    return [move.state for move in await moves(world)]


async def unclear_transfer(world: World, *, applied: bool, units: int = 5) -> None:
    """A transfer that got no answer."""
    world.transport.fail("POST", "transfers", ConnectionError(), applied=applied)
    await world.desk.transfer(stock(world, units), "s")
    assert (await states(world))[0] is T.UNKNOWN


def hide_history(world: World, times: int) -> None:
    """The transfer history lacks everything for so many readings."""
    for _ in range(times):
        world.transport.fail("GET", "transfer-histories", EMPTY, applied=False)


async def test_a_transfer_is_journaled_sent_once_and_completed_by_the_history(world: World) -> None:
    await own_units(world, 5)
    await world.desk.transfer(stock(world), "s")
    assert await states(world) == [T.PENDING]
    await look(world)
    assert await states(world) == [T.COMPLETED]
    assert (await world.exchange.consumption_units())[world.market.instrument_id].available == 5
    assert world.transport.count("POST", "transfers") == 1


@pytest.mark.parametrize("units", [0, -1, 6])
async def test_a_transfer_of_what_trading_does_not_show_is_held_back(world: World, units: int) -> None:
    await own_units(world, 5)
    await world.desk.transfer(stock(world, units), "s")
    assert await states(world) == []
    assert world.transport.count("POST", "transfers") == 0


async def test_a_transfer_is_held_back_while_the_balance_cannot_be_read(world: World) -> None:
    await own_units(world, 5)
    world.transport.fail("GET", "trading-accounts", ExchangeUnavailable("down"), applied=False)
    await world.desk.transfer(stock(world), "s")
    assert await states(world) == []


async def test_a_transfer_that_the_exchange_refuses_is_over(world: World) -> None:
    await own_units(world, 5)
    world.transport.fail("POST", "transfers", Response(403, {}, b"{}"), applied=False)
    await world.desk.transfer(stock(world), "s")
    assert await states(world) == [T.REFUSED]
    assert world.blotter.transfers == ()


async def test_an_unclear_transfer_that_was_made_is_found_in_the_history(world: World) -> None:
    await own_units(world, 10)
    await world.desk.transfer(stock(world), "s")
    await look(world)
    await unclear_transfer(world, applied=True)
    await world.desk.transfer(stock(world), "s")
    assert await states(world) == [T.UNKNOWN, T.COMPLETED]
    await look(world)
    assert await states(world) == [T.COMPLETED, T.COMPLETED]
    assert len({move.transfer_id for move in await moves(world)}) == 2
    assert world.transport.count("POST", "transfers") == 2


async def test_an_unclear_transfer_whose_units_are_still_there_was_never_made(world: World) -> None:
    await own_units(world, 10)
    await unclear_transfer(world, applied=False)
    await look(world, 2)
    assert await states(world) == [T.UNKNOWN]
    await look(world)
    assert await states(world) == [T.NOT_SENT]


async def test_trading_meanwhile_does_not_confuse_the_balance(world: World) -> None:
    await own_units(world, 10)
    wait(world, 60)
    await unclear_transfer(world, applied=False)
    wait(world, 10)
    world.offer(7, "1.00")
    await world.desk.place(buy(world, 7, "1.00"), "s")
    await look(world, 3)
    assert await states(world) == [T.NOT_SENT]


async def test_an_unclear_transfer_whose_units_are_gone_stays_unclear_until_the_history_shows_it(world: World) -> None:
    await own_units(world, 10)
    await unclear_transfer(world, applied=True)
    hide_history(world, 8)
    await look(world, 8)
    assert await states(world) == [T.UNKNOWN]
    await world.desk.transfer(stock(world), "s")
    assert world.transport.count("POST", "transfers") == 1
    await look(world)
    assert await states(world) == [T.COMPLETED]


async def test_units_that_are_gone_for_long_without_a_trace_are_reported_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.execution.reconciler.LOOKS_TO_ALARM", 3)
    await own_units(world, 10)
    await unclear_transfer(world, applied=True)
    hide_history(world, 100)
    await look(world, 6)
    assert await states(world) == [T.UNKNOWN]
    assert await incidents(world) == ["unclear_transfer"]
    assert LOOKS_TO_ALARM > 3


async def test_after_a_restart_the_history_alone_settles_a_transfer_by_twice_as_many_looks(world: World) -> None:
    await own_units(world, 10)
    await unclear_transfer(world, applied=False)
    world.restart()
    await world.reconciler.start()
    await look(world, 3)
    assert await states(world) == [T.UNKNOWN]
    await look(world)
    assert await states(world) == [T.NOT_SENT]


async def test_a_crash_in_a_transfer_is_settled_at_the_next_start(world: World) -> None:
    await own_units(world, 5)
    world.transport.fail("POST", "transfers", Crash(), applied=True)
    with pytest.raises(Crash):
        await world.desk.transfer(stock(world), "s")
    world.restart()
    await world.reconciler.start()
    assert await states(world) == [T.PENDING]


async def test_a_transfer_that_arrives_in_part_says_so(world: World) -> None:
    await own_units(world, 10)
    plague(world, PartialTransfer())
    await world.desk.transfer(stock(world, 10), "s")
    await look(world)
    (move,) = await moves(world)
    assert (move.state, move.reason) == (T.COMPLETED, "5 of 10 units arrived")


async def test_an_unclear_transfer_that_arrived_in_part_is_found_and_not_sent_again(world: World) -> None:
    await own_units(world, 10)
    plague(world, PartialTransfer())
    await unclear_transfer(world, applied=True, units=10)
    await look(world, 5)
    (move,) = await moves(world)
    assert (move.state, move.reason) == (T.COMPLETED, "5 of 10 units arrived")


@pytest.mark.parametrize("seconds", [5, 15])
async def test_a_history_that_is_behind_leads_to_no_second_transfer(world: World, seconds: int) -> None:
    await own_units(world, 10)
    plague(world, StaleLists(seconds=(seconds, seconds)))
    await unclear_transfer(world, applied=True)
    for _ in range(10):
        wait(world, 4)
        await world.reconciler.look()
        await world.desk.transfer(stock(world), "s")
        if (await states(world))[-1] is T.COMPLETED:
            break
    assert (await states(world))[-1] is T.COMPLETED
    assert world.account.units[world.market.instrument_id].available >= 0
    assert await incidents(world) == []


async def judged_not_sent(world: World, *, applied: bool) -> None:
    """A transfer that the bot believes was never sent."""
    world.transport.fail("POST", "transfers", NotSentError("so it seemed"), applied=applied)
    await world.desk.transfer(stock(world), "s")
    assert await states(world) == [T.NOT_SENT]


async def test_a_transfer_judged_never_sent_that_shows_after_all_is_taken_up(world: World) -> None:
    await own_units(world, 10)
    await judged_not_sent(world, applied=True)
    await look(world)
    assert await states(world) == [T.COMPLETED]
    assert await incidents(world) == ["late_transfer"]


async def test_an_audit_finds_a_late_transfer_also_after_a_restart(world: World) -> None:
    await own_units(world, 10)
    await judged_not_sent(world, applied=True)
    wait(world, 3000)
    world.restart()
    hide_history(world, 1)
    await world.reconciler.start()
    assert await states(world) == [T.NOT_SENT]
    assert (await world.reconciler.audit()).transfers
    assert await states(world) == [T.COMPLETED]


async def test_the_same_transfer_goes_out_again_under_the_same_key(world: World) -> None:
    await own_units(world, 10)
    await judged_not_sent(world, applied=True)
    await world.desk.transfer(stock(world), "s")
    await look(world)
    assert await states(world) == [T.COMPLETED]
    keys = {request.headers.get("idempotency-key") for request in world.transport.sent if "transfers/" in request.path}
    assert len(keys) == 1
    assert world.account.units[world.market.instrument_id].available == 5


async def test_a_refusal_of_the_second_try_says_nothing_of_the_first_transfer(world: World) -> None:
    await own_units(world, 10)
    await judged_not_sent(world, applied=False)
    world.transport.fail("POST", "transfers", Response(403, {}, b"{}"), applied=False)
    await world.desk.transfer(stock(world), "s")
    assert await states(world) == [T.NOT_SENT]
    await world.desk.transfer(stock(world), "s")
    assert await states(world) == [T.PENDING, T.NOT_SENT]


async def test_another_transfer_is_not_taken_for_a_late_one(world: World) -> None:
    """Neither while it waits for its answer, nor when that comes during a look."""
    await own_units(world, 10)
    await judged_not_sent(world, applied=False)
    looked: list[bool] = []

    async def look_before_the_answer(request: Request) -> None:
        if request.method == "POST" and not looked:
            looked.append(True)
            await world.reconciler.look()

    world.transport.after = look_before_the_answer
    await world.desk.transfer(stock(world), "t")
    assert await states(world) == [T.PENDING, T.NOT_SENT]
    await look(world)
    assert await states(world) == [T.COMPLETED, T.NOT_SENT]
    assert await incidents(world) == []


async def test_units_that_the_exchange_moves_by_itself_are_accounted_for(world: World) -> None:
    await own_units(world, 10)
    wait(world, 60)
    await unclear_transfer(world, applied=False)
    wait(world, 10)
    sweep(world, world.account, 10)
    await look(world, 3)
    assert await states(world) == [T.NOT_SENT]


async def test_units_that_the_exchange_moves_by_itself_do_not_hide_that_others_are_gone(world: World) -> None:
    await own_units(world, 10)
    wait(world, 60)
    await unclear_transfer(world, applied=True)
    made = world.venue.history(world.account).transfers[0]
    made.created_at += timedelta(days=-1)  # the history never shows it as new
    wait(world, 10)
    sweep(world, world.account, 5 - 1)
    await look(world, 6)
    assert await states(world) == [T.UNKNOWN]


def sweep(world: World, account: Account, units: int) -> None:
    world.venue.advance(world.clock.now())
    world.venue.transfer(account, world.market.instrument_id, units)


async def test_an_order_that_rests_does_not_count_as_gone(world: World) -> None:
    await own_units(world, 10)
    wait(world, 60)
    sell = buy(world, 5, "9.00")
    await world.desk.place(type(sell)(sell.market_id, sell.side.SELL, 5, sell.price), "s")
    await unclear_transfer(world, applied=False)
    await look(world, 3)
    assert await states(world) == [T.NOT_SENT]
    assert [order.state for order in world.blotter.orders] == [OrderState.OPEN]


async def test_a_transfer_that_goes_out_again_is_looked_for_anew(world: World) -> None:
    await own_units(world, 10)
    for _ in range(2):
        await unclear_transfer(world, applied=False)
        await look(world, 2)
        assert await states(world) == [T.UNKNOWN]
        await look(world)
        assert await states(world) == [T.NOT_SENT]
