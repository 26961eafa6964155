"""Alembic's entry: runs the numbered files of `versions/` on the connection it is given.

Migrations import nothing of ours: a frozen step must not change its meaning
when the code does.
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
