"""Markets by what people call them, and amounts as people read and write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
import typer

from bot.cli.amounts import usd, usd_argument
from bot.cli.symbols import Names, pick
from bot.domain.market import Market
from bot.errors import GridbotError

PRIME = Market("mkt-1", "ins-1", "text-prime", Decimal("0.01"))
MAX = Market("mkt-2", "ins-2", "code-max", Decimal("0.01"))


@pytest.mark.parametrize("word", ["text-prime", "mkt-1", "ins-1"])
def test_a_market_goes_by_its_symbol_and_by_its_ids(word: str) -> None:
    assert pick([MAX, PRIME], word) is PRIME


@pytest.mark.parametrize("word", ["text-prim", "Text-Prime", " text-prime"])
def test_a_misspelt_symbol_is_guessed_but_not_taken(word: str) -> None:
    with pytest.raises(GridbotError, match=r"did you mean 'text-prime'\?"):
        pick([MAX, PRIME], word)


def test_a_word_that_is_like_none_gets_the_list() -> None:
    with pytest.raises(GridbotError, match="the markets are code-max, text-prime"):
        pick([PRIME, MAX], "bitcoin")
    with pytest.raises(GridbotError, match="none at all"):
        pick([], "bitcoin")


def test_ids_are_named_and_unknown_ones_stay() -> None:
    names = Names([PRIME])
    assert [names(one) for one in ("mkt-1", "ins-1", "USD", None)] == ["text-prime", "text-prime", "USD", None]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("2.5", "2.50 USD"), ("1234.5", "1,234.50 USD"), ("0.0001", "0.0001 USD"), ("1E+3", "1,000.00 USD")],
)
def test_amounts_are_exact_with_at_least_cents(amount: str, text: str) -> None:
    assert usd(Decimal(amount)) == text


@pytest.mark.parametrize("text", ["0", "-1", "two", "nan", "1e10", ""])
def test_a_price_is_a_positive_number(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        usd_argument(text)
    assert usd_argument("2.50") == Decimal("2.50")
