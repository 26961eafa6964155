"""Rows that a step could not work on, when each step last ran, and the backlog of a first poll.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "setback",
        sa.Column("step", sa.String, primary_key=True),
        sa.Column("row_id", sa.Integer, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("attempt_count", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("set_aside", sa.Boolean, nullable=False),
        sa.Column("last_at", AT, nullable=False),
    )
    op.create_table(
        "step_run",
        sa.Column("step", sa.String, primary_key=True),
        sa.Column("finished_at", AT, nullable=False),
        sa.Column("worked_on", sa.Integer, nullable=False),
        sa.Column("failure", sa.String, nullable=False),
    )
    # a literal default: with an expression SQLite would copy the table, which its foreign keys forbid
    with op.batch_alter_table("post") as post:
        post.add_column(sa.Column("backlog", sa.Boolean, nullable=False, server_default="0"))
