"""Alembic's entry: runs migrations on the connection that `migration` opened."""

from __future__ import annotations

from alembic import context

from sealane.store import (  # noqa: F401 - metadata knows the tables once they are made
    account_tables,
    app_tables,
    columns,
    deployment_tables,
    figure_tables,
    notice_tables,
    outbox_tables,
    run_tables,
    worker_tables,
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=columns.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is the caller's, on both databases
)
context.run_migrations()
