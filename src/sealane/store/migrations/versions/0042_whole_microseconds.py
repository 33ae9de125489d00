"""Figures keep times as whole microseconds, and their indexes begin with the app."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

_TIMES = {
    "deployment_figures": ("lead_time", "restored", "queue", "steps", "approval", "window", "rollout"),
    "run_figures": ("took",),
    "step_figures": ("took",),
    "test_figures": ("took",),
}
_INDEXES = {
    "ix_deployment_figures_counted": ["app", "environment", "at", "deployed", "failed", "lead_time", "restored"],
    "ix_run_figures_counted": ["app", "at", "passed", "took"],
}


def upgrade() -> None:
    connection = op.get_bind()
    for name, times in _TIMES.items():
        indexes = _indexes(connection, name)
        for index in indexes:  # with them, each row would be written to all of them, twice
            op.drop_index(index, name)
        if connection.dialect.name != "postgresql":
            table = sa.table(name, *(sa.column(time) for time in times))
            op.execute(sa.update(table).values({time: sa.func.round(table.c[time] * 1_000_000) for time in times}))
        with op.batch_alter_table(name) as altered:
            for time in times:
                using = f'round("{time}" * 1000000)::bigint'
                altered.alter_column(time, type_=sa.BigInteger(), existing_type=sa.Float(), postgresql_using=using)
        for index, columns in indexes.items():
            op.create_index(index, name, _INDEXES.get(index, columns))


def _indexes(connection: sa.Connection, table: str) -> dict[str, list[str]]:
    """The columns of each."""
    indexes = sa.inspect(connection).get_indexes(table)
    return {str(index["name"]): [str(column) for column in index["column_names"]] for index in indexes}
