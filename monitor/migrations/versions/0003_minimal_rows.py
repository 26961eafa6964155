"""What may stay of a post: masked extracts, sealed evidence, holds, and counts of what is gone.

Revision: 0003

Words in `content` of an older database stay where they are: the retention job,
which knows masks and keys, minimises them before the first poll.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "extract",
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("masked", sa.String, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("collected_at", AT, nullable=False, index=True),
        sa.Column("made_at", AT, nullable=False),
    )
    op.create_table(
        "evidence",
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("key_id", sa.String, nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("collected_at", AT, nullable=False, index=True),
        sa.Column("sealed_at", AT, nullable=False),
        sa.Column("purge_at", AT),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("placed_at", AT, nullable=False),
        sa.Column("ends_at", AT, nullable=False),
    )
    op.create_table(
        "tally",
        sa.Column("day", sa.String, primary_key=True),
        sa.Column("school", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    with op.batch_alter_table("post") as post:
        post.add_column(sa.Column("emptied_at", AT, nullable=True))
