"""A simulated exchange's memory: put away as bytes, and brought back to life from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from bot.clock import SeededIds
from bot.errors import DataError
from bot.ports import Ids
from bot.sim.config import VenueConfig
from bot.sim.keep import kept
from bot.sim.revive import revived
from bot.sim.snapshot import KeptAnswer, KeptVenue
from bot.sim.venue import Venue

CLOCK_SLACK = timedelta(hours=1)
"""How far a clock may have been set back since an exchange was put away."""


def dump(venue: Venue, seed: int | None = None, answers: Iterable[KeptAnswer] = ()) -> bytes:
    """An exchange as JSON: markets, users' accounts, the seed it was made from, and answers that may be repeated."""
    return msgspec.json.encode(kept(venue, seed, answers))


def seed_of(data: bytes) -> int | None:
    """The seed of the exchange that was dumped; None where it is not told. Raises `DataError` for what is no dump."""
    seed = _read(data).seed
    return None if seed is None else int(seed)


def answers_of(data: bytes) -> list[KeptAnswer]:
    """The answers that may be repeated, of the exchange that was dumped. Raises `DataError` for what is no dump."""
    return _read(data).answers


def ids_after(data: bytes) -> Ids:
    """Ids for the exchange that was dumped to go on with.

    They depend on the dump alone, and repeat none that were given out before it, whatever those came from.
    """
    return SeededIds(int.from_bytes(hashlib.sha256(data).digest()))


def restore(data: bytes, config: VenueConfig, now: datetime, ids: Ids) -> Venue:
    """Bring an exchange back to life.

    It begins at the moment of the dump, and the time until `now` passes for its users, as fast as by the clock:
    transfers arrive, lots expire, sweeps come. From then on its time passes as configured. No agent lives in it yet.

    Args:
        data: what `dump` gave.
        config: the rules to run by; they may have changed, but every market that is kept must still be listed.
        now: the present, by the clock.
        ids: for what comes; they must not repeat the ids that are kept.

    Raises:
        DataError: this is not a dump, or it is damaged, or one of its markets is not listed any more.
    """
    kept = _read(data)
    kept_at = kept.clock or kept.now
    if kept_at > now + CLOCK_SLACK:
        raise DataError(f"it was kept at {kept_at}, which is still to come; set the clock right, or move it away")
    try:
        venue = revived(kept, config, ids)
        venue.advance(now)
    except (ValueError, LookupError, ArithmeticError) as error:
        raise _not_whole(error) from None
    venue.tempo = venue.tempo.changed(now, config.speed)
    return venue


def _read(data: bytes) -> KeptVenue:
    try:
        return msgspec.json.decode(data, type=KeptVenue)
    except (ValueError, RecursionError) as error:
        raise _not_whole(error) from None


def _not_whole(error: Exception) -> DataError:
    return DataError(f"not a whole simulated exchange ({error}); move it away to begin anew")
