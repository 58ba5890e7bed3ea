"""The client of the exchange's Trading API."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Self

from bot.clock import SystemClock
from bot.domain.stream import StreamEvent
from bot.errors import ConfigError
from bot.grid.accounts import AccountsApi
from bot.grid.caller import Caller
from bot.grid.key_sources import signing_key
from bot.grid.keys import SigningKey
from bot.grid.limiter import Limiter, Limits
from bot.grid.market_data import MarketDataApi
from bot.grid.open_orders import OpenOrders
from bot.grid.orders import OrdersApi
from bot.grid.queries import FilterSpelling
from bot.grid.retry import Retry
from bot.grid.routes import Layout
from bot.grid.stream import AiohttpDialer, GaplessStream, Stream
from bot.grid.supply import SupplyApi
from bot.grid.transfers import TransfersApi
from bot.grid.transport import AiohttpTransport
from bot.ports import Clock, Dialer, MarketStream, Transport
from bot.settings import DOTENV, Settings, load_settings


class TradingClient(MarketDataApi, OrdersApi, AccountsApi, TransfersApi, SupplyApi):
    """The exchange, for one trading key. It implements `bot.ports.Exchange` over any transport.

    Requests wait until the exchange's limits allow them. Reads that fail for a reason that passes are tried again,
    writes are sent once: of an `OutcomeUnknown` the exchange must be asked before anything is sent again.

    Args:
        transport: carries the requests; the client closes it.
        key: signs them.
        clock: tells the time; its event loop's timers pace the client.
        layout: where the exchange is expected to have its routes, `documented` or `short`; a route that is not there
            is looked for in the other layout once.
        base_path: what comes before all routes.
        filters: how filters of lists are spelled.
        limits: what may be sent; None: what the exchange documents.
        read_attempts: how often a read is tried, the first time included.
        chance: draws the random part of the waits between them; None: seeded with the key's fingerprint.
        dialer: opens connections to the exchange's stream; None: the stream is not used.

    Attributes:
        market_stream: the exchange's stream as it comes, for those who make up for its gaps themselves; None where
            there is no dialer.
    """

    def __init__(
        self,
        transport: Transport,
        key: SigningKey,
        clock: Clock,
        *,
        layout: str = Layout.DOCUMENTED,
        base_path: str = "/v1",
        filters: str = FilterSpelling.PLAIN,
        limits: Limits | None = None,
        read_attempts: int = 4,
        chance: random.Random | None = None,
        dialer: Dialer | None = None,
    ) -> None:
        chance = chance or random.Random(key.fingerprint)  # noqa: S311 - spreads waits, keeps no secret
        self._caller = Caller(
            transport,
            key,
            clock,
            limiter=Limiter(limits or Limits(), clock),
            retry=Retry(read_attempts, chance),
            layout=Layout(layout),
            base_path=base_path,
        )
        self._clock = clock
        self._spelling = FilterSpelling(filters)
        self._open_orders = OpenOrders()
        self.market_stream: MarketStream | None = None
        if dialer is not None:
            self.market_stream = Stream(
                dialer, key, clock, chance=chance, clock_offset=lambda: self.clock_offset_seconds
            )

    @classmethod
    def from_settings(cls, settings: Settings | None = None) -> Self:
        """A client of the exchange that the settings name, over HTTPS.

        Args:
            settings: None: those of `./config.yaml`, `.env` and the environment.

        Raises:
            ConfigError: a setting is wrong, or there is no trading key.
            KeyMaterialError: the trading key cannot be used.
        """
        settings = settings or load_settings(dotenv=DOTENV)
        exchange = settings.exchange
        transport = AiohttpTransport(exchange.base_url, timeout_seconds=exchange.timeout_seconds)
        dialer = AiohttpDialer(exchange.stream_url, exchange.base_url, exchange.timeout_seconds)
        return cls(
            transport,
            signing_key(exchange),
            SystemClock(),
            layout=exchange.layout,
            base_path=transport.base_path,
            filters=exchange.filters,
            limits=Limits(**settings.limits.model_dump()),
            read_attempts=exchange.read_attempts,
            chance=random.SystemRandom(),
            dialer=dialer if exchange.stream == "auto" else None,
        )

    @property
    def clock_offset_seconds(self) -> float:
        """How far the exchange's clock is ahead of ours, as its answers tell; 0 before the first."""
        return self._caller.server_clock.offset_seconds

    def write_only_while(self, may_write: Callable[[], bool]) -> None:
        """From now on, send requests that change something only while `may_write` says yes.

        It is asked when a request's turn has come, which may be long after the request was made; such a request then
        fails with `NotSentError`.
        """
        self._caller.may_write = may_write

    def stream(
        self, market_ids: Sequence[str] = (), *, since: datetime | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """What happens to our orders and on these markets, as it happens, while the block runs.

            async with client.stream([market_id]) as events:
                async for event in events: ...

        No order update and no fill is missing or comes twice, also when the connection breaks and is opened again: then
        they are read by request first. Of orders, those that are open are told at the beginning.

        Args:
            market_ids: whose trades and tickers to tell.
            since: the moment, inclusive, from which on fills are told; None: about a minute ago.

        Raises:
            ConfigError: this client was made without a dialer, or the settings switch the stream off.
            InvalidRequest (when entered): `since` names no time zone.
            NotFound (when iterated): the exchange serves no stream.
        """
        if self.market_stream is None:
            raise ConfigError("this client does not use the stream: set exchange.stream to auto, or give it a dialer")
        gapless = GaplessStream(self.market_stream, self, self._clock, clock_offset=lambda: self.clock_offset_seconds)
        return gapless.open(market_ids, since=since)

    async def close(self) -> None:
        """Let go of connections."""
        await self._caller.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self.close()
