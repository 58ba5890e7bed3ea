"""Orders on the account that the journal does not know by their ids: ours after all, or somebody else's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import structlog

from bot.domain.order import Order, OrderState, TimeInForce, VenueOrder
from bot.errors import NotFound
from bot.ports import Clock, Exchange

log = structlog.stdlib.get_logger("reconciler")

REMEMBERED = 10_000
"""How many orders that are not ours are remembered as such; and how many that the exchange did not show."""

LOOKUPS = 10
"""How often looks ask for an order that the exchange tells a trade of, and does not show; audits ask for ever."""


class Strangers:
    """Tells orders of others from late ones of ours, asking for each as seldom as it can.

    Args:
        exchange: shows orders by their ids.
        clock: stamps orders that are taken up.
        adopt: the strategy instance for which orders of others are taken up; None: they are left alone.
    """

    def __init__(self, exchange: Exchange, clock: Clock, adopt: str | None) -> None:
        self._exchange = exchange
        self._clock = clock
        self._adopt = adopt
        self._foreign: dict[str, None] = {}
        self._asked: dict[str, int] = {}
        self._told: frozenset[str] = frozenset()

    def is_foreign(self, order_id: str) -> bool:
        """Whether the order is known to be somebody else's."""
        return order_id in self._foreign

    def leave_alone(self, order_id: str) -> None:
        """Remember that the order is somebody else's."""
        self._foreign[order_id] = None
        _forget_oldest(self._foreign)

    async def look_up(self, order_ids: Collection[str], *, deep: bool) -> list[VenueOrder]:
        """Those of the orders that the exchange shows; one that it did not show often is asked for by audits only."""
        found = []
        for order_id in order_ids:
            if self._asked.get(order_id, 0) >= LOOKUPS and not deep:
                continue
            try:
                found.append(await self._exchange.order(order_id))
            except NotFound:
                log.warning("the exchange tells a trade of an order that it does not show", order=order_id)
                self._asked[order_id] = self._asked.get(order_id, 0) + 1
                _forget_oldest(self._asked)
            else:
                self._asked.pop(order_id, None)
        return found

    def taken_up(self, shown: Sequence[VenueOrder]) -> list[Order]:
        """Those of other people's open orders that are to be ours from now on; the others are told of, once.

        The client order id is made from the exchange's id, so that taking an order up again gives the same one.
        """
        adopted = [order for one in shown if (order := self._as_ours(one)) is not None]
        ours = {order.order_id for order in adopted}
        for order_id in ours:
            self._foreign.pop(order_id or "", None)
        left = frozenset(one.order_id for one in shown if one.order_id not in ours)
        if left != self._told:
            log.info("orders that are not ours are left alone", orders=len(left))
            self._told = left
        return adopted

    def _as_ours(self, shown: VenueOrder) -> Order | None:
        """The order as the journal is to keep it; None when it is to be left alone, or the journal cannot hold it."""
        if self._adopt is None or shown.market_id is None or shown.side is None:
            return None
        if not shown.quantity or not shown.price:
            return None
        now = self._clock.now()
        return Order(
            client_order_id=f"gbf-{shown.order_id}",
            strategy=self._adopt,
            market_id=shown.market_id,
            side=shown.side,
            quantity=shown.quantity,
            price=shown.price,
            created_at=shown.created_at or now,
            updated_at=now,
            state=OrderState.OPEN,
            order_id=shown.order_id,
            time_in_force=_time_in_force(shown.time_in_force),
        )


def _forget_oldest(remembered: dict[str, Any]) -> None:
    if len(remembered) > REMEMBERED:
        del remembered[next(iter(remembered))]


def _time_in_force(word: str | None) -> TimeInForce:
    try:
        return TimeInForce((word or "").lower())
    except ValueError:
        return TimeInForce.GTC
