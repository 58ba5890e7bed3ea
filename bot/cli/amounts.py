"""Amounts on the command line and in questions."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

import typer

from bot.domain.money import decimal_of

Units: TypeAlias = Annotated[int, typer.Argument(metavar="UNITS", min=1, max=10**12, help="How many units.")]
"""A quantity on the command line; one unit is a million tokens."""


def usd_argument(text: str) -> Decimal:
    """A price given on the command line, USD.

    Raises:
        typer.BadParameter: it is not a number, or not a positive one.
    """
    try:
        price = decimal_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not 0 < price <= 10**9:
        raise typer.BadParameter("must be a price in USD above 0 and at most 1000000000")
    return price


def usd(amount: Decimal) -> str:
    """An amount for people: at least cents, exact beyond them, thousands set off."""
    cents = round(amount, 2)
    return f"{cents:,} USD" if cents == amount else f"{amount.normalize():,f} USD"
