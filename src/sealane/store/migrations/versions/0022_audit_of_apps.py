"""Which app a line of the audit is about, if any."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_OF_APPS = ("add app", "remove app", "push", "rotate hook secret", "set owner")
_OF_FORMATIONS = (
    "delivery",
    "manual",
    "rollback",
    "scale",
    "approve",
    "reject",
    "cancel",
    "pass gate",
    "fail gate",
    "break glass",
    "lift hold",
)


def upgrade() -> None:
    op.add_column("audit", sa.Column("app", sa.Text(), nullable=True))
    audit = sa.table("audit", *(sa.column(name, sa.Text) for name in ("action", "subject", "app")))
    runs = sa.table("runs", sa.column("id", sa.Text), sa.column("app", sa.Text))
    slash = sa.func.instr if op.get_bind().dialect.name == "sqlite" else sa.func.strpos
    before = sa.func.substr(audit.c.subject, 1, slash(audit.c.subject, "/") - 1)
    named = audit.c.subject.contains("/")
    run = sa.select(runs.c.app).where(runs.c.id == audit.c.subject).scalar_subquery()
    op.execute(sa.update(audit).where(audit.c.action.in_(_OF_APPS)).values(app=audit.c.subject))
    op.execute(sa.update(audit).where(audit.c.action.in_(_OF_FORMATIONS), named).values(app=before))
    op.execute(sa.update(audit).where(audit.c.action == "cancel run").values(app=run))
    op.create_index("ix_audit_app", "audit", ["app", "id"])
    op.create_index("ix_audit_actor", "audit", ["actor", "id"])
    op.create_index("ix_audit_action", "audit", ["action", "id"])
