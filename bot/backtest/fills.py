"""How orders meet candles."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.money import ZERO, plain
from bot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class FillRules:
    """What is assumed of the market that made the candles.

    An order that is decided on when candle i has closed can fill from candle i+1 on, like this:

    - One that would trade at the open (a buy at or above the ask then, a sell at or below the bid) fills there: a new
      one takes, and an older one was gapped through and fills at the better price.
    - A new `post_only` order that would trade at the open is refused.
    - Any other buy fills at its price when the low is at its price or below, and a sell when the high is at its price
      or above; with `through`, that many ticks beyond its price.
    - Older orders come first where volume is short.

    Attributes:
        fee: share of what is traded, of every fill; an order's fees add up to the nearest micro-dollar.
        spread: ticks from bid to ask. Half of them, rounded down, lie below a candle's prices.
        through: ticks by which the market has to trade beyond an order's price to fill it there. 0: touching it is
            enough, as if it stood first in the queue.
        volume_share: the most that our orders fill of a candle's volume, as a share of it; None: no limit.
        requote: whether a quote that needs cancels first has its new orders at once. Live, and so by default, they
            come at the next hook, when it is certain what the old ones filled.
    """

    fee: Decimal = ZERO
    spread: int = 0
    through: int = 0
    volume_share: Decimal | None = None
    requote: bool = False

    def __post_init__(self) -> None:
        """Raises `ConfigError` for what no market does."""
        if not 0 <= self.fee < 1:
            raise ConfigError(f"fee: must be a share from 0 to less than 1, not {plain(self.fee)}")
        if self.spread < 0 or self.through < 0:
            raise ConfigError(f"spread and through: must be 0 ticks or more, not {min(self.spread, self.through)}")
        if self.volume_share is not None and not 0 < self.volume_share <= 1:
            raise ConfigError(f"volume_share: must be above 0 and at most 1, not {plain(self.volume_share)}")


DEFAULT_RULES = FillRules()


class FillModel:
    """The rules on one market, in micro-dollars.

    Attributes:
        bid_below: how far the bid is below a candle's price.
        ask_above: how far the ask is above it.
    """

    __slots__ = ("_through", "_tick", "ask_above", "bid_below")

    def __init__(self, rules: FillRules, tick: int) -> None:
        self._tick = tick
        self._through = rules.through * tick
        self.bid_below = rules.spread // 2 * tick
        self.ask_above = rules.spread * tick - self.bid_below

    def bid(self, price: int) -> int:
        """The best bid while the market trades at a price; never less than a tick."""
        return max(self._tick, price - self.bid_below)

    def ask(self, price: int) -> int:
        """The best ask while the market trades at a price."""
        return price + self.ask_above

    def up(self, price: int, times: tuple[int, int]) -> int:
        """A price times a fraction, rounded up to the tick."""
        above, below = times
        return -(-price * above // (below * self._tick)) * self._tick

    def down(self, price: int, times: tuple[int, int]) -> int:
        """A price times a fraction, rounded down to the tick; never less than a tick."""
        above, below = times
        return max(self._tick, price * above // (below * self._tick) * self._tick)

    def takes(self, limit: int, open_: int, *, is_buy: bool) -> bool:
        """Whether an order would trade at the open."""
        return limit >= self.ask(open_) if is_buy else limit <= self.bid(open_)

    def buys_at(self, limit: int, open_: int, low: int) -> int | None:
        """The price at which a buy fills in a candle; None when it does not."""
        ask = open_ + self.ask_above
        if limit >= ask:
            return ask
        return limit if low <= limit - self._through else None

    def sells_at(self, limit: int, open_: int, high: int) -> int | None:
        """The price at which a sell fills in a candle; None when it does not."""
        bid = self.bid(open_)
        if limit <= bid:
            return bid
        return limit if high >= limit + self._through else None
