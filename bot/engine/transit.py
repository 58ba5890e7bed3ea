"""Units that have left Trading, and of which the exchange does not show yet where they went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.account import Units
from bot.domain.market import Market
from bot.domain.order import Order, Side
from bot.domain.transfer import Transfer, VenueTransfer
from bot.domain.transitions import Filled, OrderEvent

BELIEVED_AFTER = timedelta(seconds=30)
"""How long units may be missing in Trading before it is believed that they are gone."""


class Transit:
    """Finds units that would otherwise show nowhere for a while, and be bought again.

    Where the exchange moves bought units on by itself, or sweeps, they leave Trading at once, and the transfer that has
    them may show later. So Trading is compared with what it was when all added up last: more what we have bought since,
    less what we have sold, and what transfers have taken. What there is less is under way, until it shows or is too
    long gone.
    """

    def __init__(self, markets: Iterable[Market]) -> None:
        self._traded = {market.market_id: market.instrument_id for market in markets}
        self._units: Mapping[str, int] | None = None
        self._moved: Mapping[str, tuple[str, int]] = {}
        self._heard: Counter[str] = Counter()
        self._keys: dict[str, str] = {}
        self._missing_since: datetime | None = None

    def hear(self, order: Order, event: OrderEvent) -> None:
        """Take in an order event; the blotter's listener."""
        instrument_id = self._traded.get(order.market_id)
        if isinstance(event, Filled) and instrument_id is not None:
            self._heard[instrument_id] += event.fill.quantity if order.side is Side.BUY else -event.fill.quantity

    def missing(
        self, at: datetime, trading: Mapping[str, Units], ours: Iterable[Transfer], shown: Iterable[VenueTransfer]
    ) -> dict[str, int]:
        """Units that show nowhere, by instrument id.

        Args:
            at: now, UTC.
            trading: what Trading shows.
            ours: our transfers that are under way.
            shown: the newest transfers that the exchange shows.
        """
        units = {name: one.total for name, one in trading.items()}
        moved = self._moved_by(list(ours), list(shown))
        drift = self._drift(units, moved)
        if not any(drift.values()):
            self._begin_anew(units, moved)
            return {}
        if self._missing_since is None:
            self._missing_since = at
        elif at - self._missing_since > BELIEVED_AFTER:
            self._begin_anew(units, moved)
            return {}
        return {name: -amount for name, amount in drift.items() if amount < 0}

    def _moved_by(self, ours: list[Transfer], shown: list[VenueTransfer]) -> dict[str, tuple[str, int]]:
        """What each transfer has taken from Trading; ours keep their keys when the exchange's ids become known."""
        keys = self._keys | {one.transfer_id: one.key for one in ours if one.transfer_id}
        moved = {one.key: (one.instrument_id, one.quantity) for one in ours}
        for one in shown:
            taken = 0 if one.status == "failed" else one.quantity or 0
            moved[keys.get(one.transfer_id, one.transfer_id)] = (one.instrument_id or "", taken)
        self._keys = {transfer_id: key for transfer_id, key in keys.items() if key in moved}
        return moved

    def _drift(self, units: Mapping[str, int], moved: Mapping[str, tuple[str, int]]) -> Counter[str]:
        drift: Counter[str] = Counter()
        if self._units is None:
            return drift
        drift.update(units)
        drift.subtract(self._units)
        drift.subtract(self._heard)
        for key, (instrument_id, taken) in moved.items():
            drift[instrument_id] += taken - self._moved.get(key, ("", 0))[1]
        return drift

    def _begin_anew(self, units: Mapping[str, int], moved: Mapping[str, tuple[str, int]]) -> None:
        self._units, self._moved, self._missing_since = units, moved, None
        self._heard.clear()
