"""The right to trade: one holder for each database at a time."""

from __future__ import annotations

from typing import Protocol


class Lease(Protocol):
    """A right that one process at a time holds, and that another takes over when its holder is silent.

    Every time it is taken it has a higher fencing token; whatever a former holder still writes to the database is
    refused. No two machines' clocks are compared: a standby measures the holder's silence on its own clock, and a
    holder that could not renew for most of that time by its own clock takes it for lost.
    """

    async def acquire(self) -> None:
        """Come back when it is ours; waits for as long as another process holds it. Raises `StoreError`."""
        ...

    async def keep(self) -> None:
        """Renew it until cancelled.

        Raises:
            LeaseLost: somebody else has it, or it could not be renewed in time.
        """
        ...

    async def release(self) -> None:
        """Give it up, so that a standby takes over at once. Does nothing when it is not ours (any more)."""
        ...

    @property
    def is_held(self) -> bool:
        """Whether it is ours for certain, by our own clock, without asking the database."""
        ...
