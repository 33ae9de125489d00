"""What every table is made of: the metadata, and kinds of columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

MICROSECONDS = 1_000_000
"""Per second."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware time in UTC; SQLite stores it without a zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Seconds(sa.types.TypeDecorator[float]):
    """A duration, stored as whole microseconds, which add up exactly and are fast to read."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: float | None, _dialect: sa.Dialect) -> int | None:
        return None if value is None else round(value * MICROSECONDS)

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> float | None:
        return None if value is None else int(value) / MICROSECONDS


Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def key() -> sa.Column[str]:
    """The key: a name made by Sealane."""
    return sa.Column("id", sa.Text, primary_key=True)


def key_of(name: str, owner: str) -> sa.Column[str]:
    """The key, or a part of it: the row of another table that this one belongs to, and is deleted with."""
    return sa.Column(name, sa.Text, sa.ForeignKey(owner, ondelete="CASCADE"), primary_key=True)


def number() -> sa.Column[int]:
    """A number that only grows, even where SQLite would reuse a deleted row's."""
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def text(name: str, *, default: str | None = None) -> sa.Column[str]:
    """A required text."""
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def flag(name: str) -> sa.Column[bool]:
    """True or false; false by default."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def maybe(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    """An optional column."""
    return sa.Column(name, kind, nullable=True)


def place() -> sa.Column[float]:
    """A position in the line of commits."""
    return sa.Column("place", sa.Float, nullable=False, server_default="0")


def moment(name: str) -> sa.Column[datetime]:
    """A required moment."""
    return sa.Column(name, Moment, nullable=False)


def json(name: str) -> sa.Column[Any]:
    """Required plain data."""
    return sa.Column(name, Json, nullable=False)


def of_app() -> sa.Column[str]:
    """The row's app; the row is deleted with it."""
    return sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), nullable=False)
