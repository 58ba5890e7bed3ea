"""Things that should not have happened."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from bot.domain.incident import Incident
from bot.storage.rows import columns, made, values
from bot.storage.tables import incidents

_INSERT = insert(incidents)
_NEWEST = select(*columns(incidents, Incident)).order_by(incidents.c.at.desc(), incidents.c.seq.desc())


def add(db: Connection, incident: Incident) -> None:
    """Store an incident."""
    db.execute(_INSERT, values(incident))


def newest(db: Connection, limit: int) -> list[Incident]:
    """The newest incidents, newest first."""
    return made(Incident, db.execute(_NEWEST.limit(limit)))
