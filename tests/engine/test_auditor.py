"""Audits: what must always hold is checked, late news alarm nobody, and what is gone unexplained does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.intents import Place
from bot.domain.money import micros_of
from bot.domain.order import Side
from bot.engine.auditor import TIMES_SEEN, Auditor, Violation
from bot.ports import Request, Response
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


async def test_units_that_were_issued_and_moved_to_trading_are_explained(world: World) -> None:
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)
    await world.exchange.issue_supply(world.market.instrument_id, 20)
    await world.exchange.transfer_issued(world.market.instrument_id, 15)
    await minutes_later(world, auditor, 2 * TIMES_SEEN)
    assert world.account.units[world.market.instrument_id].available == 15
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


async def test_with_warnings_alone_what_is_gone_is_told_and_taken_into_the_books(world: World) -> None:
    auditor = Auditor(world.exchange, world.store, world.clock, [world.market], halt_on_drift=False)
    await minutes_later(world, auditor, 2)
    world.account.cash.available -= micros_of(Decimal("12.50"))
    await minutes_later(world, auditor, 2 * TIMES_SEEN)
    assert [incident.detail for incident in await world.store.recent_incidents(10)] == ["-12.50 USD"]


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


async def missed(world: World) -> Auditor:
    """An order fills, and only the auditor looks."""
    auditor = an_auditor(world)
    await world.desk.place(Place(world.market.market_id, Side.BUY, 5, Decimal("2.00")), "probe")
    world.offer(5, "2.00")
    await auditor.audit()  # it is young: the next look will store it
    return auditor


async def test_a_trade_of_ours_that_is_missing_in_the_journal_is_a_violation_and_told_once(world: World) -> None:
    auditor = await missed(world)
    await minutes_later(world, auditor)
    with pytest.raises(Violation, match="is not in the journal"):
        await minutes_later(world, auditor)
    await minutes_later(world, auditor, 3)


async def test_a_trade_that_shows_between_the_look_and_the_audit_alarms_nobody(world: World) -> None:
    auditor = await missed(world)
    await minutes_later(world, auditor)
    await world.reconciler.audit()
    await minutes_later(world, auditor, 3)


async def leak(world: World, auditor: Auditor, usd: Sequence[str]) -> None:
    for amount in usd:
        world.account.cash.available -= micros_of(Decimal(amount))
        await minutes_later(world, auditor)


async def test_a_leak_is_a_violation_though_it_is_another_sum_every_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.auditor.TIMES_CHANGING", 4)
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)
    await leak(world, auditor, ["0.50"] * 3)
    with pytest.raises(Violation, match=r"-0\.50 USD"):
        await leak(world, auditor, ["0.50"])


async def test_sums_that_come_and_go_alarm_nobody_and_the_books_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.auditor.TIMES_CHANGING", 4)
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)
    await leak(world, auditor, ["1", "-2", "3", "-4"])
    await minutes_later(world, auditor, TIMES_SEEN)
    assert await world.store.recent_incidents(10) == []


async def test_a_market_that_is_new_since_the_start_is_learnt(world: World) -> None:
    auditor = Auditor(world.exchange, world.store, world.clock, [])
    await minutes_later(world, auditor, 2)
    await buy(world)
    await minutes_later(world, auditor, TIMES_SEEN)
    assert await world.store.recent_incidents(10) == []


async def test_a_trade_on_a_market_that_the_exchange_does_not_list_puts_the_audit_off(world: World) -> None:
    auditor = Auditor(world.exchange, world.store, world.clock, [])
    await minutes_later(world, auditor, 2)
    await buy(world)
    world.transport.fail("GET", "markets", Response(200, {}, b'{"data": []}'), applied=False)
    await minutes_later(world, auditor, TIMES_SEEN)
    assert await world.store.recent_incidents(10) == []


async def test_an_account_that_always_trades_costs_no_long_lists_and_its_books_begin_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.auditor.TOO_OLD", timedelta(minutes=18))
    auditor = an_auditor(world)
    await minutes_later(world, auditor, 2)

    async def trade(request: Request) -> None:
        if "currency-trading-accounts" in request.path:
            world.bid(1, "2.00")
            market = world.venue.market_by_symbol("text-prime")
            world.venue.place(world.account, market, Side.SELL, 1, micros_of(Decimal("2.00")))

    world.account.units[world.market.instrument_id].available += 1000
    world.transport.before = trade
    sent = len(world.transport.sent)
    await minutes_later(world, auditor, 4)
    assert len(world.transport.sent) - sent == 4 * 6
    world.transport.before = None
    await minutes_later(world, auditor, TIMES_SEEN)
    assert await world.store.recent_incidents(10) == []
