"""Puts values into the object of a formation's secrets right before it is applied, inside the step that applies it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealane.destinations.port import Destination
from sealane.errors import Conflicting
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision


def join(
    revision: Revision, values: Mapping[str, SecretValue], destination: Destination
) -> Sequence[Mapping[str, Any]]:
    """The revision's objects with the values of its secrets; for the destination alone, never kept or shown.

    Raises `Conflicting` when a value isn't the one the revision was rendered with: something else was approved.
    """
    changed = sorted(name for name in revision.secrets if _version(values, name) != revision.secret_versions.get(name))
    if changed:
        message = f"{', '.join(changed)} changed since {revision.label} was rendered"
        raise Conflicting(message, hint="render and deploy it anew")
    return [
        destination.with_values(rendered.object, values) if revision.holds_secrets(rendered) else rendered.object
        for rendered in revision.objects
    ]


def without_secret(revision: Revision) -> list[dict[str, Any]]:
    """The revision's objects without that of its secrets: for a rollback where the old Secret is still there."""
    return [rendered.object for rendered in revision.objects if not revision.holds_secrets(rendered)]


def _version(values: Mapping[str, SecretValue], name: str) -> str | None:
    return values[name].version if name in values else None
