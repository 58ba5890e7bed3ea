"""`gridbot halt` and `gridbot resume`: the kill switch."""

from __future__ import annotations

import asyncio
import getpass
import socket
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from bot.cli.client import log_to_stderr
from bot.cli.options import Options
from bot.cli.output import announce, caution, say
from bot.cli.records import read_store
from bot.cli.takedown import take_down, wait_for_the_bot
from bot.errors import GridbotError, StoreError

if TYPE_CHECKING:
    from bot.domain.latch import TradingState
    from bot.ports import Store
    from bot.settings import Settings


class Which(StrEnum):
    """Whose orders are taken off the book."""

    ALL = "all"
    OWN = "own"
    KEEP = "keep"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("say why, in words")
    return text.strip()


Reason: TypeAlias = Annotated[
    str, typer.Argument(metavar="REASON", callback=_not_blank, help="Why, in words; it is kept.", show_default=False)
]
"""The REASON argument of a command."""


def halt(
    ctx: typer.Context,
    reason: Reason,
    *,
    reduce: Annotated[bool, typer.Option("--reduce", help="Cancel bids only, and go on selling what is held.")] = False,
    orders: Annotated[
        Which,
        typer.Option(help="Orders to cancel: the whole account's, whoever placed them; the bot's own; or none."),
    ] = Which.ALL,
) -> None:
    """Stop trading at once: no order goes out any more until `gridbot resume`, over restarts, too.

    Then open orders are cancelled, until the exchange lists none. It works whether the bot runs or not. Where
    something cannot be done it says so and exits with 1; whatever else can be done is done.
    """
    from bot.domain.latch import TradingState

    settings = Options.of(ctx).settings()
    log_to_stderr()
    state = TradingState.REDUCING if reduce else TradingState.HALTED
    if problems := asyncio.run(_halt(settings, state, reason, orders)):
        raise GridbotError("\n".join(problems))


def resume(ctx: typer.Context, reason: Reason) -> None:
    """Let a halted bot trade again."""
    from bot.clock import SystemClock
    from bot.domain.latch import Latch, TradingState

    async def unlatch(store: Store) -> str:
        latch = await store.latch()
        if latch is None or latch.state is TradingState.ACTIVE:
            return "trading is active already; nothing was changed"
        await store.set_latch(Latch(TradingState.ACTIVE, reason, _who(), SystemClock().now()))
        return f"trading is active again; it was {latch.state}, since {latch.at:%Y-%m-%d %H:%M:%S} UTC: {latch.reason}"

    say(read_store(Options.of(ctx).database_url(None), unlatch))


async def _halt(settings: Settings, state: TradingState, reason: str, which: Which) -> list[str]:
    """Latch and cancel, each whatever becomes of the other; what could not be done."""
    from bot.domain.latch import TradingState
    from bot.storage.store import open_store

    problems: list[str] = []
    store: Store | None = None
    kinds: list[str] = []
    try:
        store = await open_store(settings.database.url.get_secret_value(), create=False)
        kinds = await store.run_kinds()
        say(await _latch(store, state, reason))
    except StoreError as error:
        problems.append(f"NOT HALTED: a bot that runs goes on trading, for this could not be stored: {error}")
    try:
        if which is Which.KEEP:
            say("open orders are left as they are")
        else:
            await _clear(settings, store, kinds, which, bids_only=state is TradingState.REDUCING)
    except GridbotError as error:
        problems.append(f"ORDERS MAY BE OPEN: {error}")
    finally:
        if store is not None:
            await store.close()
    return problems


async def _latch(store: Store, state: TradingState, reason: str) -> str:
    from bot.clock import SystemClock
    from bot.domain.latch import Latch, TradingState

    latch = await store.latch()
    if latch is not None and latch.state in (state, TradingState.HALTED):
        stays = "" if latch.state is state else ", and stays so; `gridbot resume` takes that back"
        return f"trading is {latch.state} already, by {latch.by}: {latch.reason}{stays}"
    await store.set_latch(Latch(state, reason, _who(), SystemClock().now()))
    return f"trading is {state}: {reason}"


async def _clear(settings: Settings, store: Store | None, kinds: list[str], which: Which, *, bids_only: bool) -> None:
    """Take orders off the book, and see that they are; `kinds` are those of the bot's runs, as far as they are known.

    Raises:
        GridbotError: that cannot be done, or not be seen.
    """
    from bot.clock import SystemClock

    clock = SystemClock()
    if store is not None and kinds and "run" not in kinds:
        announce("this bot trades on paper: its exchange is inside its own process, so that it cancels by itself")
        patience = settings.engine.stream_poll_seconds + settings.exchange.timeout_seconds
        say(await wait_for_the_bot(store, clock, bids_only=bids_only, within=patience))
        return
    journal = store if which is Which.OWN else None
    if which is Which.OWN and journal is None:
        raise GridbotError("without its database nobody knows which orders are the bot's; `--orders all` needs none")
    try:
        say(await take_down(settings, journal, clock, bids_only=bids_only))
    except GridbotError:
        caution("a bot that runs and can reach the exchange cancels its own orders by itself")
        raise


def _who() -> str:
    """The user and the machine, as far as they have names."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
