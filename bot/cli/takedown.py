"""Taking open orders off the book, and seeing that they are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.cli.output import caution
from bot.domain.order import Side
from bot.errors import ExchangeError, GridbotError, OrderAlreadyClosed

if TYPE_CHECKING:
    from bot.domain.order import VenueOrder
    from bot.grid.trading import TradingClient
    from bot.ports import Clock, Store
    from bot.settings import Settings

WITHIN = 60.0
"""The most that it may take, seconds."""

LOOKS = 2
"""In how many looks the exchange must list none, one after the other: an order that was just being sent shows late."""

PAUSE = 1.0
"""Seconds between two looks."""


async def take_down(settings: Settings, journal: Store | None, clock: Clock, *, bids_only: bool) -> str:
    """Cancel until the exchange lists no open order, and say so.

    Args:
        settings: the exchange's.
        journal: whose orders to cancel: the bot's that has this journal, or everybody's without one.
        clock: paces the looks.
        bids_only: leave asks alone.

    Raises:
        GridbotError: it cannot be done, or it cannot be seen whether it is.
    """
    from bot.grid.trading import TradingClient

    what = f"open {'bid' if bids_only else 'order'}{' of the bot' if journal else ''}"
    try:
        async with asyncio.timeout(WITHIN), TradingClient.from_settings(settings) as client:
            if journal is None and not bids_only:
                await _at_once(client)
            count = await _one_by_one(client, journal, clock, bids_only=bids_only)
    except TimeoutError:
        raise GridbotError(f"after {WITHIN:g} s it is not certain that there is no {what} left") from None
    return f"the exchange lists no {what}" + (f"; {count} had to be cancelled one by one" if count else "")


async def wait_for_the_bot(store: Store, clock: Clock, *, bids_only: bool, within: float) -> str:
    """Wait until no order is live in the journal, and say so; for a bot whose exchange nobody else can reach.

    Raises:
        GridbotError: some are after so many seconds.
    """
    for _ in range(max(1, round(within / PAUSE))):
        live = [order for order in await store.live_orders() if not bids_only or order.side is Side.BUY]
        if not live:
            return f"the bot's journal has no live {'bid' if bids_only else 'order'}"
        await clock.sleep(PAUSE)
    raise GridbotError(
        f"orders that are still live in the journal after {within:g} s: {len(live)}. If the bot does not run, nothing "
        "trades either, and it cancels them at its next start"
    )


async def _at_once(client: TradingClient) -> None:
    try:
        await client.cancel_all()
    except ExchangeError as error:
        caution(f"cancelling all at once did not work, so that it is done one by one: {error}")


async def _one_by_one(client: TradingClient, journal: Store | None, clock: Clock, *, bids_only: bool) -> int:
    """Cancel what is listed until nothing is; how many orders that were."""
    cancelled: set[str] = set()
    looks = 0
    while True:
        listed = await client.orders(open_only=True)
        resting = [order for order in listed if not bids_only or order.side is not Side.SELL]
        if journal is not None:
            resting = await _own(journal, resting)
        looks = 0 if resting else looks + 1
        if looks == LOOKS:
            return len(cancelled)
        for order in resting:
            cancelled.add(order.order_id)
            await _cancel(client, order.order_id)
        await clock.sleep(PAUSE)


async def _own(journal: Store, orders: list[VenueOrder]) -> list[VenueOrder]:
    by_order_id = await journal.orders_by_order_id([order.order_id for order in orders])
    by_client_id = await journal.orders_by_client_id([o.client_order_id for o in orders if o.client_order_id])
    return [order for order in orders if order.order_id in by_order_id or order.client_order_id in by_client_id]


async def _cancel(client: TradingClient, order_id: str) -> None:
    try:
        await client.cancel(order_id)
    except OrderAlreadyClosed:
        return
    except ExchangeError as error:
        caution(f"order {order_id} could not be cancelled; trying again: {error}")
