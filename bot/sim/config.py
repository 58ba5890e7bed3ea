"""The rules that a simulated exchange runs by."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from bot.domain.money import micros_of
from bot.sim.limits import DOCUMENTED_LIMITS, RateLimits

SYMBOLS = (
    "text-standard",
    "text-prime",
    "text-max",
    "code-standard",
    "code-prime",
    "code-max",
    "agent-standard",
    "agent-prime",
    "agent-max",
)
"""The instruments that the exchange lists; each has one market."""

DOCUMENTED_SWEEP_HOURS = (0, 4, 8, 12, 16, 20)
"""The UTC hours at which the exchange has announced to sweep Trading units into Consumption."""


class SelfTrade(StrEnum):
    """Which of two orders of one account is cancelled before they would trade with each other."""

    CANCEL_INCOMING = "cancel_incoming"
    CANCEL_RESTING = "cancel_resting"


@dataclass(frozen=True, slots=True)
class VenueConfig:
    """The rules that a simulated exchange runs by.

    Attributes:
        symbols: instruments; each has one market.
        tick: the smallest price step, USD per unit; a whole number of micro-dollars.
        min_size: the smallest order, units.
        max_size: the largest order, units.
        max_price: the highest price that an order may name, USD per unit.
        self_trade: which order is cancelled when an account's own would meet.
        auto_transfer: whether, in new accounts, bought units leave for Consumption as soon as they fill.
        lot_hours: hours from the arrival of units in Consumption to their expiry; None: they never expire.
        sweep_hours: UTC hours at which all Trading units of user accounts leave for Consumption.
        transfer_seconds: how long a transfer to Consumption stays pending.
        timestamp_tolerance_seconds: how far a request's time stamp may be from the exchange's clock.
        rate_limits: how many requests a key may send; None: any number.
        speed: how many times as fast as the clock the exchange's own time passes.
        cancel_status: status of a cancel: 204 without a body, or 200 with the order.
        closed_cancel_status: status of a cancel of an order that is closed: 500, as the live exchange has it, or 409.
        direct_inference: whether inference is served at the exchange's own address, instead of by redirect.
    """

    symbols: tuple[str, ...] = SYMBOLS
    tick: Decimal = Decimal("0.01")
    min_size: int = 1
    max_size: int = 100_000
    max_price: Decimal = Decimal(1_000_000)
    self_trade: SelfTrade = SelfTrade.CANCEL_INCOMING
    auto_transfer: bool = False
    lot_hours: int | None = 4
    sweep_hours: tuple[int, ...] = ()
    transfer_seconds: float = 2.0
    timestamp_tolerance_seconds: int = 30
    rate_limits: RateLimits | None = DOCUMENTED_LIMITS
    speed: float = 1.0
    cancel_status: Literal[200, 204] = 204
    closed_cancel_status: Literal[409, 500] = 500
    direct_inference: bool = False

    @property
    def tick_micros(self) -> int:
        """The tick in micro-dollars."""
        return micros_of(self.tick)

    @property
    def clock_limits(self) -> RateLimits | None:
        """How many requests a key may send in a minute by the clock: as many as in the exchange's minutes in it."""
        return self.rate_limits and self.rate_limits.times(self.speed)

    @property
    def max_price_micros(self) -> int:
        """The highest price in micro-dollars."""
        return micros_of(self.max_price)
