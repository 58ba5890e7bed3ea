"""Lists at the exchange, read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Hashable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from bot.errors import BadAnswer
from bot.grid.caller import Caller
from bot.grid.envelope import Page, Query
from bot.grid.refusals import facts_of
from bot.grid.routes import Route

T = TypeVar("T")

MAX_IDLE_PAGES = 100
"""So many pages in a row that bring nothing are a list that never ends."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Where rows without a moment are sorted."""


class Listing(Generic[T]):
    """A list at the exchange: `await` it for the whole, or `async for` over it.

        everything = await client.fills()

        async for fill in client.fills(since=yesterday):
            ...

    Nothing is asked for before that, and every time anew. Either way each row comes once. Awaited, the list is sorted,
    oldest first. Iterated, it holds one page of rows at a time, and the ids of those before; they come as the exchange
    has them: oldest first as well, unless it does not care for the order that it is asked for.

    Raises (when awaited or iterated):
        BadAnswer: the list goes in circles or has no end, or a row makes no sense.
        ExchangeError: a page could not be read.
    """

    def __init__(
        self,
        pages: Callable[[], AsyncIterator[list[T]]],
        *,
        key: Callable[[T], Hashable],
        keep: Callable[[T], bool] = lambda _one: True,
        at: Callable[[T], datetime | None] | None = None,
    ) -> None:
        self._pages = pages
        self._key = key
        self._keep = keep
        self._at = at

    def __await__(self) -> Generator[Any, None, list[T]]:
        return self._whole().__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        seen: set[Hashable] = set()
        async for page in self._pages():
            for one in page:
                key = self._key(one)
                if key not in seen and self._keep(one):
                    seen.add(key)
                    yield one

    async def _whole(self) -> list[T]:
        """Of two rows with the same key the later one, which was read later."""
        found: dict[Hashable, T] = {}
        async for page in self._pages():
            found.update((self._key(one), one) for one in page)
        wanted = [one for one in found.values() if self._keep(one)]
        at = self._at
        return wanted if at is None else sorted(wanted, key=lambda one: at(one) or _LONG_AGO)


async def pages(
    caller: Caller, route: Route, query: Query, parse: Callable[[bytes], Page[T]]
) -> AsyncIterator[list[T]]:
    """The pages of a list, one after the other. A row that moves from page to page meanwhile may show twice.

    Args:
        caller: sends the requests.
        route: where the list is.
        query: what to ask of it.
        parse: makes a page of an answer's body.

    Raises:
        BadAnswer: a page points back to an earlier one, or makes no sense; or page after page brings nothing new.
        ExchangeError: a page could not be read.
    """
    seen: set[Query] = set()
    step: Query | None = ()
    idle, before = 0, list[T]()
    while step is not None:
        seen.add(step)
        answer = await caller.call(route, query=_at(query, step))
        page = answer.read(parse)
        yield page.values
        idle = idle + 1 if page.is_empty or (page.values and page.values == before) else 0
        before, step = page.values, page.next
        facts = facts_of(answer.request, answer.response)
        if step in seen:
            raise BadAnswer(f"the list goes in circles: {urlencode(step)} again", **facts)
        if step is not None and idle >= MAX_IDLE_PAGES:
            raise BadAnswer(f"the list has no end: {idle} pages in a row brought nothing new", **facts)


def _at(query: Query, step: Query) -> Query:
    """What asks for a later page, in place of what asked for the first."""
    moved = {name for name, _ in step}
    return tuple(pair for pair in query if pair[0] not in moved) + step
