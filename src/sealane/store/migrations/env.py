"""Alembic's entry: runs migrations on the connection that `migration` opened."""

from __future__ import annotations

from alembic import context

from sealane.store import account_tables, columns, figure_tables, notice_tables, tables  # noqa: F401 - metadata knows the tables once they are made

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=columns.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is the caller's, on both databases
)
context.run_migrations()
