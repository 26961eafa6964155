"""Who did what (a hash chain), the reasons they gave, and the accounts of the command line.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("object", sa.String, nullable=False),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("reason_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "audit_reason",
        sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_table(
        "account",
        sa.Column("person", sa.String, primary_key=True),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("set_at", AT, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", AT),
    )
