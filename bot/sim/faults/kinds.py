"""What can go wrong: one class for every kind of fault, with its parameters.

A fault strikes when there is an occasion for it (a request of its route, a new order, an event of the stream), with
some probability or by script, in all or in a part of the time since the exchange's start.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.domain.duration import duration_of
from bot.sim.faults.pattern import checked_route
from bot.sim.faults.spans import occasions_of, seconds_of

Seconds: TypeAlias = Annotated[tuple[float, float], BeforeValidator(seconds_of)]
"""The least and the most of a number of seconds that is drawn."""

Route: TypeAlias = Annotated[str, AfterValidator(checked_route)]
"""Requests of one method, or of any (`*`), to resources of a pattern: `POST orders`, `GET markets/*`, `*`."""


class Fault(BaseModel):
    """Something that goes wrong from `begin` (in files: `from`) until `until`, both counted from the exchange's start.

    Attributes:
        kind: its name in files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, validate_default=True)

    kind: ClassVar[str]

    begin: Annotated[timedelta, BeforeValidator(duration_of)] = Field(timedelta(0), validation_alias="from")
    until: Annotated[timedelta | None, BeforeValidator(lambda value: None if value is None else duration_of(value))] = (
        None
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.until is not None and self.until <= self.begin:
            raise ValueError("until must be later than from")
        return self


class ClockJump(Fault):
    """The exchange's clock is ahead by so many seconds, or behind: its `Date`, and its check of time stamps."""

    kind = "clock_jump"

    seconds: float = Field(ge=-86_400, le=86_400)


class Maintenance(Fault):
    """Every request is answered with 503, and the stream is closed."""

    kind = "maintenance"


class Strike(Fault):
    """A fault that strikes single occasions.

    Attributes:
        probability: of striking at one.
        at: by script: the numbers, from 1, of the occasions at which it strikes; None: as the probability has it.
    """

    probability: float = Field(1.0, ge=0, le=1)
    at: Annotated[tuple[int, ...] | None, BeforeValidator(occasions_of)] = None

    @model_validator(mode="after")
    def _is_by_script_or_by_chance(self) -> Self:
        if self.at is not None and "probability" in self.model_fields_set:
            raise ValueError("at and probability exclude one another")
        return self


class RequestFault(Strike):
    """A fault of the requests of one route."""

    route: Route = "*"


class Latency(RequestFault):
    """A request takes so many seconds to reach the exchange; it gets there also when the client has given it up."""

    kind = "latency"

    seconds: Seconds


class BrokenWay(RequestFault):
    """A fault that keeps a request from the exchange, or its answer from the client.

    Attributes:
        reaches: whether the exchange gets the request, and does what it asks for.
    """

    reaches: ClassVar[bool] = True

    @property
    def is_applied(self) -> bool:
        """Whether the exchange gets the request, and does what it asks for."""
        return self.reaches


class Refused(BrokenWay):
    """The connection is refused.

    Over HTTP it is closed before the request is read instead, which a client cannot tell from a reset.
    """

    kind = "refused"
    reaches = False


class ResetBeforeApply(BrokenWay):
    """The connection breaks before the exchange gets the request."""

    kind = "reset_before_apply"
    reaches = False


class ResetAfterApply(BrokenWay):
    """The connection breaks when the exchange has done what it was asked for."""

    kind = "reset_after_apply"


class Truncated(BrokenWay):
    """The connection breaks in the middle of the answer's body."""

    kind = "truncated"


class Malformed(BrokenWay):
    """The answer's body is half of what it should be, and so no JSON."""

    kind = "malformed"


class ServerError(BrokenWay):
    """An answer of 500, 502, 503 or 504.

    Attributes:
        applied: whether the exchange has done what it was asked for all the same.
    """

    kind = "status"

    status: Literal[500, 502, 503, 504]
    applied: bool = False

    @property
    def is_applied(self) -> bool:
        """Whether the exchange gets the request, and does what it asks for."""
        return self.applied


class RateLimit(BrokenWay):
    """An answer of 429 that tells to wait for so many seconds."""

    kind = "rate_limit"
    reaches = False

    retry_after: int = Field(1, ge=1, le=3600)


class StaleLists(RequestFault):
    """Orders, fills and transfers, in lists and one by one, are told as they were so many seconds ago."""

    kind = "stale_lists"

    seconds: Seconds
    route: Route = "GET *"


class TransferFault(Strike):
    """A fault of transfers to Consumption that are asked for and take some time."""


class PartialTransfer(TransferFault):
    """Only a part arrives, and the history says so in the end; the rest comes back.

    Attributes:
        fraction: how much arrives, rounded down to whole units, but one at least.
    """

    kind = "partial_transfer"

    fraction: Decimal = Field(Decimal("0.5"), gt=0, lt=1)


class FailedTransfer(TransferFault):
    """A transfer that was accepted ends as `failed`, and all units come back."""

    kind = "failed_transfer"


class LateOrders(Strike):
    """A new order is not told of, neither in lists nor by its id, for so many seconds."""

    kind = "late_orders"

    seconds: Seconds


class LateFills(Strike):
    """A fill is not told of, neither in lists nor by its id, for so many seconds; its order shows it at once."""

    kind = "late_fills"

    seconds: Seconds


class StreamFault(Strike):
    """A fault of the events that one client of the stream gets."""


class StreamCut(StreamFault):
    """The connection breaks instead of an event; what waited to go out is lost."""

    kind = "stream_cut"


class StreamDuplicate(StreamFault):
    """An event comes twice."""

    kind = "stream_duplicate"


class StreamReorder(StreamFault):
    """An event is overtaken by so many later ones, unless fewer come within a second."""

    kind = "stream_reorder"

    window: int = Field(1, ge=1, le=100)


class StreamDelay(StreamFault):
    """An event, and whatever comes after it, waits for so many seconds; over a WebSocket, until the next full one."""

    kind = "stream_delay"

    seconds: Seconds


KINDS: dict[str, type[Fault]] = {
    kind.kind: kind
    for kind in (
        Latency,
        Refused,
        ResetBeforeApply,
        ResetAfterApply,
        ServerError,
        RateLimit,
        Malformed,
        Truncated,
        StaleLists,
        LateOrders,
        LateFills,
        PartialTransfer,
        FailedTransfer,
        StreamCut,
        StreamDuplicate,
        StreamReorder,
        StreamDelay,
        ClockJump,
        Maintenance,
    )
}
"""Every kind of fault, by its name in files."""
