"""When the cluster refuses an object, and in which words. Pure: turns errors into values."""

from __future__ import annotations

from typing import Any

import msgspec

from sealane.clients.kubernetes import errors
from sealane.destinations import model, ordering, owning

STORED = 1_500_000
"""Bytes of an object. etcd takes 1.5 MiB in a request; a dry run asks it nothing, so it says no only when writing begins."""

_REASONS: tuple[tuple[type[errors.ClusterError], model.Reason], ...] = (
    (errors.AdmissionDenied, model.Reason.ADMISSION),
    (errors.QuotaExceeded, model.Reason.QUOTA),
    (errors.Forbidden, model.Reason.FORBIDDEN),
    (errors.UnknownKind, model.Reason.UNKNOWN_KIND),
    (errors.NoNamespace, model.Reason.INVALID),
    (errors.Invalid, model.Reason.INVALID),
)


def of_error(ref: model.ObjectRef, error: errors.ClusterError) -> model.Refusal | None:
    """The refusal an error stands for; None when it is trouble instead, which asking again may end."""
    if error.retry:
        return None
    if isinstance(error, errors.NamespaceLeaves):
        return leaving(ref, ref.namespace or "")
    if isinstance(error, errors.Invalid) and error.immutable:
        return model.Refusal(ref=ref, reason=model.Reason.IMMUTABLE, message=error.says, mend=owning.rename(ref))
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            mend = error.mend
            if kind is errors.NoNamespace:
                where = ref.namespace or "NAME"
                mend = f"kubectl create namespace {where}, or a Namespace among the stencils where the app may have one"
            return model.Refusal(ref=ref, reason=reason, message=error.says, mend=mend)
    return None


def fitting(found: dict[str, Any]) -> dict[str, Any]:
    """The object that a dry run gave. Raises Invalid when it would be too long for the cluster's store.

    Custom objects are stored as they are; Kubernetes' own kinds have limits that a dry run knows.
    """
    group = str(found["apiVersion"]).rpartition("/")[0]
    custom = ordering.phase(group, str(found["kind"])) is ordering.Phase.CUSTOM
    if custom and (size := len(msgspec.json.encode(found))) > STORED:
        says = f"it would take {size:,} bytes, and the cluster stores no object of more than {STORED:,}"
        raise errors.Invalid(says, mend="split it into several objects", says=says)
    return found


def leaving(ref: model.ObjectRef, namespace: str) -> model.Refusal:
    """The refusal of an object whose namespace is being deleted."""
    found = owning.leaving(namespace)
    return model.Refusal(ref=ref, reason=model.Reason.FORBIDDEN, message=found.message, mend=found.mend)
