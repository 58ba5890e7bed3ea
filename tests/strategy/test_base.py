"""A strategy class that is written wrongly is refused as it is made, in one line that says what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import ModuleType
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from bot.errors import StrategyError
from bot.strategy.base import HOOKS, Strategy
from bot.strategy.context import Context
from bot.strategy.rules import _is_slip

PRELUDE = """
from decimal import Decimal
from typing import *
from pydantic import Field, model_validator
from bot import Context, Strategy

class Thing: ...
"""

Written = Callable[[str], type[Strategy]]


@pytest.fixture(params=["", "from __future__ import annotations"], ids=["types", "types as text"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Written:
    """`written(body)` makes the strategy `Mine` of such a class body; `written(code)` what the code calls so."""
    module = ModuleType("of_the_user")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def written(code: str) -> type[Strategy]:
        if "class Mine" not in code:
            code = "class Mine(Strategy):\n" + "\n".join(f"    {line}" for line in code.splitlines())
        exec(request.param + PRELUDE + code, vars(module))
        made: type[Strategy] = vars(module)["Mine"]
        return made

    return written


WRONG = [
    ("async def on_tik(self, ctx): ...", "it has a hook 'on_tik', which nothing would call; did you mean 'on_tick'?"),
    ("async def on_zzz(self, ctx): ...", "it has a hook 'on_zzz', which nothing would call; the hooks are on_start, "),
    ("def on_candle(self, ctx): ...", "its hook 'on_candle' must be written 'async def on_candle'"),
    ("on_tick = 5", "its hook 'on_tick' must be written 'async def on_tick'"),
    ("async def on_tick(self, ctx):\n    yield", "its hook 'on_tick' must not yield"),
    ("async def on_tick(self): ...", "its hook 'on_tick' must take (self, ctx), not (self)"),
    ("async def on_fill(self, ctx): ...", "its hook 'on_fill' must take (self, ctx, fill), not (self, ctx)"),
    ("async def on_book(self, ctx, b): ...", "its hook 'on_book' must take (self, ctx), not (self, ctx, b)"),
    ("async def on_error(self, ctx, *, problem): ...", "its hook 'on_error' must take (self, ctx, problem), not "),
    ("size = 5", "its parameter 'size' has no type; write it as in 'size: int = ...'"),
    ("price = Decimal(1)", "its parameter 'price' has no type; write it as in 'price: Decimal = ...'"),
    ("size = Field(5, ge=1)", "its parameter 'size' has no type; write it as in 'size: int = ...'"),
    (
        "size: Decimall = 1",
        "the type of its parameter 'size' names 'Decimall', which is not known there; is it imported?",
    ),
    ("a: int = 1\nsize: 'list[Intt]' = 1", "the type of its parameter 'size' names 'Intt', which is not known there"),
    (
        "size: int = 1\nthing: Thing",
        "its parameter 'thing': of_the_user.Thing cannot be the type of a parameter; numbers,",
    ),
    ("size: int = Field(1, gt='a', discriminator='x')", "its parameter 'size': "),
    (
        "size: int = Field(0, ge=1)",
        "the default of its parameter 'size' is not valid: Input should be greater than or equal",
    ),
    ("size: int = 'many'", "the default of its parameter 'size' is not valid: Input should be a valid integer, unable"),
    ("class Mine(int, Strategy): ...", "multiple bases have instance lay-out conflict"),
    ("on_tick: int = 5", "its parameter 'on_tick' has the name of a hook; name it otherwise"),
    ("history: int = 5", "'history' is a class variable and no parameter; write 'history = ...' without a type"),
    ("copy: int = 5", "its parameter 'copy' would hide what every strategy has by that name; name it otherwise"),
    ("overrides: int", "its parameter 'overrides' would hide what every strategy has by that name; name it otherwise"),
    ("model_fields: int = 5", "its parameter 'model_fields' would hide what every strategy has by that name"),
    ("resolution = ('1h',)", "'resolution' is no class variable of strategies; did you mean 'resolutions'?"),
    ("historie: ClassVar[int] = 9", "'historie' is no class variable of strategies; did you mean 'history'?"),
    (
        "resolutions = '1h'",
        "its class variable 'resolutions' must be a tuple such as ('1h',) or ('1h', '1d'), not '1h'",
    ),
    (
        "resolutions = ('1h', '2h')",
        "its class variable 'resolutions' names '2h', which is none of 1m, 5m, 15m, 30m, 1h,",
    ),
    ("history = 0", "its class variable 'history' must be from 1 to 10000, not 0"),
    ("history: ClassVar[int] = 10_001", "its class variable 'history' must be from 1 to 10000, not 10001"),
    ("depth = True", "its class variable 'depth' must be from 0 to 100, not True"),
    (
        "@model_validator(mode='before')\n@classmethod\ndef _b(cls, data):\n    return data['size']",
        "it fails where all parameters are left out: KeyError: 'size'",
    ),
    (
        "class Base(Strategy):\n    floor: int = 5\nclass Mine(Base):\n    flor: int = 5",
        "its parameter 'flor' is all but 'floor', which it inherits; did you mean that one?",
    ),
    (
        "class Base(Strategy):\n    floor: int = 5\nclass Mine(Base):\n    floor = 7",
        "its parameter 'floor' has no type; write it as in 'floor: int = ...'",
    ),
    (
        "class Mixin:\n    async def on_tik(self, ctx): ...\nclass Mine(Mixin, Strategy): ...",
        "it has a hook 'on_tik', which nothing would call; did you mean 'on_tick'?",
    ),
]


@pytest.mark.parametrize(("code", "fault"), WRONG, ids=[row[0].splitlines()[-1].strip() for row in WRONG])
def test_a_class_that_is_written_wrongly_is_refused_in_one_line(written: Written, code: str, fault: str) -> None:
    with pytest.raises(StrategyError) as refused:
        written(code)
    assert str(refused.value).startswith(f"strategy Mine: {fault}")
    assert "\n" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None, "one line, no chain of tracebacks"


RIGHT = [
    "async def on_fill(self, ctx, fill, more=None): ...",
    "async def on_fill(self, *arguments): ...",
    "price: Decimal = Field(0.01)",
    "max_price: Decimal",
    "_private: int = 5\n_kept = 6",
    "model_name: str = 'text-prime'",
    "limit: ClassVar[int] = 5",
    "history = 50\ndepth = 5\nresolutions = ('1h', '1d')",
    "@model_validator(mode='after')\ndef _one(self):\n    raise ValueError('give one of two')",
    "class Base(Strategy):\n    floor: int = 5\nclass Mine(Base):\n    floor: int = 7",
    "class Base(Strategy):\n    size_1: int = 5\nclass Mine(Base):\n    size_2: int = 7",
    "class Base(Strategy):\n    max_order_quantity: int = 5\nclass Mine(Base):\n    min_order_quantity: int = 7",
]


@pytest.mark.parametrize("code", RIGHT, ids=[code.splitlines()[-1].strip() for code in RIGHT])
def test_a_class_that_is_unusual_but_right_is_made(written: Written, code: str) -> None:
    assert issubclass(written(code), Strategy)


def test_defaults_become_what_their_type_is() -> None:
    class Careless(Strategy):
        price: Decimal = Field(0.01)  # type: ignore[assignment]

    assert isinstance(Careless().price, Decimal)


def test_types_of_a_function_are_found() -> None:
    class Mood(StrEnum):
        CALM = "calm"

    class Local(Strategy):
        mood: Mood = Mood.CALM

    assert Local.model_validate({"mood": "calm"}).mood is Mood.CALM


def test_a_strategy_tells_which_hooks_it_has() -> None:
    class Mixin:
        async def on_book(self, ctx: Context) -> None: ...

    class Base(Strategy):
        async def on_tick(self, ctx: Context) -> None: ...

    class Derived(Mixin, Base):
        pass

    assert [hook for hook in HOOKS if Derived.overrides(hook)] == ["on_tick", "on_book"]
    assert not any(Strategy.overrides(hook) for hook in HOOKS)


def test_there_are_eight_hooks() -> None:
    assert set(HOOKS) == {
        *("on_start", "on_tick", "on_candle", "on_book", "on_order", "on_fill", "on_error", "on_stop")
    }


def test_class_variables_have_defaults_and_are_inherited() -> None:
    class Base(Strategy):
        history = 50

    class Derived(Base):
        depth: ClassVar[int] = 5

    assert (Strategy.resolutions, Strategy.history, Strategy.depth) == ((), 500, 0)
    assert (Derived.history, Derived.depth) == (50, 5)


names = st.text("abcdef_", min_size=2, max_size=8)


@given(names, st.data())
def test_one_letter_more_less_or_else_is_a_slip_unless_it_is_the_first(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name)))
    assert _is_slip(name[:at] + "x" + name[at:], name)
    assert _is_slip(name, name[:at] + "x" + name[at:])
    if at < len(name):
        assert _is_slip(name[:at] + "x" + name[at + 1 :], name)
    assert not _is_slip("x" + name[1:], name)
    assert not _is_slip(name + "xy", name)


@pytest.mark.parametrize(("name", "other", "slip"), [("fats", "fast", True), ("size1", "size2", False)])
def test_letters_out_of_place_are_a_slip_and_other_digits_are_not(name: str, other: str, slip: bool) -> None:
    assert _is_slip(name, other) is slip


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("1h30m", 5400), ("PT4H", 14400), (60, 60), ("00:01:00", 60), ("2d", 172800)]
)
def test_lengths_of_time_are_written_as_in_the_rest_of_the_configuration(written: object, seconds: int) -> None:
    class Patient(Strategy):
        patience: timedelta = timedelta(0)
        until: datetime | timedelta | None = None

    patient = Patient.model_validate({"patience": written, "until": written})
    assert patient.patience == timedelta(seconds=seconds)
    if isinstance(written, str):
        assert patient.until == timedelta(seconds=seconds)
    assert Patient.model_validate({"until": "2026-01-05T00:00:00Z"}).until == datetime(2026, 1, 5, tzinfo=UTC)
    with pytest.raises(ValidationError):
        Patient.model_validate({"patience": "soon"})
