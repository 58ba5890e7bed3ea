"""One database: one connection, one transaction at a time, every error one clear line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import real_io
from bot.errors import StoreError, StoreUnavailable
from bot.storage.engine import make_engine, shown

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Runs units of work, plain functions of a `Connection`, each as one transaction.

    Attributes:
        name: the URL with its password hidden.
        engine: the SQLAlchemy engine.
    """

    def __init__(self, url: str, *, create: bool = False) -> None:
        self.name = shown(url)
        self.engine = make_engine(url, create=create)
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work(connection, ...)`, committed; rolled back when it raises.

        A caller that is cancelled half-way hears of it when the transaction is over: a connection is never torn
        down in the middle of one, and the next caller never sees half of one.

        Raises:
            StoreUnavailable: the database cannot be reached, or the connection broke before it said whether it stored.
            StoreError: the database refused; nothing was stored.
        """

        def unit(connection: Connection) -> T:
            with connection.begin():
                return work(connection, *args, **kwargs)

        async with self._turn:  # taken before virtual time is held still: waiting for a turn is not I/O
            with real_io():
                return await _to_its_end(self._transact(unit))

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._turn:
            with real_io():
                await _to_its_end(self.engine.dispose())

    async def _transact(self, unit: Callable[[Connection], T]) -> T:
        connection = await self._connect()
        try:
            return await connection.run_sync(unit)
        except (SQLAlchemyError, OSError) as error:
            raise self._refusal(error) from error
        finally:
            await connection.close()

    async def _connect(self) -> AsyncConnection:
        try:
            return await self.engine.connect()
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(f"cannot open the database {self.name}: {_words(error)}") from error

    def _refusal(self, error: SQLAlchemyError | OSError) -> StoreError:
        if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            return StoreUnavailable(f"lost the database {self.name}: {_words(error)}")
        return StoreError(f"the database {self.name} refused: {_words(error)}")


async def _to_its_end(work: Awaitable[T]) -> T:
    """The result of `work`; a cancellation waits until it is over."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    return task.result()


def _words(error: SQLAlchemyError | OSError) -> str:
    """What the database itself said, as one line, without SQLAlchemy's trimmings."""
    said: BaseException = error
    if isinstance(error, StatementError) and error.orig is not None:
        said = error.orig
    if isinstance(said, OSError):
        text = said.strerror or str(said) or "no answer in time"
    else:
        text = str(said.args[0]) if said.args else str(said)
    return " ".join(text.split())
