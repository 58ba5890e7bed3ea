"""How units are sent each way, what lists that, and from which balance it can be told."""

from __future__ import annotations

from datetime import datetime

from bot.domain.account import Units
from bot.domain.transfer import Transfer, VenueTransfer, Way
from bot.ports import Exchange


async def sent(exchange: Exchange, transfer: Transfer) -> str:
    """Send a transfer, once; the exchange's id of it. Raises what `Exchange.transfer_to_consumption` does."""
    instrument_id, quantity, key = transfer.instrument_id, transfer.quantity, transfer.key
    match transfer.way:
        case Way.TO_CONSUMPTION:
            return (await exchange.transfer_to_consumption(instrument_id, quantity, key=key)).transfer_id
        case Way.ISSUE:
            return (await exchange.issue_supply(instrument_id, quantity, key=key)).issuance_id
        case Way.TO_TRADING:
            return (await exchange.transfer_issued(instrument_id, quantity, key=key)).transfer_id


async def listed(exchange: Exchange, way: Way, since: datetime) -> list[VenueTransfer]:
    """Everything that went this way, oldest first; `since` is inclusive. Raises `ExchangeError`."""
    match way:
        case Way.TO_CONSUMPTION:
            return await exchange.transfers(since=since)
        case Way.ISSUE:
            return [one.as_transfer() for one in await exchange.supply_issuances(since=since)]
        case Way.TO_TRADING:
            return await exchange.transfers_to_trading(since=since)


async def held(exchange: Exchange, way: Way, instrument_id: str) -> Units:
    """The balance that changes at once when units are sent this way. Raises `ExchangeError`."""
    balances = await (exchange.trading_units() if way is Way.TO_CONSUMPTION else exchange.issued_units())
    return balances.get(instrument_id, Units(instrument_id))
