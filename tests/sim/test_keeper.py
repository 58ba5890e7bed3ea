"""An exchange that is kept goes on where it was, whatever keeps it."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import DaemonError, DataError
from bot.sim.build import Scenario, SimExchange, open_exchange
from bot.sim.config import VenueConfig
from bot.sim.keeper import FileKeeper, Keeper
from bot.sim.office import Opening
from tests.sim.client import START, Client

SMALL = Scenario(venue=VenueConfig(symbols=("text-prime",)), tokens_per_hour=None)


class Memory:
    """Keeps an exchange as long as a test lasts."""

    def __init__(self) -> None:
        self.data: bytes | None = None

    def __str__(self) -> str:
        return "memory"

    async def load(self) -> bytes | None:
        return self.data

    async def save(self, data: bytes) -> None:
        self.data = data


async def begun(keeper: Keeper, now: datetime = START, seed: int | None = 3) -> SimExchange:
    """An exchange that was opened, and kept, as a server does."""
    exchange = await open_exchange(SMALL, keeper, now=now, seed=seed)
    await keeper.save(exchange.dump())
    return exchange


def busy(exchange: SimExchange, now: datetime) -> list[str]:
    """Place orders; their ids, and those of the trades."""
    client = Client(exchange.api, exchange.keys.signing, now)
    for price in ("1.00", "3.00", "2.50"):
        assert client.order(price=price).status == 201
    orders, trades = client.get("/v1/orders").data, client.get("/v1/trades").data
    public = exchange.venue.market_by_symbol("text-prime").trades.recent
    return [
        *(one["order_id"] for one in orders),
        *(one["trade_id"] for one in trades),
        *(one.trade_id for one in public),
    ]


async def test_a_seeded_exchange_never_repeats_an_id_however_often_it_starts_again() -> None:
    keeper, now, seen = Memory(), START, set[str]()
    for _ in range(4):
        exchange = await begun(keeper, now)
        before = {order.order_id for order in exchange.venue.history(exchange.account).orders}
        before |= {fill.trade.trade_id for fill in exchange.venue.history(exchange.account).fills}
        new = set(busy(exchange, now)) - before
        assert not new & seen
        assert before <= seen
        seen |= new
        await keeper.save(exchange.dump())
        now += timedelta(seconds=1)


async def test_a_crash_before_anything_was_kept_again_repeats_no_id_either() -> None:
    keeper = Memory()
    first = set(busy(await begun(keeper), START))
    later = START + timedelta(seconds=1)
    assert not set(busy(await begun(keeper, later), later)) & first


async def test_without_a_seed_an_exchange_is_new_and_then_keeps_its_keys() -> None:
    keeper = Memory()
    first, other = await begun(keeper, seed=None), await begun(Memory(), seed=None)
    assert first.keys != other.keys
    back = await begun(keeper, START + timedelta(hours=1), seed=None)
    assert back.keys == first.keys
    assert back.account.account_id == first.account.account_id
    assert list(back.venue.markets) == list(first.venue.markets)


async def test_accounts_that_were_kept_come_back_and_new_ones_are_opened_beside_them() -> None:
    keeper = Memory()
    await begun(keeper)
    scenario = replace(SMALL, accounts=(Opening("ann"),))
    back = await open_exchange(scenario, keeper, now=START, seed=3)
    assert [account.name for account in back.office.accounts()] == ["user", "ann"]
    await keeper.save(back.dump())
    again = await open_exchange(SMALL, keeper, now=START)
    assert [account.name for account in again.office.accounts()] == ["user", "ann"]
    assert again.credentials("http://x/v1") == back.credentials("http://x/v1")


async def test_nothing_needs_to_keep_an_exchange() -> None:
    assert (await open_exchange(SMALL, None, now=START, seed=3)).keys == (await begun(Memory())).keys


async def test_another_seed_is_refused_and_so_is_a_damaged_state_by_the_name_of_what_kept_it() -> None:
    keeper = Memory()
    await begun(keeper)
    with pytest.raises(DataError, match="memory: the saved exchange has no account with this key"):
        await begun(keeper, seed=4)
    keeper.data = b"{}"
    with pytest.raises(DataError, match="memory: not a whole simulated exchange"):
        await begun(keeper)


async def test_a_file_that_an_older_gridbot_kept_goes_on() -> None:
    keeper = Memory()
    exchange = await begun(keeper)
    assert keeper.data is not None
    kept = json.loads(keeper.data)
    del kept["clock"], kept["seed"]
    (account,) = kept["accounts"]
    (account["verify_key"],) = account.pop("verify_keys")
    keeper.data = json.dumps(kept).encode()
    assert (await begun(keeper, seed=3)).account.verify_keys == exchange.account.verify_keys


async def test_a_file_is_private_and_holds_what_was_saved_last(tmp_path: Path) -> None:
    keeper = FileKeeper(tmp_path / "exchange.json")
    assert await keeper.load() is None
    for data in (b"one", b"two"):
        await keeper.save(data)
        assert await keeper.load() == data
    assert stat.S_IMODE((tmp_path / "exchange.json").stat().st_mode) == 0o600
    assert str(keeper) == str(tmp_path / "exchange.json")


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DaemonError, match="cannot be written"):
        await FileKeeper(tmp_path / "none" / "exchange.json").save(b"")
