"""Whose an object is, and when it must not be touched. Pure: knows nothing about any destination's API."""

from __future__ import annotations

from sealane.destinations import model


def foreign(
    ref: model.ObjectRef, owner: str | None, identity: model.Identity, *, adopt: bool = False
) -> model.Refusal | None:
    """An object that is there and isn't this formation's is never taken over silently.

    `owner` is what its labels say, `adopt` a person's word that one of nobody's may be taken.
    """
    if owner == identity.owner or (owner is None and adopt):
        return None
    if owner is None:
        message = "it is already there and isn't Sealane's"
        mend = "rename yours, or deploy with --adopt to take it over"
    else:
        message = f"it belongs to {owner}"
        mend = f"rename it, or remove it from {owner} first"
    return model.Refusal(ref=ref, reason=model.Reason.FOREIGN, message=message, mend=mend)


def twin(ref: model.ObjectRef) -> model.Refusal:
    """The same object is given twice: it would be written twice, each time differently."""
    message = "it is given twice"
    return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message, mend="keep one of the two stencils")


def changed_content(ref: model.ObjectRef) -> model.Refusal:
    """Something of this name is there and can never become what is wanted."""
    message = "it is immutable and holds other content"
    return model.Refusal(ref=ref, reason=model.Reason.IMMUTABLE, message=message, mend=rename(ref))


def rename(ref: model.ObjectRef) -> str:
    """The way out for an object that can't be changed."""
    if ref.kind == "Job":
        return "a Job never changes: put ${deploy_tag} into its name, so that each release has its own"
    return "give it a new name, or delete the old one by hand"
