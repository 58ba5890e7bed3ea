"""Audits: what must always hold is checked, late news alarm nobody, and what is gone unexplained does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.intents import Place
from bot.domain.money import micros_of
from bot.domain.order import Side
from bot.engine.auditor import TIMES_SEEN, Auditor, Violation
from tests.world import World


def an_auditor(world: World) -> Auditor:
    return Auditor(world.exchange, world.store, world.clock, [world.market])


async def buy(world: World, units: int = 10) -> None:
    world.offer(units, "2.00")
    await world.desk.place(Place(world.market.market_id, Side.BUY, units, Decimal("2.00")), "probe")
    await world.reconciler.look()


async def minutes_later(world: World, auditor: Auditor, times: int = 1) -> None:
    for _ in range(times):
        world.clock.move(300)  # type: ignore[attr-defined]
        world.venue.advance(world.clock.now())
        await auditor.audit()


async def test_trades_sales_and_transfers_of_anybody_on_the_account_are_explained(world: World) -> None:
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)
    await buy(world)
    await world.exchange.transfer_to_consumption(world.market.instrument_id, 4)
    await minutes_later(world, auditor)
    world.bid(3, "1.50")
    world.venue.place(world.account, world.venue.market_by_symbol("text-prime"), Side.SELL, 3, micros_of(Decimal(1)))
    await minutes_later(world, auditor, TIMES_SEEN)
    assert await world.store.recent_incidents(10) == []


async def test_money_that_is_gone_without_a_trade_is_a_violation(world: World) -> None:
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)
    world.account.cash.available -= micros_of(Decimal("12.50"))
    await minutes_later(world, auditor, TIMES_SEEN - 1)
    with pytest.raises(Violation, match=r"-12\.50 USD.*gridbot resume"):
        await minutes_later(world, auditor)
    assert [incident.kind for incident in await world.store.recent_incidents(10)] == ["drift"]
    await minutes_later(world, auditor, TIMES_SEEN)  # it is told once: from then on the books begin anew


async def test_a_deposit_is_taken_into_the_books(world: World) -> None:
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)
    world.account.cash.available += micros_of(Decimal(100))
    await minutes_later(world, auditor, 2 * TIMES_SEEN)
    assert [incident.detail for incident in await world.store.recent_incidents(10)] == ["+100.00 USD"]


async def test_a_difference_that_goes_away_by_itself_alarms_nobody(world: World) -> None:
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)
    for _ in range(3):
        world.account.cash.available -= 5
        await minutes_later(world, auditor, TIMES_SEEN - 1)
        world.account.cash.available += 5
        await minutes_later(world, auditor)
    assert await world.store.recent_incidents(10) == []


async def test_the_first_statement_is_not_trusted_before_a_second_agrees(world: World) -> None:
    auditor = an_auditor(world)
    await auditor.audit()
    world.account.cash.available -= 5
    await minutes_later(world, auditor, 2 * TIMES_SEEN)
    assert await world.store.recent_incidents(10) == []


async def test_a_trade_of_ours_that_is_missing_in_the_journal_is_a_violation(world: World) -> None:
    auditor = an_auditor(world)
    await world.desk.place(Place(world.market.market_id, Side.BUY, 5, Decimal("2.00")), "probe")
    world.offer(5, "2.00")
    await auditor.audit()  # it is young: the next look will store it
    with pytest.raises(Violation, match="is not in the journal"):
        await minutes_later(world, auditor)
