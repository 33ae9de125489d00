"""When an object is refused, by the cluster or on its behalf, and in which words. Pure: turns errors into values."""

from __future__ import annotations

from sealane.clients.kubernetes import errors
from sealane.destinations import model

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
    if isinstance(error, errors.Invalid) and error.immutable:
        return model.Refusal(ref=ref, reason=model.Reason.IMMUTABLE, message=error.says, mend=_rename(ref))
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            mend = error.mend
            if kind is errors.NoNamespace:
                mend = "create the namespace, or put a Namespace among the stencils"
            return model.Refusal(ref=ref, reason=reason, message=error.says, mend=mend)
    return None


def foreign(ref: model.ObjectRef, owner: str | None, identity: model.Identity, *, adopt: bool) -> model.Refusal | None:
    """An object that is there and isn't this formation's is never taken over silently."""
    if owner == identity.owner or (owner is None and adopt):
        return None
    if owner is None:
        message = "it is already there and isn't Sealane's"
        mend = "rename yours, or deploy with --adopt to take it over"
    else:
        message = f"it belongs to {owner}"
        mend = f"rename it, or remove it from {owner} first"
    return model.Refusal(ref=ref, reason=model.Reason.FOREIGN, message=message, mend=mend)


def changed_content(ref: model.ObjectRef) -> model.Refusal:
    """An immutable ConfigMap or Secret of this name holds something else."""
    message = "it is immutable and holds other content"
    return model.Refusal(ref=ref, reason=model.Reason.IMMUTABLE, message=message, mend=_rename(ref))


def twin(ref: model.ObjectRef) -> model.Refusal:
    """The same object is given twice."""
    message = "it is given twice"
    return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message, mend="keep one of the two stencils")


def _rename(ref: model.ObjectRef) -> str:
    if ref.kind == "Job":
        return "a Job never changes: put ${deploy_tag} into its name, so that each release has its own"
    return "give it a new name, or delete the old one by hand"
