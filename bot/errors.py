"""Every error that gridbot raises on purpose.

    GridbotError                    the root: `except GridbotError` catches all of these and nothing else
    +-- ConfigError                 settings or a strategy's parameters are wrong; says which and what to write
    +-- DataError                   a trace or candle file is malformed; names file and line
    +-- KeyMaterialError            a signing key cannot be read or used
    +-- StoreError                  the database refused
    |   +-- StoreUnavailable        it cannot be opened or reached
    |   +-- SchemaOutdated          it needs `gridbot db upgrade`
    |   +-- SchemaTooNew            it was written by a newer gridbot
    |   +-- LeaseLost               another process may trade on this database now
    +-- StrategyError               a strategy is written wrongly or failed in a hook
    |   +-- HookTimeout             a hook took too long and was broken off
    +-- DaemonError                 the daemon cannot start or had to stop
    +-- ExchangeError               a request to the exchange did not succeed; carries the request
        +-- NotSentError            it never left, so it was not applied
        +-- ExchangeUnavailable     a read got no usable answer; reading again is safe
        +-- OutcomeUnknown          a write got no clear answer; it may have been applied
        +-- BadAnswer               an answer that cannot be understood
        +-- RedirectRefused         inference was to be sent where the key must not go
        +-- RequestRefused          the exchange said no, and it was not applied
            +-- AuthenticationFailed    bad key, signature or time stamp (401)
            +-- NoStock                 no tokens or no USD for inference (402, 503)
            +-- AccessDenied            the account may not do this (403)
            +-- NotFound                unknown order, market, instrument or route (404)
            +-- OrderAlreadyClosed      cancelling what is closed (409, or 500 of that name)
            +-- InsufficientFunds       not enough cash or units
            +-- DuplicateOrder          the client order id was used before
            +-- RateLimited             too many requests; carries the wait
            +-- InvalidRequest          malformed or out of range (400, 422)

Messages say what happened, where, and what to do about it; none holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.ports import Request


class GridbotError(Exception):
    """The root of every error that gridbot raises on purpose; its text is fit to show to a user."""


def first_cause(error: Exception) -> Exception:
    """The first error inside groups of errors, as supervised tasks raise them; any other error as it is."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


class ConfigError(GridbotError):
    """Settings or strategy parameters are wrong. The text lists every fault, one a line."""


class DataError(GridbotError):
    """A data file is malformed; the text names the file and, where there is one, the line."""


class KeyMaterialError(GridbotError):
    """A signing key cannot be read or used. The text never holds the key."""


class StoreError(GridbotError):
    """The database refused."""


class StoreUnavailable(StoreError):
    """The database cannot be opened or reached."""


class SchemaOutdated(StoreError):
    """The database needs `gridbot db upgrade`."""


class SchemaTooNew(StoreError):
    """The database was written by a newer gridbot; upgrade gridbot, or use another database."""


class LeaseLost(StoreError):
    """Another process holds the database's lease, or may: nothing more is stored or sent here."""


class StrategyError(GridbotError):
    """A strategy is written wrongly, or failed in a hook; the text names the strategy."""


class HookTimeout(StrategyError):
    """A hook waited or ran for too long and was broken off; the text names strategy, hook and limit."""


class DaemonError(GridbotError):
    """The daemon cannot start, or had to stop; the text says why."""


class ExchangeError(GridbotError):
    """A request to the exchange did not succeed.

    Attributes:
        method: HTTP method.
        path: path without query.
        status: HTTP status; None when no answer came.
        request_id: the exchange's id of the request, for its support desk; None when it gave none.
        code: the exchange's error code, or its detail text where it gives no code.
        detail: the exchange's words.
        hint: what a user can do about it; empty when there is nothing to add.
        request: what was sent, or would have been, without what signs it; None where no request is at fault.
    """

    hint = ""

    def __init__(
        self,
        detail: str,
        *,
        method: str = "",
        path: str = "",
        status: int | None = None,
        request_id: str | None = None,
        code: str = "",
        hint: str = "",
        request: Request | None = None,
    ) -> None:
        self.detail = detail
        self.method = method
        self.path = path
        self.status = status
        self.request_id = request_id
        self.code = code
        self.hint = hint or self.hint
        self.request = request
        super().__init__(self._text())

    def _text(self) -> str:
        where = f"{self.method} {self.path}".strip()
        answered = f"{self.status}" if self.status is not None else ""
        head = " ".join(part for part in (where, answered) if part)
        text = f"{head}: {self.detail}" if head else self.detail
        if self.request_id:
            text += f" (request {self.request_id})"
        return f"{text}. {self.hint}" if self.hint else text


class NotSentError(ExchangeError):
    """The request never left this machine (refused connection, unknown host), so it was not applied."""

    hint = "Check the exchange's base URL and the network."


class ExchangeUnavailable(ExchangeError):
    """A read got no usable answer (408, 500, 502, 503, 504, dropped connection, time-out); it is safe to repeat."""

    hint = "Nothing was changed; ask again a little later, or see what `gridbot doctor` finds."


class OutcomeUnknown(ExchangeError):
    """A write got no clear answer, so it may have been applied; never send it again before that is settled."""

    hint = "Look at what the exchange has (open orders and fills, or transfers) before you send it again."


class BadAnswer(ExchangeError):
    """An answer that cannot be understood. After a write, the write may have been applied."""

    hint = "Check that the base URL is the exchange's; if it is, a newer gridbot may understand it."


class RedirectRefused(ExchangeError):
    """A redirect leads to a host that is not trusted, to plain http or in circles; nothing was sent there."""

    hint = "Nothing can be done here; tell the exchange or the supplier, or ask for another instrument."


class RequestRefused(ExchangeError):
    """The exchange said no. The request was not applied."""

    hint = "Mend what the exchange names before sending it again."


class AuthenticationFailed(RequestRefused):
    """Bad key, signature or time stamp (401)."""

    hint = "Check that this key is registered with the exchange and that this machine's clock is right."


class NoStock(RequestRefused):
    """No tokens of the instrument in Consumption, or no USD (402); or more is on its way (503).

    Attributes:
        instrument: the symbol of the instrument that was asked for; empty where none was.
    """

    hint = "Buy units of the instrument and move them to Consumption."

    def __init__(self, detail: str, *, instrument: str = "", **facts: Any) -> None:
        self.instrument = instrument
        super().__init__(detail, **facts)


class AccessDenied(RequestRefused):
    """The account may not do this (403)."""

    hint = "Check in the exchange's dashboard what this account and this key may do."


class NotFound(RequestRefused):
    """Unknown order, market, instrument or route (404)."""

    hint = "Check the id or name that was asked for, and that the base URL is the exchange's."


class OrderAlreadyClosed(RequestRefused):
    """A cancel of an order that is closed already; the exchange answers 409, or 500 `order_already_cancelled`."""

    hint = "There is nothing left to cancel; its fills say what it bought or sold."


class InsufficientFunds(RequestRefused):
    """Not enough cash for the buy, or not enough units for the sell or transfer."""

    hint = "Look at the balances; what resting orders have locked is not available."


class DuplicateOrder(RequestRefused):
    """The client order id was used before: the exchange has, or had, this order already."""

    hint = "Look it up among the account's orders; a further order needs an id of its own."


class RateLimited(RequestRefused):
    """Too many requests (429). `retry_after` is how long to wait, in seconds."""

    hint = "Send less, or wait as long as the exchange asks."

    def __init__(self, detail: str, *, retry_after: float = 1.0, **facts: Any) -> None:
        self.retry_after = retry_after
        super().__init__(detail, **facts)


class InvalidRequest(RequestRefused):
    """Malformed, or well-formed but out of range (400, 422)."""

    hint = "Correct it first: as it is, it would be refused again."
