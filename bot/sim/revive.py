"""From what is kept of an exchange to a living one."""

from __future__ import annotations

from bot.errors import DataError
from bot.ports import Ids
from bot.sim.audit import check_account
from bot.sim.config import VenueConfig
from bot.sim.history import History, Way
from bot.sim.ledger import Account, Balance, fingerprint_of
from bot.sim.lots import Lots
from bot.sim.market import SimMarket
from bot.sim.orders import PENDING, SimOrder
from bot.sim.snapshot import KeptAccount, KeptBalance, KeptLots, KeptOrder, KeptVenue
from bot.sim.tempo import Tempo
from bot.sim.venue import Venue


def revived(kept: KeptVenue, config: VenueConfig, ids: Ids) -> Venue:
    """The exchange as it was kept, at the moment at which it was kept.

    Raises:
        DataError: the configuration does not list one of its markets.
        ValueError, LookupError: its parts do not belong together.
    """
    unlisted = {market.symbol for market in kept.markets} - set(config.symbols)
    if unlisted:
        raise DataError(f"its markets {', '.join(sorted(unlisted))} are not configured any more; configure them again")
    markets = [
        SimMarket(market.market_id, market.instrument_id, market.symbol, market.created_at) for market in kept.markets
    ]
    venue = Venue(config, start=kept.now, ids=ids, markets=markets)
    if len({account.account_id for account in kept.accounts}) < len(kept.accounts):
        raise ValueError("two accounts have the same id")
    for account in kept.accounts:
        _add(venue, account)
    _fill_books(venue, kept)
    venue.tempo = Tempo(kept.clock or kept.now, kept.now)
    return venue


def _add(venue: Venue, kept: KeptAccount) -> None:
    account = Account(
        account_id=kept.account_id,
        user_id=kept.user_id,
        name=kept.name,
        house=False,
        auto_transfer=kept.auto_transfer,
        cash=_balance(kept.cash),
        units={market.instrument_id: Balance() for market in venue.markets.values()},
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        verify_keys={fingerprint_of(key): key for key in _verify_keys(kept)},
        mode=kept.mode,
        supplier=kept.supplier,
    )
    moved = {transfer.instrument_id for transfer in kept.transfers}
    issued = {issuance.instrument_id for issuance in kept.issuances}
    if not {*kept.units, *kept.lots, *moved, *issued} <= account.units.keys():
        raise ValueError(f"account {kept.name!r} holds what no market trades")
    account.units |= {instrument_id: _balance(units) for instrument_id, units in kept.units.items()}
    account.lots |= {instrument_id: _lots(lots) for instrument_id, lots in kept.lots.items()}
    _add_issued(account, kept)
    history = _history(account, kept, venue)
    check_account(account, history)
    venue.adopt(account, history)


def _verify_keys(kept: KeptAccount) -> list[bytes]:
    return [*kept.verify_keys, *([] if kept.verify_key is None else [kept.verify_key])]


def _add_issued(account: Account, kept: KeptAccount) -> None:
    for issuance in kept.issuances:
        account.issued[issuance.instrument_id].total += issuance.quantity
    for transfer in kept.transfers:
        if transfer.way is Way.ISSUED_TO_TRADING:
            account.issued[transfer.instrument_id].transferred += transfer.quantity


def _history(account: Account, kept: KeptAccount, venue: Venue) -> History:
    history = History(forgetful=False)
    for order in kept.orders:
        history.add_order(_order(order, account, venue.markets[order.market_id].instrument_id))
        if order.closed_at is not None:
            del history.open[order.order_id]
    orders = {order.order_id: order for order in history.orders}
    for fill in kept.fills:
        history.add_fill(orders[fill.order_id], fill.trade)
    history.transfers.extend(kept.transfers)
    history.issuances.extend(kept.issuances)
    return history


def _fill_books(venue: Venue, kept: KeptVenue) -> None:
    opened = {
        order_id: order
        for account in venue.accounts.values()
        for order_id, order in venue.history(account).open.items()
    }
    for market in kept.markets:
        book, stops = venue.markets[market.market_id].book, venue.markets[market.market_id].stops
        for order_id in (*market.resting, *market.waiting):
            order = opened.pop(order_id)
            if order.market_id != market.market_id:
                raise ValueError(f"order {order_id} rests on the book of another market than its own")
            (stops if order.status == PENDING else book.side(order.side)).add(order)
        if stops.count != len(market.waiting):
            raise ValueError(f"{market.symbol} has not as many waiting orders as are pending")
    if opened:
        raise ValueError(f"{len(opened)} open orders are on no book")


def _order(kept: KeptOrder, account: Account, instrument_id: str) -> SimOrder:
    return SimOrder(
        order_id=kept.order_id,
        account=account,
        market_id=kept.market_id,
        instrument_id=instrument_id,
        side=kept.side,
        quantity=kept.quantity,
        remaining=kept.remaining,
        price=kept.price,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        time_in_force=kept.time_in_force,
        post_only=kept.post_only,
        reduce_only=kept.reduce_only,
        stop_price=kept.stop_price,
        client_order_id=kept.client_order_id,
        status=kept.status,
        closure_reason=kept.closure_reason,
        notional=kept.notional,
        locked=kept.locked,
        triggered_at=kept.triggered_at,
        closed_at=kept.closed_at,
    )


def _balance(kept: KeptBalance) -> Balance:
    balance = Balance(kept.available)
    balance.locked = kept.locked
    return balance


def _lots(kept: KeptLots) -> Lots:
    lots = Lots(kept.lots)
    lots.received = kept.received
    lots.used = kept.used
    lots.expired = kept.expired
    lots.in_transit = kept.in_transit
    lots.committed = kept.committed
    lots.withdrawn = kept.withdrawn
    return lots
