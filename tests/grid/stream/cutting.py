"""Connections that break, and requests that fail or take their time, as chance has it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from bot.ports import Clock, Dialer, Request, Response, Socket, Transport


@dataclass
class CuttingDialer:
    """Opens connections of which each is cut after so many frames, either way, or so many seconds."""

    dialer: Dialer
    clock: Clock
    chance: random.Random
    cuts: int = 0
    cutting: bool = True

    async def connect(self) -> Socket:
        if not self.cutting:
            return await self.dialer.connect()
        if self.chance.random() < 0.1:
            self.cuts += 1
            raise ConnectionRefusedError("refused by chance")
        frames, seconds = self._fate()
        return CutSocket(self, await self.dialer.connect(), frames, self.clock.now().timestamp() + seconds)

    def _fate(self) -> tuple[int, float]:
        """Few frames hit the opening, more frames a burst, seconds a quiet time."""
        fate = self.chance.randrange(3)
        if fate == 0:
            return self.chance.randrange(8), 1e6
        if fate == 1:
            return self.chance.randrange(8, 80), 1e6
        return 1_000_000, self.chance.uniform(0.0, 90.0)


@dataclass
class CutSocket:
    dialer: CuttingDialer
    socket: Socket
    frames: int
    until: float
    is_cut: bool = False

    async def send(self, frame: str) -> None:
        await self._pass()
        await self.socket.send(frame)

    async def receive(self) -> str:
        await self._pass()
        try:
            async with asyncio.timeout(self.until - self.dialer.clock.now().timestamp()):
                frame = await self.socket.receive()
                await self.dialer.clock.sleep(self.dialer.chance.choice((0.0, 0.0, 0.0, 0.3)))
                return frame
        except TimeoutError:
            raise await self._cut() from None

    async def close(self) -> None:
        await self.socket.close()

    async def _pass(self) -> None:
        self.frames -= 1
        if self.is_cut or (self.frames < 0 and self.dialer.cutting):
            raise await self._cut()

    async def _cut(self) -> ConnectionError:
        self.dialer.cuts += not self.is_cut
        self.is_cut = True
        await self.socket.close()
        return ConnectionResetError("cut by chance")


@dataclass
class FlakyTransport:
    """Some requests, and some answers, take up to half a second; some answers are lost."""

    transport: Transport
    clock: Clock
    chance: random.Random

    async def send(self, request: Request) -> Response:
        await self._dawdle()
        response = await self.transport.send(request)
        await self._dawdle()
        if self.chance.random() < 0.05:
            raise ConnectionResetError("lost by chance")
        return response

    async def close(self) -> None:
        await self.transport.close()

    async def _dawdle(self) -> None:
        await self.clock.sleep(self.chance.choice((0.0, 0.0, 0.1, 0.5)))
