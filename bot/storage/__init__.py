"""Durable memory in SQLite or PostgreSQL; schema versions are `bot.storage.migrate`'s job."""

from bot.storage.anew import begin_anew
from bot.storage.lease import StoreLease
from bot.storage.process import process_is_gone, this_process
from bot.storage.simulated import SqlKeeper, open_keeper
from bot.storage.store import SqlStore, open_store

__all__ = [
    "SqlKeeper",
    "SqlStore",
    "StoreLease",
    "begin_anew",
    "open_keeper",
    "open_store",
    "process_is_gone",
    "this_process",
]
