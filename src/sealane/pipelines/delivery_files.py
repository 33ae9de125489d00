"""Deliveries, as they stand in a pipeline's file. Pure: `dialects/native.py` interprets them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from sealane.configfiles.fields import (
    WHOLE,
    File,
    Maybe,
    Name,
)
from sealane.pipelines import field_shapes
from sealane.pipelines.condition_files import WhenFile
from sealane.pipelines.field_shapes import Groups


class ApprovalFile(File):
    """Who must agree before it is delivered."""

    by: Groups
    """The group or groups whose people may agree."""
    count: Maybe[Annotated[int, Field(ge=1, le=20), WHOLE]] = None
    """How many different people, out of all those groups together; 1 when left out. Who asked does not count."""


class DeliveryFile(File):
    """A formation to deliver to."""

    formation: Name
    """The formation: a file in deploy/formations."""
    approval: Maybe[ApprovalFile] = None
    """Who must agree first. The operators' file may ask for more, never for less."""
    when: Maybe[WhenFile] = None
    """Conditions. Left out, pushes to the default branch are delivered, and runs started by hand or by a promotion."""


class MemberFile(File):
    """A formation of a release group."""

    formation: Name
    """The formation: a file in deploy/formations."""
    keep: bool = False
    """Whether it stays deployed when the others are rolled back."""


def _member_kind(value: Any) -> str | None:
    return None if isinstance(value, list) else field_shapes.shape(value)


MemberItem = Annotated[
    Annotated[Name, Tag("(one)")] | Annotated[MemberFile, Tag("(mapping)")],
    Discriminator(
        _member_kind,
        custom_error_type="shape",
        custom_error_message="must be the name of a formation, or {formation: NAME, keep: true}",
    ),
]


class ReleaseGroupFile(File):
    """Several formations that get the release together or not at all."""

    formations: Annotated[list[MemberItem], Field(min_length=2, max_length=50)]
    """The formations, in the order in which they are deployed. When one fails, those deployed before it are rolled back in reverse order."""
    parallel: bool = False
    """Whether they are deployed at the same time instead of one after the other."""
    approval: Maybe[ApprovalFile] = None
    """Who must agree first, for each of them. The operators' file may ask for more, never for less."""
    when: Maybe[WhenFile] = None
    """Conditions, for all of them. Left out, as for one formation."""


def _delivery_kind(value: Any) -> str | None:
    if isinstance(value, dict) and "formations" in value:
        return "(release group)"
    return None if isinstance(value, list) else field_shapes.shape(value)


DeliverItem = Annotated[
    Annotated[Name, Tag("(one)")]
    | Annotated[DeliveryFile, Tag("(mapping)")]
    | Annotated[ReleaseGroupFile, Tag("(release group)")],
    Discriminator(
        _delivery_kind,
        custom_error_type="shape",
        custom_error_message="must be the name of a formation, {formation: NAME, …} or {formations: [NAME, NAME], …}",
    ),
]
