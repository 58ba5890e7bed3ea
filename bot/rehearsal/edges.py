"""Everything the bot does to the outside, at the mercy of its power."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.engine import Connection

from bot.ports import Dialer, Request, Response, Socket
from bot.rehearsal.network import Network
from bot.rehearsal.power import Power
from bot.rehearsal.witness import Witness
from bot.storage.inline import InlineDatabase

P = ParamSpec("P")
T = TypeVar("T")


class PoweredTransport:
    """Carries requests over the network while there is power; the witness sees what goes out and what is heard."""

    def __init__(self, network: Network, power: Power, witness: Witness) -> None:
        self._network = network
        self._power = power
        self._witness = witness

    async def send(self, request: Request) -> Response:
        """The exchange's answer. Raises `Crash`, or what the network raises."""
        is_write = request.method != "GET"
        self._power.passes(is_write=is_write)
        if is_write:
            self._witness.sends(request)
        try:
            response = await self._network.carry(request)
        except Exception as error:
            self._power.passes(is_write=is_write)
            self._witness.hears(request, error)
            raise
        self._power.passes(is_write=is_write)
        self._witness.hears(request, response)
        return response

    async def close(self) -> None:
        """Do nothing: the network is still there for the next life."""


class PoweredDialer:
    """Opens connections to the stream while there is power."""

    def __init__(self, dialer: Dialer, power: Power) -> None:
        self._dialer = dialer
        self._power = power
        self._sockets: list[Socket] = []

    async def connect(self) -> Socket:
        """A new connection. Raises `Crash`, or what the dialer raises."""
        self._power.passes()
        socket = await self._dialer.connect()
        self._sockets.append(socket)
        self._power.passes()
        return _PoweredSocket(socket, self._power)

    async def hang_up(self) -> None:
        """Close all connections, as the machine does for a process that is gone."""
        for socket in self._sockets:
            await socket.close()


class _PoweredSocket:
    def __init__(self, socket: Socket, power: Power) -> None:
        self._socket = socket
        self._power = power

    async def send(self, frame: str) -> None:
        self._power.passes()
        await self._socket.send(frame)
        self._power.passes()

    async def receive(self) -> str:
        self._power.passes()
        frame = await self._socket.receive()
        self._power.passes()
        return frame

    async def close(self) -> None:
        self._power.passes()
        await self._socket.close()


class PoweredDatabase(InlineDatabase):
    """One life's view of the database, which is another's: units of work are run while there is power."""

    def __init__(self, database: InlineDatabase, power: Power, witness: Witness) -> None:
        self.name = database.name
        self.raw = database.raw
        self._database = database
        self._power = power
        self._witness = witness

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work(connection, ...)`, committed. Raises `Crash`, or `StoreError`."""
        self._power.passes()
        result = await self._database.run(work, *args, **kwargs)
        self._witness.stores()
        self._power.passes()
        return result
