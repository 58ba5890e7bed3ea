"""Options of `gridbot exchange serve` that take more than one word to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.sim.office import Opening
    from bot.sim.presets import CrowdConfig

FIRST_CASH = 10_000
"""USD that an account begins with unless its option says otherwise."""

Market: TypeAlias = Annotated[
    str, typer.Option(metavar="PRESET", help="How traders in the background behave: calm, or stressed.")
]
CrowdChanges: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--crowd", metavar="KEY=VALUE", help="One parameter of theirs, such as spread=0.02 or size=5-20. Repeatable."
    ),
]


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
