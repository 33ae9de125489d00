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
    "deployment_figures": ["app", "environment", "at", "deployed", "failed", "lead_time", "restored"],
    "run_figures": ["app", "at", "passed", "took"],
}


def upgrade() -> None:
    for name in _INDEXES:
        op.drop_index(f"ix_{name}_counted", name)
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, times in _TIMES.items():
        if not postgresql:
            table = sa.table(name, *(sa.column(time) for time in times))
            op.execute(sa.update(table).values({time: sa.func.round(table.c[time] * 1_000_000) for time in times}))
        with op.batch_alter_table(name) as altered:
            for time in times:
                using = f'round("{time}" * 1000000)::bigint'
                altered.alter_column(time, type_=sa.BigInteger(), existing_type=sa.Float(), postgresql_using=using)
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_{name}_counted", name, columns)
