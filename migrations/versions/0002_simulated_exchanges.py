"""Simulated exchanges that are kept in the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "simulated_exchanges",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_simulated_exchanges")),
    )


def downgrade() -> None:
    op.drop_table("simulated_exchanges")
