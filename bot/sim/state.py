"""A simulated exchange's memory: put away in a file, and brought back to life from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from bot.errors import DataError
from bot.ports import Ids
from bot.sim.config import VenueConfig
from bot.sim.files import read_private, write_private
from bot.sim.keep import kept
from bot.sim.revive import revived
from bot.sim.snapshot import KeptVenue
from bot.sim.venue import Venue

CLOCK_SLACK = timedelta(hours=1)
"""How far a clock may have been set back since an exchange was put away."""


def save(path: Path, data: bytes) -> None:
    """Write what `dump` gave: whole or not at all, and readable by the owner alone.

    Raises:
        DaemonError: the file system refuses.
    """
    write_private(path, data)


def load(path: Path, config: VenueConfig, now: datetime, ids: Ids) -> Venue:
    """Restore the exchange that a file holds, as `restore` does; its errors name the file."""
    data = read_private(path)
    try:
        return restore(data, config, now, ids)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def dump(venue: Venue) -> bytes:
    """The markets and the users' accounts of an exchange, as JSON."""
    return msgspec.json.encode(kept(venue))


def restore(data: bytes, config: VenueConfig, now: datetime, ids: Ids) -> Venue:
    """Bring an exchange back to life.

    It begins at the moment of the dump, and the time until `now` passes for its users: transfers arrive, lots expire,
    sweeps come. No agent lives in it yet.

    Args:
        data: what `dump` gave.
        config: the rules to run by; they may have changed, but every market that is kept must still be listed.
        now: the present.
        ids: for what comes; they must not repeat the ids that are kept.

    Raises:
        DataError: this is not a dump, or it is damaged, or one of its markets is not listed any more.
    """
    try:
        venue = revived(msgspec.json.decode(data, type=KeptVenue), config, ids)
    except (ValueError, LookupError, ArithmeticError, RecursionError) as error:
        raise DataError(f"not a whole simulated exchange ({error}); move it away to begin anew") from None
    if venue.now > now + CLOCK_SLACK:
        raise DataError(f"it was kept at {venue.now}, which is still to come; set the clock right, or move it away")
    venue.advance(now)
    return venue
