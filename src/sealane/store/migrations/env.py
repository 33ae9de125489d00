"""Alembic's entry: runs migrations on the connection that `migrating` opened."""

from __future__ import annotations

from alembic import context

from sealane.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is the caller's, on both databases
)
context.run_migrations()
