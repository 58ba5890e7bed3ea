"""What each strategy instance holds by its own doing, and what it traded last."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable

from bot.domain.fill import Fill
from bot.domain.market import Market
from bot.domain.order import Order, Side
from bot.domain.transfer import Transfer
from bot.domain.transitions import Filled, OrderEvent

NEWEST_FILLS = 50
"""How many fills of an instance are kept for each market."""


class InstanceBooks:
    """Units and fills by strategy instance, kept up with every order and transfer event.

    An instance holds what it bought, and what it issued and has in Trading, less what it sold and what it asked to be
    moved to Consumption. What the exchange moves by itself, or somebody by hand, is nobody's doing here.
    """

    def __init__(self, markets: Iterable[Market]) -> None:
        self._market_of = {market.instrument_id: market.market_id for market in markets}
        self._traded: Counter[tuple[str, str]] = Counter()
        self._moved: Counter[tuple[str, str]] = Counter()
        self._counted: dict[str, int] = {}
        self._fills: defaultdict[tuple[str, str], deque[Fill]] = defaultdict(lambda: deque(maxlen=NEWEST_FILLS))

    def load(
        self,
        traded: Iterable[tuple[str, str, int]],
        moved: Iterable[tuple[str, str, int]],
        open_transfers: Iterable[Transfer],
        fills: Iterable[tuple[str, Fill]],
    ) -> None:
        """Begin with what is stored.

        Args:
            traded: units bought less units sold, by instance and market id.
            moved: units moved to Consumption, or on their way, less issued ones that were moved to Trading, by instance
                and instrument id.
            open_transfers: those of them that are on their way to Consumption.
            fills: the newest fills, each after the name of its instance, oldest first.
        """
        self._traded = Counter({(strategy, market_id): units for strategy, market_id, units in traded})
        self._moved = Counter({(strategy, instrument_id): units for strategy, instrument_id, units in moved})
        self._counted = {transfer.key: transfer.quantity for transfer in open_transfers}
        self._fills.clear()
        for strategy, fill in fills:
            self._fills[strategy, fill.market_id].append(fill)

    def hear(self, order: Order, event: OrderEvent) -> None:
        """Take in an order event; the blotter's listener."""
        if isinstance(event, Filled):
            fill = event.fill
            key = (order.strategy, order.market_id)
            self._traded[key] += fill.quantity if order.side is Side.BUY else -fill.quantity
            self._fills[key].append(fill)

    def hear_transfer(self, transfer: Transfer) -> None:
        """Take in a transfer as it is now; the blotter's listener."""
        taken = transfer.taken
        self._moved[transfer.strategy, transfer.instrument_id] += taken - self._counted.get(transfer.key, 0)
        if transfer.state.is_open:
            self._counted[transfer.key] = taken
        else:
            self._counted.pop(transfer.key, None)

    def holdings(self) -> dict[tuple[str, str], int]:
        """Units that instances hold by their own doing, by instance and market id, as they are now."""
        held = Counter(self._traded)
        for (strategy, instrument_id), units in self._moved.items():
            held[strategy, self._market_of.get(instrument_id, "")] -= units
        return dict(held)

    def fills(self, strategy: str, market_id: str) -> tuple[Fill, ...]:
        """An instance's newest fills on a market, oldest first."""
        return tuple(self._fills.get((strategy, market_id), ()))
