"""Release groups, failure reports, hints and facts under their current names, in columns and in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from sealane import older_names
from sealane.store.columns import Json

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.drop_index("ix_deployments_convoy_id", table_name="deployments")
    op.alter_column("deployments", "convoy_id", new_column_name="release_group_id")
    op.create_index("ix_deployments_release_group_id", "deployments", ["release_group_id"])
    op.alter_column("deployments", "dossier_id", new_column_name="failure_report_id")
    op.drop_index("ix_convoys_settled", table_name="convoys")
    op.rename_table("convoys", "release_groups")
    op.create_index("ix_release_groups_settled", "release_groups", ["settled"])
    op.rename_table("dossiers", "failure_reports")
    op.alter_column("troubles", "mended", new_column_name="resolved")
    op.alter_column("gate_words", "says", new_column_name="message")
    for table in ("deployments", "timeline"):
        phase = sa.table(table, sa.column("phase", sa.Text))
        op.execute(sa.update(phase).where(phase.c.phase == "dossier").values(phase="failure_report"))
    _rewrite("runs", "id", "findings", lambda findings: [older_names.finding(finding) for finding in findings])
    _rewrite("deployments", "id", "verdict", older_names.verdict)
    _rewrite("failure_reports", "id", "data", older_names.failure_report)
    _rewrite("observations", "deployment_id", "seen", older_names.observation)
    _rewrite("revisions", "id", "data", older_names.revision)
    _rewrite("audit", "id", "detail", _of_gates)


def _of_gates(detail: dict[str, Any]) -> dict[str, Any]:
    return {"message" if key == "says" and "gate" in detail else key: value for key, value in detail.items()}


def _rewrite(name: str, key: str, column: str, renew: Callable[[Any], Any]) -> None:
    """Renames fields in the column's data, row by row, because some rows are long."""
    table = sa.table(name, sa.column(key), sa.column(column, Json))
    bind = op.get_bind()
    for one in bind.scalars(sa.select(table.c[key]).where(table.c[column].is_not(None))).all():
        stored = bind.scalar(sa.select(table.c[column]).where(table.c[key] == one))
        if stored and (renewed := renew(stored)) != stored:
            bind.execute(sa.update(table).where(table.c[key] == one).values({column: renewed}))
