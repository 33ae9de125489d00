"""A revision that somebody sent, checked like one rendered here. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sealane import inputs, typed_data
from sealane.errors import InvalidFiles, UsageError
from sealane.stencils import objects
from sealane.stencils.model import CONFIG, SECRET, Revision

_HINT = "`sealane vet` of the server's own version renders one"


class _Shape(msgspec.Struct):
    """The required shape of its top level, checked before it is converted."""

    id: str
    app: str
    formation: str
    environment: str
    destination: str
    namespace: str
    release: str | None
    objects: list[dict[str, Any]]
    secret_object: str | None
    secrets: dict[str, str]
    secret_versions: dict[str, str]
    config_object: str | None
    config_versions: dict[str, str]
    secret_kind: tuple[str, str] = SECRET
    config_kind: tuple[str, str] = CONFIG


def revision(data: Mapping[str, Any]) -> Revision:
    """The revision. Raises UsageError if it is not one, InvalidFiles for invalid objects."""
    inputs.check_json(data, "the revision")
    try:
        typed_data.convert(data, _Shape)
        made = Revision.from_json(data)
    except (msgspec.ValidationError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UsageError("this is no revision", hint=_HINT) from error
    wrong = [finding for rendered in made.everything for finding in objects.problems(rendered.object, rendered.origin)]
    if wrong:
        raise InvalidFiles(wrong)
    return made
