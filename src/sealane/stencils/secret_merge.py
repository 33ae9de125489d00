"""Joining: values put into the Secret right before it is applied, inside the step that applies it. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sealane.errors import Conflicting
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Rendered, Revision


def join(revision: Revision, values: Mapping[str, SecretValue]) -> list[dict[str, Any]]:
    """The revision's objects with the values of its secrets; for the destination alone, never kept or shown.

    Raises `Conflicting` when a value isn't the one the revision was rendered with: what was looked at and approved is
    not what would run.
    """
    changed = sorted(name for name in revision.secrets if _version(values, name) != revision.secret_versions.get(name))
    if changed:
        message = f"{', '.join(changed)} changed since {revision.label} was rendered"
        raise Conflicting(message, hint="render and deploy it anew")
    return [
        _filled(rendered, values) if _is_secret(rendered, revision) else rendered.object
        for rendered in revision.objects
    ]


def without_secret(revision: Revision) -> list[dict[str, Any]]:
    """The revision's objects but for its Secret: for a rollback whose old Secret is still there as it was."""
    return [rendered.object for rendered in revision.objects if not _is_secret(rendered, revision)]


def _version(values: Mapping[str, SecretValue], name: str) -> str | None:
    return values[name].version if name in values else None


def _is_secret(rendered: Rendered, revision: Revision) -> bool:
    return rendered.key == ("", "Secret", revision.namespace, revision.secret_object)


def _filled(rendered: Rendered, values: Mapping[str, SecretValue]) -> dict[str, Any]:
    entries = {name: base64.b64encode(values[name].reveal()).decode() for name in rendered.object["stringData"]}
    return {**{key: value for key, value in rendered.object.items() if key != "stringData"}, "data": entries}
