"""Whose an object is by its record, and whether the last operation on it is a deployment's own. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from sealane.destinations import model

ANOTHER = "another deployment"
"""Who changed an object that Sealane wrote last."""


class Operation(Protocol):
    """Sealane's last operation on an object."""

    @property
    def sequence(self) -> int:
        """The deployment's."""
        ...

    @property
    def revision(self) -> str:
        """The deployment's."""
        ...


class Record(Protocol):
    """Sealane's record of an object."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its owner's."""
        ...

    @property
    def annotations(self) -> Mapping[str, str]:
        """How it was written."""
        ...


def is_of(operation: Operation | None, identity: model.Identity) -> bool:
    """Whether the operation is this deployment's, for this revision."""
    return (
        operation is not None
        and identity.sequence > 0
        and (operation.sequence, operation.revision) == (identity.sequence, identity.revision)
    )


def annotations_after(record: Record | None, identity: model.Identity, *, kept: Collection[str] = ()) -> dict[str, str]:
    """Those of the record after a deployment; besides when the object became Sealane's, `kept` ones stay."""
    old = record.annotations if record else {}
    former = {key: value for key, value in old.items() if key in {model.CREATED, model.ADOPTED, *kept}}
    taken = {} if record and model.owner_of(record.labels) else {model.ADOPTED: str(identity.sequence)}
    return {**former, **taken, **identity.annotations}
