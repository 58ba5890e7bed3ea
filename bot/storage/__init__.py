"""Durable memory in SQLite or PostgreSQL: `open_store(url, create=True)`; schema versions are `migrate`'s job."""
