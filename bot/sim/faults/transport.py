"""A transport on whose way things go wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.errors import NotSentError
from bot.ports import Clock, Request, Response, Transport
from bot.sim.faults.answers import spoiled
from bot.sim.faults.faults import Faults
from bot.sim.faults.kinds import BrokenWay, Refused


class FaultyTransport:
    """Carries requests to a simulated exchange in this process, and has befall them what its faults want.

    A client gives a request up after `timeout_seconds`. It gets to the exchange all the same, with the next request
    that is sent when it is due.
    """

    def __init__(self, inner: Transport, faults: Faults, clock: Clock, timeout_seconds: float = 10.0) -> None:
        self._inner = inner
        self._faults = faults
        self._clock = clock
        self._timeout = timeout_seconds
        self._given_up: list[tuple[datetime, Request]] = []

    async def send(self, request: Request) -> Response:
        """The exchange's answer, or what its faults make of it.

        Raises:
            NotSentError: the connection was refused, or the transport is closed.
            ConnectionError: the connection broke.
            TimeoutError: the request takes longer than its client waits.
        """
        fate = self._faults.fate(request.method, request.path, self._clock.now())
        await self._wait(request, fate.delay)
        await self._let_in_given_up()
        if fate.broken is None:
            return await self._inner.send(request)
        return await self._broken(request, fate.broken)

    async def close(self) -> None:
        """Refuse what is sent from now on; what was given up never gets there."""
        self._given_up.clear()
        await self._inner.close()

    async def _wait(self, request: Request, seconds: float) -> None:
        if seconds > self._timeout:
            self._given_up.append((self._clock.now() + timedelta(seconds=seconds), request))
            await self._clock.sleep(self._timeout)
            raise TimeoutError(f"no answer within {self._timeout:g} s")
        if seconds:
            await self._clock.sleep(seconds)

    async def _let_in_given_up(self) -> None:
        now = self._clock.now()
        due = sorted((one for one in self._given_up if one[0] <= now), key=lambda one: one[0])
        self._given_up = [one for one in self._given_up if one[0] > now]
        for _, request in due:
            await self._inner.send(request)

    async def _broken(self, request: Request, fault: BrokenWay) -> Response:
        if isinstance(fault, Refused):
            raise NotSentError("the connection was refused", method=request.method, path=request.path)
        answer = await self._inner.send(request) if fault.is_applied else None
        heard = spoiled(fault, answer, self._clock.now())
        if heard is None:
            raise ConnectionResetError("the connection broke")
        return heard
