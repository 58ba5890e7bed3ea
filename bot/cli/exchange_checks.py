"""Checks of the exchange and of our account there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.cli.checks import Check, fail, ok, skip, warn
from bot.domain.fill import Fill
from bot.domain.order import Side
from bot.errors import NotFound, RequestRefused
from bot.ports import Clock

if TYPE_CHECKING:
    from bot.grid.results import TransferRecord
    from bot.grid.trading import TradingClient
    from bot.settings import ExchangeSettings, LimitSettings

CLOCK_WARN_SECONDS = 2.0
"""From here on a clock is worth setting; an answer's `Date` tells it no better than to a second."""

CLOCK_FAIL_SECONDS = 25.0
"""The exchange refuses what is 30 s off."""

AT_ONCE = timedelta(seconds=30)
"""A transfer that follows a buy so soon was made by whatever saw the buy."""

RECENT = timedelta(hours=6)
"""How far back fills and transfers are looked at."""


async def network(client: TradingClient, time: Clock) -> Check:
    """Whether the exchange answers, and how fast."""
    began = time.now()
    try:
        health = await client.health()
    except NotFound:
        return warn(
            "network",
            "the exchange answers, but does not tell its health",
            "Check all of exchange.base_url: that of The Grid ends in /v1.",
        )
    except RequestRefused as error:
        return warn("network", f"the exchange answers, but not how it is: {error.detail}")
    latency = f"{(time.now() - began) / timedelta(milliseconds=1):.0f} ms"
    ailing = [f"{one.name}: {one.status} {one.detail or ''}".strip() for one in health.checks if one.status != "ok"]
    if health.status != "ok":
        reason = f"the exchange answers in {latency} and says that it is {health.status}"
        return warn("network", "\n".join([reason, *ailing]), "Wait, or see the exchange's status page.")
    return ok("network", f"the exchange answers in {latency} and is well")


def clock(offset_seconds: float) -> Check:
    """Whether this machine's clock is right, by the exchange's; an offset of exactly 0 means that it was not told."""
    if not offset_seconds:
        return skip("clock", "the exchange does not tell its time")
    how_far = f"the exchange's clock is {abs(offset_seconds):.1f} s {'ahead' if offset_seconds > 0 else 'behind'}"
    remedy = "Set this machine's clock; let NTP keep it."
    if abs(offset_seconds) > CLOCK_FAIL_SECONDS:
        return fail("clock", f"{how_far}; what is 30 s off is refused", remedy)
    if abs(offset_seconds) > CLOCK_WARN_SECONDS:
        return warn("clock", how_far, remedy)
    return ok("clock", f"within {CLOCK_WARN_SECONDS:g} s of the exchange's")


async def account_mode(client: TradingClient) -> Check:
    """Whether the account may place orders of its own."""
    name = "account mode"
    mode = (await client.me()).account_mode
    match mode:
        case None:
            return skip(name, "the exchange does not tell it", "See in its dashboard that it is Advanced Mode.")
        case "advanced":
            return ok(name, "Advanced Mode")
        case "easy":
            remedy = "Switch to Advanced Mode in the exchange's dashboard."
            return fail(name, "Auto Mode, in which the exchange takes no orders of one's own", remedy)
    return warn(name, f"{mode!r}, which this gridbot does not know", "See the exchange's dashboard.")


async def auto_transfer(client: TradingClient, now: datetime) -> Check:
    """What can be told of whether bought units move to Consumption by themselves."""
    fills = await client.fills(since=now - RECENT)
    transfers = await client.transfer_history(since=now - RECENT)
    return auto_transfer_of(fills, transfers)


def auto_transfer_of(fills: Sequence[Fill], transfers: Sequence[TransferRecord]) -> Check:
    """Likewise, by what was bought and moved of late: no route tells the setting, so this never says that it is so."""
    name, remedy = "auto-transfer", "The exchange's dashboard shows the setting."
    bought = [fill for fill in fills if fill.side is Side.BUY]
    if not bought:
        return skip(name, "cannot be read, and nothing was bought of late to tell it by", remedy)
    last = max(bought, key=lambda fill: fill.executed_at)
    if any(_followed(last, transfer) for transfer in transfers):
        reason = "cannot be read; as many units as were bought last moved to Consumption at once, so it may be on"
        return warn(name, reason, f"{remedy} A bot that resells what it buys needs it off.")
    return skip(name, "cannot be read; the units that were bought last did not move by themselves", remedy)


def _followed(fill: Fill, transfer: TransferRecord) -> bool:
    at = transfer.created_at or transfer.transferred_at
    return (
        at is not None
        and timedelta(0) <= at - fill.executed_at <= AT_ONCE
        and transfer.quantity == fill.quantity
        and transfer.to_account_type == "consumption"
    )


async def limits(client: TradingClient, ours: LimitSettings) -> Check:
    """Whether we mean to send more orders than the exchange takes."""
    told = await client.limits()
    theirs = [
        limit.max_orders_per_minute for limit in told.order_rate_limits if limit.max_orders_per_minute is not None
    ]
    if not theirs:
        return skip("limits", "the exchange tells no limit of orders a minute")
    if ours.orders_per_minute > min(theirs):
        reason = f"limits.orders_per_minute is {ours.orders_per_minute}; the exchange takes {min(theirs)}"
        return warn("limits", reason, f"Set limits.orders_per_minute to {min(theirs)}.")
    return ok("limits", f"{ours.orders_per_minute} orders a minute; the exchange takes {min(theirs)}")


async def stream(exchange: ExchangeSettings) -> Check:
    """Whether the stream can be opened."""
    from bot.grid.stream import AiohttpDialer

    if exchange.stream == "off":
        return skip("stream", "switched off (exchange.stream)")
    dialer = AiohttpDialer(exchange.stream_url, exchange.base_url, exchange.timeout_seconds)
    try:
        socket = await dialer.connect()
    except NotFound:
        return warn("stream", "the exchange serves none here; orders are polled instead", "Check exchange.stream_url.")
    except (ConnectionError, TimeoutError) as error:
        return warn("stream", f"it cannot be opened ({error}); orders are polled meanwhile", "Check the network.")
    await socket.close()
    return ok("stream", "it can be opened")
