"""Orders that may only rest, and issues of units by suppliers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("post_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("transfers", sa.Column("way", sa.String(16), nullable=False, server_default="to_consumption"))


def downgrade() -> None:
    op.execute("DELETE FROM transfers WHERE way != 'to_consumption'")
    op.drop_column("transfers", "way")
    op.drop_column("orders", "post_only")
