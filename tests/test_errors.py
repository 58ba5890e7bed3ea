"""What every error of a request says besides what happened."""

from __future__ import annotations

import pytest

from bot import errors
from bot.errors import ExchangeError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ExchangeError) and kind is not ExchangeError
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_a_request_says_once_what_to_do_about_it(kind: type[ExchangeError]) -> None:
    error = kind("it went wrong", method="GET", path="/v1/markets", status=418, request_id="r-1")
    assert error.hint.endswith(".")
    assert "hint" in vars(kind)
    assert str(error) == f"GET /v1/markets 418: it went wrong (request r-1). {error.hint}"


def test_a_hint_that_knows_more_takes_the_place_of_the_usual_one() -> None:
    assert str(errors.NotFound("no such model", hint="Try text-prime.")) == "no such model. Try text-prime."
