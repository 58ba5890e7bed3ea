"""The options of `gridbot exchange serve`, and what those mean that take more than one word to say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.sim.config import VenueConfig
    from bot.sim.office import Opening
    from bot.sim.presets import CrowdConfig

FIRST_CASH = 10_000
"""USD that an account begins with unless its option says otherwise."""

Host: TypeAlias = Annotated[str, typer.Option(help="Address to listen on.")]
Port: TypeAlias = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
SupplierPort: TypeAlias = Annotated[
    int, typer.Option(min=0, max=65535, help="Port that inference is redirected to; 0 takes a free one.")
]
AdminPort: TypeAlias = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Serve the admin API there, on this machine only; 0 takes a free port."),
]

ConfigOut: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write a config.yaml for gridbot's commands; never over another file."),
]
CredentialsOut: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where to write addresses, keys and markets, as JSON.")
]

Seed: TypeAlias = Annotated[
    int | None, typer.Option(min=0, help="The same seed gives the same keys, ids and crowd; without it all is new.")
]
Accounts: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[:ROLE[:USD]]", help="An account: consumer (10000 USD) unless it says otherwise. Repeatable."
    ),
]
StateFile: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Keep the exchange there, and go on from there.")
]
KeptIn: TypeAlias = Annotated[str | None, typer.Option(help="Keep it in that database instead.")]

Speed: TypeAlias = Annotated[
    float, typer.Option(min=1, max=1000, help="How many times as fast as the clock the exchange lives.")
]
Market: TypeAlias = Annotated[
    str, typer.Option(metavar="PRESET", help="How traders in the background behave: calm, or stressed.")
]
CrowdChanges: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--crowd", metavar="KEY=VALUE", help="One parameter of theirs, such as spread=0.02 or size=5-20. Repeatable."
    ),
]
TokensPerHour: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Mean demand for inference that uses up the account's text-prime; 0: none.")
]
AutoTransfer: TypeAlias = Annotated[
    bool, typer.Option("--auto-transfer", help="Bought units move to Consumption as soon as they fill.")
]
Sweeps: TypeAlias = Annotated[
    bool, typer.Option("--sweeps", help="Every four hours all Trading units move to Consumption, as announced.")
]
SelfTradeRule: TypeAlias = Literal["cancel_incoming", "cancel_resting"]
SelfTrades: TypeAlias = Annotated[
    SelfTradeRule,
    typer.Option("--self-trade", help="Which of two orders of one account is cancelled before they would trade."),
]
ClosedCancelStatus: TypeAlias = Literal["409", "500"]
ClosedCancels: TypeAlias = Annotated[
    ClosedCancelStatus,
    typer.Option("--closed-cancel", help="Status of a cancel of an order that is closed; the live exchange has 500."),
]

FaultNames: TypeAlias = Annotated[
    str, typer.Option(metavar="FILE|PRESET", help="What goes wrong: none, network, exchange, stream, all, or a file.")
]
FaultSeed: TypeAlias = Annotated[
    int | None, typer.Option(help="The same seed makes the same go wrong; without it, that of the file.")
]


def rules_of(
    speed: float, self_trade: SelfTradeRule, closed_cancel: ClosedCancelStatus, *, auto_transfer: bool, sweeps: bool
) -> VenueConfig:
    """The rules that the options ask for."""
    from bot.sim.config import DOCUMENTED_SWEEP_HOURS, SelfTrade, VenueConfig

    return VenueConfig(
        speed=speed,
        self_trade=SelfTrade(self_trade),
        closed_cancel_status=409 if closed_cancel == "409" else 500,
        auto_transfer=auto_transfer,
        sweep_hours=DOCUMENTED_SWEEP_HOURS if sweeps else (),
    )


def crowd_of(market: str, changes: Sequence[str] | None) -> CrowdConfig:
    """The crowd that the options ask for.

    Raises:
        typer.BadParameter: there is no such preset or parameter, or a value is out of its range.
    """
    from bot.sim.presets import PRESETS, changed

    if market not in PRESETS:
        raise typer.BadParameter(f"must be {' or '.join(PRESETS)}, not {market}", param_hint="--market")
    pairs = {}
    for change in changes or ():
        key, separator, value = change.partition("=")
        if not separator:
            raise typer.BadParameter(f"must be KEY=VALUE, not {change}", param_hint="--crowd")
        pairs[key.strip()] = value.strip()
    try:
        return changed(PRESETS[market], pairs)
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint="--crowd") from None


def openings_of(accounts: Sequence[str] | None) -> tuple[Opening, ...]:
    """The accounts that options of the form NAME[:ROLE[:CASH]] ask for.

    Raises:
        typer.BadParameter: one has another form, or a name comes twice.
    """
    found = tuple(_opening(account) for account in accounts or ())
    if len({opening.name for opening in found}) < len(found):
        raise typer.BadParameter("every account needs a name of its own", param_hint="--account")
    return found


def _opening(account: str) -> Opening:
    from bot.domain.money import decimal_of
    from bot.sim.office import Grant, Opening, Role

    name, _, rest = account.partition(":")
    role, _, cash = rest.partition(":")
    if role and role not in list(Role):
        raise typer.BadParameter(f"{account}: a role is {' or '.join(Role)}, not {role}", param_hint="--account")
    try:
        return Opening(name, Role(role or Role.CONSUMER), Grant(decimal_of(cash or FIRST_CASH)))
    except (ConfigError, ValueError) as error:
        raise typer.BadParameter(f"{account}: {error}", param_hint="--account") from None
