"""Orders and fills that are told of later than they happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.sim.faults.chance import Dice
from bot.sim.faults.kinds import LateFills, LateOrders
from bot.sim.market import SimMarket
from bot.sim.orders import SimFill, SimOrder, SimTrade


class LateRows:
    """Listens to the exchange, and draws which orders and fills of its users are late, and until when."""

    def __init__(
        self, orders: Sequence[Dice[LateOrders]], fills: Sequence[Dice[LateFills]], injected: Counter[str]
    ) -> None:
        self._orders = orders
        self._fills = fills
        self._injected = injected
        self._until: dict[tuple[str, str], datetime] = {}

    @property
    def are_planned(self) -> bool:
        """Whether anything may ever be late."""
        return bool(self._orders or self._fills)

    def hides_order(self, order: SimOrder, now: datetime) -> bool:
        """Whether an order is not told of yet."""
        return self._is_late((order.order_id, ""), now)

    def hides_fill(self, fill: SimFill, now: datetime) -> bool:
        """Whether a fill is not told of yet."""
        return self._is_late((fill.order.order_id, fill.trade.trade_id), now)

    def placed(self, order: SimOrder) -> None:
        """Draw whether a new order is late."""
        self._draw(self._orders, order, "", order.created_at)

    def changed(self, order: SimOrder) -> None:
        """Nothing: a change is never late."""

    def traded(self, trade: SimTrade, maker: SimOrder, taker: SimOrder) -> None:
        """Draw, for both sides, whether a fill is late."""
        for order in (maker, taker):
            self._draw(self._fills, order, trade.trade_id, trade.executed_at)

    def quoted(self, market: SimMarket) -> None:
        """Nothing: prices are never late."""

    def _draw(
        self, dice: Sequence[Dice[LateOrders]] | Sequence[Dice[LateFills]], order: SimOrder, trade_id: str, at: datetime
    ) -> None:
        if order.account.house:
            return
        struck = [one for one in dice if one.strikes(at)]
        for one in struck[:1]:
            self._until[order.order_id, trade_id] = at + timedelta(seconds=one.seconds(one.fault.seconds))
            self._injected[one.fault.kind] += 1

    def _is_late(self, row: tuple[str, str], now: datetime) -> bool:
        until = self._until.get(row)
        if until is not None and until <= now:
            del self._until[row]
        return until is not None and now < until
