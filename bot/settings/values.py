"""Types of settings: as strict as a file wants them, as lenient as an environment variable needs them.

Everything comes as text from the environment and the command line, so numbers may be texts; but a boolean is never a
number, a fraction never a whole number, and a float becomes money only by its shortest decimal form.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, AllowInfNan, BeforeValidator, Secret
from pydantic_core import PydanticCustomError

from bot.domain.money import decimal_of, plain
from bot.redaction import mask

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(days=366)

_HOST = re.compile(r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_DATABASES = ("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+asyncpg")


class DatabaseUrl(Secret[str]):
    """A database URL whose password is never shown; `get_secret_value()` gives the whole."""

    def _display(self) -> str:
        return mask(self.get_secret_value())


def _wrong_type() -> PydanticCustomError:
    """The error for a value of the wrong type; what was expected is told from the field that it was meant for."""
    return PydanticCustomError("wrong_type", "wrong type")


def _refuse(*types: type) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, types):
            raise _wrong_type()
        return value

    return BeforeValidator(check)


def _truth(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise _wrong_type()
    return value


def _money(value: object) -> Decimal:
    try:
        return decimal_of(value)
    except ValueError:
        raise _wrong_type() from None


def _micros(amount: Decimal) -> Decimal:
    if amount != round(amount, 6):
        raise ValueError(f"must have six decimals at most, not {plain(amount)}")
    return amount


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        length = value.total_seconds()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        length = value
    elif isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        length = float(found[1]) * _SECONDS[found[2]]
    else:
        raise _wrong_type()
    if not math.isfinite(length) or not _SHORTEST.total_seconds() <= length <= _LONGEST.total_seconds():
        raise ValueError(f"must be from 1s to {_LONGEST.days}d, not {value}")
    return timedelta(seconds=length)


def _file(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("must not be empty; leave it out to have none")
    return value


def _home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("names the home folder of a user who has none") from None


def _database(url: DatabaseUrl) -> DatabaseUrl:
    scheme, separator, _ = url.get_secret_value().partition("://")
    if not separator or scheme not in _DATABASES:
        raise ValueError("must be sqlite:///file.db or postgresql://user@host/database")
    return url


def _base_url(text: str) -> str:
    return _address(text, "https", "http", "https://trading.api.thegrid.ai/v1", forbidden=r"[@?#\s]").rstrip("/")


def _stream_url(text: str) -> str:
    return _address(text, "wss", "ws", "wss://trading.api.thegrid.ai/v1/", forbidden=r"[@#\s]")


def _address(text: str, secure: str, open_: str, example: str, *, forbidden: str) -> str:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in (secure, open_):
        raise ValueError(f"must be a URL such as {example}")
    if url.scheme == open_ and not _is_this_machine(host):
        raise ValueError(f"must begin with {secure}://; {open_}:// is for this machine only, not for {host}")
    if found := re.search(forbidden, text):
        raise ValueError(f"must be scheme, host, port and path only, without {found[0]!r}")
    return text


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("must be a host name such as inference.example.org, or *.example.org for all below it")
    return text.lower()


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Whole: TypeAlias = Annotated[int, _refuse(bool, float)]
"""A whole number."""

Number: TypeAlias = Annotated[float, _refuse(bool), AllowInfNan(False)]  # noqa: FBT003 - as pydantic has it
"""A finite number; never money."""

Money: TypeAlias = Annotated[Decimal, BeforeValidator(_money)]
"""USD, exact."""

SimulatedMoney: TypeAlias = Annotated[Money, AfterValidator(_micros)]
"""USD to the micro-dollar, as the simulated exchange counts it."""

Flag: TypeAlias = Annotated[bool, BeforeValidator(_truth)]
"""True or false."""

File: TypeAlias = Annotated[Path, BeforeValidator(_file), AfterValidator(_home)]
"""A file name, relative to the working folder; `~` is the home folder."""

Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time: `60s`, `5m`, `1h`, `1d`, or a number of seconds."""

BaseUrl: TypeAlias = Annotated[str, AfterValidator(_base_url)]
"""An HTTP address without its last slash: https, or http on this machine."""

StreamUrl: TypeAlias = Annotated[str, AfterValidator(_stream_url)]
"""A WebSocket address: wss, or ws on this machine."""

Host: TypeAlias = Annotated[str, AfterValidator(_host)]
"""A host name, or `*.` and the name of a domain for every host below it."""

Database: TypeAlias = Annotated[DatabaseUrl, AfterValidator(_database)]
"""Where a database is."""
