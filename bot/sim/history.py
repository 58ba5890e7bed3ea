"""What each account did: its orders, fills, transfers and issues of units, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.sim.moments import Moment
from bot.sim.orders import NO_FILL, SimFill, SimOrder, SimTrade
from bot.sim.refusals import not_found


class Way(StrEnum):
    """The ways that units can take between the accounts of one user."""

    TO_CONSUMPTION = "trading-to-consumption"
    TO_TRADING = "consumption-to-trading"
    ISSUED_TO_TRADING = "issuance-to-trading"

    @property
    def source(self) -> str:
        """The type of the account that units leave."""
        return self.partition("-to-")[0]

    @property
    def target(self) -> str:
        """The type of the account that they arrive in."""
        return self.partition("-to-")[2]


@dataclass(slots=True)
class SimTransfer:
    """Units on their way between two accounts, or arrived; `arrived_at` is None while they are under way.

    Of a transfer to Consumption, so many units as are `bouncing` come back instead of arriving. If that is all, it has
    failed; else its quantity tells in the end how many have arrived.
    """

    transfer_id: str
    instrument_id: str
    quantity: int
    created_at: Moment
    arrived_at: Moment | None = None
    way: Way = Way.TO_CONSUMPTION
    bouncing: int = 0

    @property
    def has_failed(self) -> bool:
        """Whether it is over, and nothing has arrived."""
        return self.arrived_at is not None and self.bouncing == self.quantity

    @property
    def status(self) -> str:
        """The exchange's word for its state."""
        if self.arrived_at is None:
            return "pending"
        return "failed" if self.has_failed else "completed"


@dataclass(frozen=True, slots=True)
class SimIssuance:
    """Units that a supplier has issued."""

    issuance_id: str
    instrument_id: str
    quantity: int
    created_at: Moment


class History:
    """One account's orders, fills, transfers and issuances.

    A user's are kept for ever. Of a house account only the open orders are, so that a simulation of weeks does not
    grow.

    Attributes:
        orders: in the order of their placement.
        open: orders that may still fill, by id, in the order of their placement.
        fills: in the order of their execution.
        transfers: in the order of their start.
        issuances: in the order of their making.
    """

    __slots__ = (
        "_by_id",
        "_client_order_ids",
        "_forgetful",
        "fills",
        "issuances",
        "open",
        "orders",
        "transfers",
    )

    def __init__(self, *, forgetful: bool) -> None:
        self._forgetful = forgetful
        self._by_id: dict[str, SimOrder] = {}
        self._client_order_ids: set[str] = set()
        self.orders: list[SimOrder] = []
        self.open: dict[str, SimOrder] = {}
        self.fills: list[SimFill] = []
        self.transfers: list[SimTransfer] = []
        self.issuances: list[SimIssuance] = []

    def has_client_order_id(self, client_order_id: str) -> bool:
        """Whether an order with the owner's id was ever placed."""
        return client_order_id in self._client_order_ids

    def order(self, order_id: str) -> SimOrder:
        """An order of the account.

        Raises:
            Refusal: it has no such order.
        """
        order = self._by_id.get(order_id) or self.open.get(order_id)
        if order is None:
            raise not_found("order")
        return order

    def fills_of(self, order_id: str) -> list[int]:
        """The ascending places, among the fills, of those of one order; empty when the account has no such order."""
        order = self._by_id.get(order_id)
        places: list[int] = []
        place = NO_FILL if order is None else order.newest_fill
        while place != NO_FILL:
            places.append(place)
            place = self.fills[place].earlier
        return places[::-1]

    def add_order(self, order: SimOrder) -> None:
        """Take in a new order."""
        order_id = order.order_id
        self.open[order_id] = order
        if self._forgetful:
            return
        order.position = len(self.orders)
        self.orders.append(order)
        self._by_id[order_id] = order
        if order.client_order_id is not None:
            self._client_order_ids.add(order.client_order_id)

    def add_fill(self, order: SimOrder, trade: SimTrade) -> None:
        """Take in a trade of one of the orders; those of a house account are not told."""
        fills = self.fills
        earlier, order.newest_fill = order.newest_fill, len(fills)
        fills.append(SimFill(trade, order, earlier))
