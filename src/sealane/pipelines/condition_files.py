"""Conditions on the event, as they stand in a pipeline's file. Pure: `conditions.py` interprets them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from sealane.configfiles.fields import (
    File,
    Glob,
    Maybe,
)
from sealane.pipelines import field_shapes

EventName = Literal["push", "pull_request", "tag", "schedule", "promote", "rollback", "manual"]
StatusName = Literal["success", "failure"]


def _patterns(noun: str) -> Discriminator:
    return Discriminator(
        field_shapes.shape,
        custom_error_type="shape",
        custom_error_message=f"must be {noun}, a list of them, or {{include: […], exclude: […]}}",
    )


class EventPatterns(File):
    """Events to include and to exclude."""

    include: Maybe[Annotated[list[EventName], Field(min_length=1, max_length=200)]] = None
    """Events to include; all when left out."""
    exclude: Maybe[Annotated[list[EventName], Field(min_length=1, max_length=200)]] = None
    """Events to exclude."""


class GlobPatterns(File):
    """Globs to include and to exclude."""

    include: Maybe[Annotated[list[Glob], Field(min_length=1, max_length=200)]] = None
    """Globs of which one must match; everything when left out."""
    exclude: Maybe[Annotated[list[Glob], Field(min_length=1, max_length=200)]] = None
    """Globs of which none may match."""


Events = Annotated[
    Annotated[EventName, Tag("(one)")]
    | Annotated[list[EventName], Field(min_length=1, max_length=200), Tag("(list)")]
    | Annotated[EventPatterns, Tag("(mapping)")],
    _patterns("an event"),
]
Globs = Annotated[
    Annotated[Glob, Tag("(one)")]
    | Annotated[list[Glob], Field(min_length=1, max_length=200), Tag("(list)")]
    | Annotated[GlobPatterns, Tag("(mapping)")],
    _patterns("a glob"),
]
Statuses = Annotated[
    Annotated[StatusName, Tag("(one)")]
    | Annotated[list[StatusName], Field(min_length=1, max_length=200), Tag("(list)")],
    field_shapes.one_or_list("success or failure"),
]


class WhenFile(File):
    """Conditions on the event; all of those given must hold."""

    event: Maybe[Events] = None
    """What happened: push, pull_request, tag, schedule, promote, rollback or manual."""
    branch: Maybe[Globs] = None
    """The branch that was pushed to, or the target branch of a pull request. A tag is on no branch."""
    paths: Maybe[Globs] = None
    """Files changed, from the repository's root. Where nobody can tell what changed, every path counts as changed."""
    ref: Maybe[Globs] = None
    """The full reference, such as refs/tags/v1.2."""


class StepWhenFile(WhenFile):
    """Conditions on the event, and on the result so far."""

    status: Maybe[Statuses] = None
    """The result of everything before this step: success (as if left out), failure, or both."""
