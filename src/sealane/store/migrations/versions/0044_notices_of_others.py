"""Notices may be about what others deploy, which is not a registered app."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"

_UNSENT = sa.text("state = 'unsent'")


def upgrade() -> None:
    op.drop_index("ix_notices_again", "notices")
    with op.batch_alter_table("notices") as altered:
        altered.drop_constraint("fk_notices_app", type_="foreignkey")
    op.create_index("ix_notices_again", "notices", ["again"], sqlite_where=_UNSENT, postgresql_where=_UNSENT)
