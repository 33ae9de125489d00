"""Verdicts say whether a deployment left objects that a person's confirmation deletes; so far only its note did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0025"
down_revision = "0024"

_SAID = ("deletions are more than the budget of", "no longer in namespace", "no longer at destination")
"""Phrases about it in notes of earlier versions."""


def upgrade() -> None:
    made = sa.table("deployments", *(sa.column(name) for name in ("id", "note")), sa.column("verdict", Json))
    asked = sa.or_(*(made.c.note.contains(words) for words in _SAID))
    bind = op.get_bind()
    for row in bind.execute(sa.select(made.c.id, made.c.verdict).where(asked, made.c.verdict.is_not(None))).all():
        if row.verdict["kind"] == "deployed":
            marked = {**row.verdict, "unconfirmed": True}
            bind.execute(sa.update(made).where(made.c.id == row.id).values(verdict=marked))
