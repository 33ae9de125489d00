"""Conversion of rows to values and back, shared by the store's modules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from sealane import typed_data
from sealane.destinations.model import Inventory, ObjectRef
from sealane.errors import NotThere
from sealane.events.model import Author, Event, Pusher
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.records.apps import App
from sealane.records.deployments import (
    ApprovalRule,
    BrokenGlass,
    Deployment,
    DeploymentKind,
    DeploymentState,
    Hold,
    Vote,
)
from sealane.records.formations import Behind, Formation
from sealane.records.release_groups import ReleaseGroupRow
from sealane.records.runs import Run, RunStep
from sealane.records.waits import Wait
from sealane.releases.model import Release
from sealane.stencils.model import Revision
from sealane.verdicts.model import Verdict

T = TypeVar("T")
Row = Mapping[str, Any]


def there(value: T | None, subject: str) -> T:
    """The value. Raises NotThere when there is none; `subject` names it."""
    if value is None:
        raise NotThere(f"there is no {subject}")
    return value


def plain(value: Any) -> Any:
    """A value as plain data."""
    return msgspec.to_builtins(value)


def one(connection: sa.Connection, query: sa.Select[Any], **values: object) -> Row | None:
    """The first row, or None. `values` are those of the query's bound parameters.

    A query that is built once, with `sa.bindparam`, takes a seventh of the time of one that is built for each call.
    """
    row = connection.execute(query, values).mappings().first()
    return row if row is None else dict(row)


def all_of(connection: sa.Connection, query: sa.Select[Any], **values: object) -> list[Row]:
    """All rows, as `one`."""
    return [dict(row) for row in connection.execute(query, values).mappings()]


def scalar(connection: sa.Connection, query: sa.Select[Any], **values: object) -> Any:
    """The first column of the first row, or None, as `one`."""
    return connection.execute(query, values).scalar()


def inventory(data: Any) -> Inventory:
    """An inventory from what the store keeps."""
    return typed_data.convert(data, tuple[ObjectRef, ...])


def app(row: Row) -> App:
    """The app of a row."""
    values = {key: value for key, value in row.items() if key != "last_sequence"}
    return App(**values)


_RUN = (
    "id",
    "app",
    "sequence",
    "reason",
    "deploy_tag",
    "release_id",
    "requested_by",
    "cancelled_by",
    "place",
    "changed",
    "created",
)


def run(row: Row) -> Run:
    """The run of a row."""
    return Run(
        **{key: row[key] for key in _RUN},
        event=typed_data.convert({**row["event"], "paths": None}, Event),  # older versions kept thousands of them there
        status=RunStatus(row["status"]),
        started=row["started"],
        ended=row["ended"],
    )


def run_step(row: Row) -> RunStep:
    """The step of a row."""
    values = {key: value for key, value in row.items() if key not in {"run_id", "position"}}
    return RunStep(**{**values, "needs": tuple(row["needs"]), "status": StepStatus(row["status"])})


_NOT_IN_DEPLOYMENT = {"queued", "verdict_kind"}


def deployment(row: Row) -> Deployment:
    """The deployment of a row."""
    values = {key: value for key, value in row.items() if key not in _NOT_IN_DEPLOYMENT}
    return Deployment(
        **{
            **values,
            "kind": DeploymentKind(row["kind"]),
            "state": DeploymentState(row["state"]),
            "rules": typed_data.convert(row["rules"], tuple[ApprovalRule, ...]),
            "agreed": typed_data.convert(row["agreed"] or [], tuple[ApprovalRule, ...]),
            "after": tuple(row["after"]),
            "pusher": typed_data.convert(row["pusher"], Pusher) if row["pusher"] else None,
            "authors": typed_data.convert(row["authors"] or [], tuple[Author, ...]),
            "waits": typed_data.convert(row["waits"] or [], tuple[Wait, ...]),
            "glass": typed_data.convert(row["glass"], BrokenGlass) if row["glass"] else None,
            "verdict": typed_data.convert(row["verdict"], Verdict) if row["verdict"] else None,
        }
    )


def formation(row: Row) -> Formation:
    """The formation of a row."""
    values = {key: value for key, value in row.items() if key != "holder"}
    behind = typed_data.convert(row["behind"] or [], tuple[Behind, ...])
    return Formation(**{**values, "inventory": inventory(row["inventory"]), "behind": behind})


def release_group(row: Row) -> ReleaseGroupRow:
    """The release group of a row."""
    return ReleaseGroupRow(**{**row, "formations": tuple(row["formations"])})


def hold(row: Row) -> Hold:
    """The hold of a row."""
    return Hold(**{key: value for key, value in row.items() if not key.startswith("lift")})


def vote(row: Row) -> Vote:
    """The vote of a row."""
    values = {key: value for key, value in row.items() if key not in {"id", "deployment_id"}}
    return Vote(**{**values, "groups": frozenset(row["groups"])})


def release(row: Row) -> Release:
    """The release of a row."""
    return Release.from_json(row["data"])


def revision(row: Row) -> Revision:
    """The revision of a row."""
    return Revision.from_json(row["data"])


def fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by name, unconverted."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
