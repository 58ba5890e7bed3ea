"""The account's books: whether what it holds is what its trades and transfers make of what it held. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.account import Cash, Units
from bot.domain.fill import Fill
from bot.domain.order import Side
from bot.domain.transfer import VenueTransfer


@dataclass(frozen=True, slots=True)
class Statement:
    """What the exchange shows of the account at one moment, all of it read while nothing traded.

    Attributes:
        at: when, UTC.
        cash: US dollars, locked ones included.
        units: units in Trading by instrument id, locked ones included.
        fills: trades of the account, ours and others', by trade id; as far back as they were asked for.
        moved: units that transfers took from Trading for good or for now, or, below zero, brought there, by transfer
            id; as far back likewise.
        instruments: the instrument of every transfer in `moved`.
    """

    at: datetime
    cash: Decimal
    units: Mapping[str, int]
    fills: Mapping[str, Fill]
    moved: Mapping[str, int]
    instruments: Mapping[str, str]

    @classmethod
    def of(
        cls,
        at: datetime,
        cash: Cash,
        trading: Mapping[str, Units],
        fills: Iterable[Fill],
        transfers: Iterable[VenueTransfer],
        brought: Iterable[VenueTransfer] = (),
    ) -> Statement:
        """From what the exchange answered; `brought` are transfers of issued units to Trading."""
        shown = [one for one in transfers if one.instrument_id is not None]
        arrived = [one for one in brought if one.instrument_id is not None and one.status == "completed"]
        return cls(
            at=at,
            cash=cash.total,
            units={instrument: units.total for instrument, units in trading.items()},
            fills={fill.trade_id: fill for fill in fills},
            moved={one.transfer_id: 0 if one.status == "failed" else one.quantity or 0 for one in shown}
            | {one.transfer_id: -(one.quantity or 0) for one in arrived},
            instruments={one.transfer_id: one.instrument_id or "" for one in (*shown, *arrived)},
        )


@dataclass(frozen=True, slots=True)
class Drift:
    """Something that no trade and no transfer explains.

    Attributes:
        asset: `USD`, or an instrument id.
        amount: what there is more (or, below zero, less) than there should be: USD or units.
    """

    asset: str
    amount: Decimal

    def __str__(self) -> str:
        return f"{self.amount:+f} {self.asset}"


def lasting(series: Sequence[Sequence[Drift]]) -> list[Drift]:
    """What drifted the same way in every statement of a series, each as little as it ever did."""
    amounts: defaultdict[str, list[Decimal]] = defaultdict(list)
    for found in series:
        for drift in found:
            amounts[drift.asset].append(drift.amount)
    same_way = {
        asset: each
        for asset, each in amounts.items()
        if len(each) == len(series) and len({amount > 0 for amount in each}) == 1
    }
    return [Drift(asset, min(each, key=abs)) for asset, each in same_way.items()]


def drifts(before: Statement, after: Statement, traded: Mapping[str, str]) -> list[Drift]:
    """What changed between two statements that neither trades nor transfers explain, cash first.

    Args:
        before: its trades must reach back as far as a late one may have traded.
        after: its trades and transfers must reach back beyond the moment of `before`.
        traded: the instrument of every market, by market id.
    """
    cash, units = before.cash, Counter(before.units)
    for trade_id, fill in after.fills.items():
        if trade_id in before.fills:
            continue
        sign = 1 if fill.side is Side.BUY else -1
        cash -= sign * fill.notional + fill.fee
        units[traded[fill.market_id]] += sign * fill.quantity
    for transfer_id, moved in after.moved.items():
        units[after.instruments[transfer_id]] -= moved - before.moved.get(transfer_id, 0)
    extra = {name: after.units.get(name, 0) - units[name] for name in sorted({*units, *after.units})}
    found = [Drift("USD", after.cash - cash), *(Drift(name, Decimal(amount)) for name, amount in extra.items())]
    return [drift for drift in found if drift.amount]
