"""Desks that are broken on purpose, each in a way in which real bots were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.order import NewOrder
from bot.engine.auditor import Auditor
from bot.errors import OutcomeUnknown
from bot.execution.desk import Desk
from bot.storage import orders
from bot.storage.store import SqlStore


def retries_with_a_fresh_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that gets no answer is sent again, as a new one."""
    _desk_on(monkeypatch, exchange=_Retrying)


def journals_after_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal learns of an order when its answer is there."""
    _desk_on(monkeypatch, blotter=_Late)


def counts_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever trade is read is a new one, for the bot and for its database, and the bot's own watch is asleep."""
    add_fill = orders.add_fill

    async def known_trades(_: SqlStore, __: Any) -> set[str]:
        return set()

    def add_again(db: Any, fill: Any, order: Any, record: Any) -> bool:
        number = len(orders.known_trades(db, [fill.trade_id]))
        again = replace(fill, trade_id=f"{fill.trade_id} again {record.at}") if number else fill
        return add_fill(db, again, order, record)

    async def sleeps(_: Auditor) -> None:
        return

    monkeypatch.setattr(Auditor, "audit", sleeps)
    monkeypatch.setattr(SqlStore, "known_trades", known_trades)
    monkeypatch.setattr(orders, "add_fill", add_again)


BREAKS = (retries_with_a_fresh_order, journals_after_sending, counts_fills_again)


def _desk_on(
    monkeypatch: pytest.MonkeyPatch,
    *,
    exchange: Callable[[Any], Any] = lambda good: good,
    blotter: Callable[[Any], Any] = lambda good: good,
) -> None:
    """Every desk from now on works on this exchange and this blotter."""
    make = Desk.__init__

    def made(self: Desk, good_exchange: Any, good_blotter: Any, *args: Any, **kwargs: Any) -> None:
        make(self, exchange(good_exchange), blotter(good_blotter), *args, **kwargs)

    monkeypatch.setattr(Desk, "__init__", made)


class _Beside:
    """Passes on everything that it does not do itself."""

    def __init__(self, good: Any) -> None:
        self._good = good

    def __getattr__(self, name: str) -> Any:
        return getattr(self._good, name)


class _Retrying(_Beside):
    async def place(self, order: NewOrder) -> Any:
        try:
            return await self._good.place(order)
        except OutcomeUnknown:
            return await self._good.place(replace(order, client_order_id=f"{order.client_order_id}-again"))


class _Late(_Beside):
    def __init__(self, good: Any) -> None:
        super().__init__(good)
        self._waiting: dict[str, Any] = {}

    async def add_order(self, order: Any) -> None:
        self._waiting[order.client_order_id] = order

    async def change_order(self, order: Any, event: Any, **options: Any) -> Any:
        if waiting := self._waiting.pop(order.client_order_id, None):
            await self._good.add_order(waiting)
        return await self._good.change_order(order, event, **options)
