"""Turns the cluster's errors into refusals of objects. Pure: turns errors into values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sealane.clients.kubernetes import errors
from sealane.destinations import model, ownership
from sealane.destinations.kubernetes import apply_order

STORED = 1_500_000
"""Most bytes of an object. etcd accepts 1.5 MiB in a request; a dry run does not reach it, so it would refuse only the write."""

STORED_AT_MOST = 1_572_864
"""Most bytes that etcd accepts in one request (`DefaultMaxRequestBytes`)."""
_BYTES = frozenset({"data", "binaryData", "caBundle", "request"})
"""Fields that hold bytes in some kinds (the API's `format: byte`)."""

_REASONS: tuple[tuple[type[errors.ClusterError], model.Reason], ...] = (
    (errors.AdmissionDenied, model.Reason.ADMISSION),
    (errors.QuotaExceeded, model.Reason.QUOTA),
    (errors.Forbidden, model.Reason.FORBIDDEN),
    (errors.UnknownKind, model.Reason.UNKNOWN_KIND),
    (errors.NoNamespace, model.Reason.INVALID),
    (errors.Invalid, model.Reason.INVALID),
)


def of_error(ref: model.ObjectRef, error: errors.ClusterError) -> model.Refusal | None:
    """The refusal for an error; None for trouble that a retry may end."""
    if error.retry:
        return None
    if isinstance(error, errors.NamespaceTerminating):
        return namespace_terminating(ref, ref.namespace or "")
    if isinstance(error, errors.Invalid) and error.immutable:
        renamed = ownership.rename(ref)
        return model.Refusal(
            ref=ref, reason=model.Reason.IMMUTABLE, message=error.answer, hint=renamed, fields=_fields(error)
        )
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            if kind is errors.NoNamespace:
                return no_namespace(ref)
            return model.Refusal(ref=ref, reason=reason, message=error.answer, hint=error.hint, fields=_fields(error))
    return None


def _fields(error: errors.ClusterError) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cause.field for cause in error.causes if cause.field))


def fitting(live: dict[str, Any]) -> dict[str, Any]:
    """The object that a dry run returned. Raises Invalid when it would be too long for the cluster's store.

    Custom objects are stored as they are. Kubernetes' own kinds are stored in a shorter form, without field names: only
    the size of their texts is certain.
    """
    group = str(live["apiVersion"]).rpartition("/")[0]
    custom = apply_order.phase(group, str(live["kind"])) is apply_order.Phase.CUSTOM
    size, most = (len(msgspec.json.encode(live)), STORED) if custom else (_texts(live), STORED_AT_MOST)
    if size > most:
        least = "" if custom else "at least "
        says = f"it would take {least}{size:,} bytes, and the cluster stores no object of more than {most:,}"
        raise errors.Invalid(says, hint="split it into several objects", answer=says)
    return live


def _texts(node: Any) -> int:
    """Bytes of its texts alone; base64 that is stored as bytes takes three quarters."""
    if isinstance(node, str):
        return len(node) if node.isascii() else len(node.encode(errors="replace"))
    if isinstance(node, Mapping):
        return sum(_texts(value) * 3 // 4 if key in _BYTES else _texts(value) for key, value in node.items())
    return sum(map(_texts, node)) if isinstance(node, list) else 0


def no_namespace(ref: model.ObjectRef) -> model.Refusal:
    """The refusal of an object whose namespace does not exist."""
    hint = f"kubectl create namespace {ref.namespace}, or a Namespace among the stencils where the app may have one"
    return model.Refusal(
        ref=ref, reason=model.Reason.INVALID, message=f"the namespace {ref.namespace} is not there", hint=hint
    )


def namespace_terminating(ref: model.ObjectRef, namespace: str) -> model.Refusal:
    """The refusal of an object whose namespace is being deleted."""
    refusal = ownership.namespace_terminating(namespace)
    return model.Refusal(ref=ref, reason=model.Reason.FORBIDDEN, message=refusal.message, hint=refusal.hint)
