"""Whether a deployment left objects in place that a person's yes deletes stands in its verdict, no longer in its note alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0025"
down_revision = "0024"

_SAID = ("deletions are more than the budget of", "no longer in namespace", "no longer at destination")
"""What notes of earlier versions said of them."""


def upgrade() -> None:
    made = sa.table("deployments", *(sa.column(name) for name in ("id", "note")), sa.column("verdict", Json))
    asked = sa.or_(*(made.c.note.contains(words) for words in _SAID))
    bind = op.get_bind()
    for row in bind.execute(sa.select(made.c.id, made.c.verdict).where(asked, made.c.verdict.is_not(None))).all():
        if row.verdict["kind"] == "deployed":
            marked = {**row.verdict, "unconfirmed": True}
            bind.execute(sa.update(made).where(made.c.id == row.id).values(verdict=marked))
