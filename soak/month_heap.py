"""Who holds the memory of a process in which both the bot and its simulated exchange live: a walk over its objects."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
)

import msgspec

_EXCHANGE = ("bot.sim.", "bot.rehearsal.")
"""What comes of these modules is the exchange's, or the rehearsal's own; of others of the project's, the bot's."""

_LEADS_ANYWHERE = (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
    asyncio.AbstractEventLoop,
    asyncio.Future,
    asyncio.Handle,
    type,
)
"""What refers to the whole program: nothing is the exchange's for being reached through it."""


@dataclass(frozen=True, slots=True)
class Heap:
    """Bytes of Python objects: the exchange's and the rehearsal's; and all others, the bot's and what never changes."""

    exchange: int
    bot: int


def heap() -> Heap:
    """What there is now, garbage excluded.

    The exchange has its objects and whatever these refer to, containers and values, but nothing of a class of the
    bot's. All else counts as the bot's: what it holds, and the code, the modules and the caches of libraries besides.

    A copy of the process does the walk, for the walk itself takes much memory, which must not show in this one's size.

    Raises:
        EOFError: it failed; its traceback is on stderr.
    """
    gc.collect()
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    with receiver:
        with sender:
            walker = fork.Process(target=lambda: sender.send(_walked()))
            walker.start()
        held: Heap = receiver.recv()
    walker.join()
    return held


def _walked() -> Heap:
    tracked = gc.get_objects()
    seen = {id(tracked)}
    exchange = _bytes_of(filter(_belongs_to_exchange, tracked), seen, stops_at_bot=True)
    return Heap(exchange, _bytes_of(tracked, seen, stops_at_bot=False))


def _bytes_of(roots: Iterable[object], seen: set[int], *, stops_at_bot: bool) -> int:
    """Bytes of all that can be reached and was not seen yet, which is seen then."""
    total, waiting = 0, list(roots)
    seen |= {id(seen), id(waiting)}
    while waiting:
        one = waiting.pop()
        if id(one) in seen or (stops_at_bot and _stops(type(one))):
            continue
        seen.add(id(one))
        total += _size(one)
        waiting.extend(gc.get_referents(one))
    return total


def _size(one: object) -> int:
    """What `sys.getsizeof` says, but for a slice of JSON, of which it says nonsense."""
    return memoryview(one).nbytes if isinstance(one, msgspec.Raw) else sys.getsizeof(one)


def _belongs_to_exchange(one: object) -> bool:
    """Whether it is of a class of the exchange's, or remembers what a function of the exchange's has answered."""
    return _is_exchanges(type(one)) or (isinstance(one, _lru_cache_wrapper) and _is_exchanges(one))


def _is_exchanges(made: object) -> bool:
    """Whether a class or a function is."""
    return str(made.__module__).startswith(_EXCHANGE)  # some classes that are written in C have no text there


def _stops(kind: type) -> bool:
    """Whether objects of this class are not the exchange's, though it may refer to them."""
    is_bots = str(kind.__module__).startswith("bot.") and not _is_exchanges(kind)
    return is_bots or issubclass(kind, _LEADS_ANYWHERE)
