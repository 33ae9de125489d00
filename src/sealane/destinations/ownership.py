"""Who owns an object, and when it must not be changed. Pure: knows nothing about any destination's API."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sealane import errors
from sealane.destinations import model

PLACEHOLDER = "<secret "
"""How rendering writes the value of an unresolved secret."""


def foreign(
    ref: model.ObjectRef, owner: str | None, identity: model.Identity, *, adopt: bool = False
) -> model.Refusal | None:
    """Refuses an existing object that isn't this formation's, unless a person allows its adoption.

    `owner` is from its labels; `adopt` is a person's permission to adopt an object without an owner.
    """
    if owner == identity.owner or (owner is None and adopt):
        return None
    if owner is None:
        message = "it is already there and isn't Sealane's"
        hint = "rename yours, or deploy with --adopt to take it over"
    else:
        message = f"it belongs to {owner}"
        hint = f"rename it, or remove it from {owner} first"
    return model.Refusal(ref=ref, reason=model.Reason.FOREIGN, message=message, hint=hint)


def namespace_terminating(namespace: str) -> errors.Refused:
    """The namespace is being deleted, and objects written there would be deleted with it."""
    hint = f"wait until namespace {namespace} is gone and make it again, or deploy to another one"
    return errors.Refused(f"namespace {namespace} is being deleted", hint=hint)


def twin(ref: model.ObjectRef) -> model.Refusal:
    """The same object is given twice, so it would be written twice with different content."""
    message = "it is given twice"
    return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message, hint="keep one of the two stencils")


def once(changes: Iterable[model.ObjectChange]) -> tuple[model.ObjectChange, ...]:
    """The changes; a second one of the same object is refused."""
    seen: set[model.Key] = set()
    marked = []
    for change in changes:
        marked.append(replace(change, refusal=twin(change.ref)) if change.ref.key in seen else change)
        seen.add(change.ref.key)
    return tuple(marked)


def changed_content(ref: model.ObjectRef) -> model.Refusal:
    """An object of this name exists and can't be changed to the wanted one."""
    message = "it is immutable and holds other content"
    return model.Refusal(ref=ref, reason=model.Reason.IMMUTABLE, message=message, hint=rename(ref))


def same_content(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether two immutable ConfigMaps or Secrets have the same content, as far as known.

    Values of secrets may be unresolved; then they read `<secret NAME>`, and the object's name identifies them.
    """
    return all(_same(live.get(part) or {}, wanted.get(part) or {}) for part in ("data", "binaryData", "stringData"))


def check_resolved(ref: model.ObjectRef, manifest: Mapping[str, Any]) -> None:
    """Raises SealaneError for a Secret with an unresolved value, which must never be written."""
    values = [*(manifest.get("data") or {}).values(), *(manifest.get("stringData") or {}).values()]
    if ref.kind == "Secret" and any(_is_placeholder(str(value)) for value in values):
        raise errors.SealaneError(f"{ref} was to be written before its values were resolved", hint="report this")


def _same(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return live.keys() == wanted.keys() and all(
        live[key] == value or _is_placeholder(str(value)) for key, value in wanted.items()
    )


def _is_placeholder(value: str) -> bool:
    return value.startswith((PLACEHOLDER, base64.b64encode(PLACEHOLDER.encode()[:6]).decode()))


def rename(ref: model.ObjectRef) -> str:
    """The hint for an object that can't be changed."""
    if ref.kind == "Job":
        return "a Job never changes: put ${deploy_tag} into its name, so that each release has its own"
    return "give it a new name, or delete the old one by hand"
