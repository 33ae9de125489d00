"""What insights keep of tests; from earlier reports, only failed tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from sealane.reports import summary
from sealane.store.columns import Json, Moment

revision = "0041"
down_revision = "0040"

_AT_ONCE = 5_000
_INDEXES = {
    "timed": ["app", "at", "key", "test", "took", "run_id"],
    "failed": ["failed", "at", "app", "key", "test", "run_id"],
    "flaky": ["flaky", "at", "app", "key", "test", "run_id"],
    "commit": ["app", "key", "commit"],
    "branch": ["app", "key", "branch", "failed", "at"],
}
_runs = sa.table(
    "runs", *(sa.column(name, sa.Text) for name in ("id", "app", "commit", "branch")), sa.column("ended", Moment)
)
_reports = sa.table(
    "step_reports",
    *(sa.column(name, sa.Text) for name in ("run_id", "key")),
    sa.column("attempt", sa.Integer),
    sa.column("report", Json),
)


def upgrade() -> None:
    op.create_table(
        "test_figures",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("run_id", "key")),
        sa.Column("attempt", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("test", "app", "commit")),
        sa.Column("branch", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        *(
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
            for name in ("failed", "passed", "flaky")
        ),
        sa.Column("took", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_test_figures_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", "attempt", "test", name=op.f("pk_test_figures")),
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_test_figures_{name}", "test_figures", columns)
    failures = list(_failed(op.get_bind()))
    for begin in range(0, len(failures), _AT_ONCE):
        op.bulk_insert(
            sa.table("test_figures", *(sa.column(column) for column in failures[0])), failures[begin : begin + _AT_ONCE]
        )


def _failed(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    query = sa.select(_reports, _runs.c.app, _runs.c.commit, _runs.c.branch, _runs.c.ended)
    for row in connection.execute(query.join(_runs, _runs.c.id == _reports.c.run_id)):
        failing = row.report.get("failing", ())
        for test in sorted({summary.named(case.get("suite", ""), case.get("name", "")) for case in failing}):
            yield {
                "run_id": row.run_id,
                "key": row.key,
                "attempt": row.attempt,
                "test": test,
                "app": row.app,
                "commit": row.commit or row.run_id,
                "branch": row.branch,
                "at": int(row.ended.timestamp()) if row.ended else None,
                "failed": True,
            }
