"""The first tables: from a source's state to a delivery.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "source_state",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("cursor", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("next_check_at", AT, nullable=False),
        sa.Column("last_try_at", AT),
        sa.Column("last_good_at", AT),
        sa.Column("failure_count", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("notices", sa.JSON, nullable=False),
    )
    op.create_table(
        "post",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("school", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("external_id", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("published_at", AT),
        sa.Column("fetched_at", AT, nullable=False),
        sa.Column("edited_at", AT),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("own", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
    )
    op.create_table(
        "content",
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("author_name", sa.String, nullable=False),
        sa.Column("author_handle", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("context", sa.String, nullable=False),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("mention", sa.Boolean, nullable=False),
        sa.Column("possible", sa.Boolean, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("staff", sa.JSON, nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("also", sa.JSON, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("assessed_at", AT, nullable=False),
        sa.UniqueConstraint("post_id", "version"),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("school", sa.String, nullable=False, index=True),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("also", sa.JSON, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("restricted", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("subjects", sa.JSON, nullable=False),
        sa.Column("post_count", sa.Integer, nullable=False),
        sa.Column("posted_at", AT),
        sa.Column("found_at", AT, nullable=False),
        sa.Column("pack_id", sa.String, nullable=False),
        sa.Column("pack_version", sa.String, nullable=False),
        sa.Column("pack_sha256", sa.String, nullable=False),
        sa.Column("opened_at", AT, nullable=False, index=True),
        sa.Column("updated_at", AT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("assessment_id", sa.Integer, sa.ForeignKey("assessment.id"), nullable=False, unique=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), index=True),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("decided_at", AT, nullable=False),
    )
    op.create_table(
        "case_key",
        sa.Column("key", sa.LargeBinary(16), primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
    )
    op.create_table(
        "case_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("at", AT, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("event_id", sa.Integer, sa.ForeignKey("case_event.id"), nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempt_count", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("next_try_at", AT, nullable=False),
        sa.Column("leased_by", sa.String, nullable=False),
        sa.Column("leased_until", AT),
        sa.Column("sent_at", AT),
        sa.Column("ref", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.UniqueConstraint("event_id", "channel", "person"),
    )
    op.create_index("ix_delivery_state_next_try_at", "delivery", ["state", "next_try_at"])
