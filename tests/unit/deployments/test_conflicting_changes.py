"""What became of a revision's fields while it rolled out: what counts, and whose it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.deployments import conflicting_changes
from sealane.destinations.kubernetes import field_managers
from sealane.destinations.kubernetes.field_managers import FieldManager
from sealane.destinations.model import Action, FieldChange, ObjectChange, ObjectRef, Reason, Refusal

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
AT = datetime(2026, 11, 21, 8, 59, 30, tzinfo=UTC)
WEB = ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name="web")
IMAGE = "spec.template.spec.containers[web].image"


def field(path: str = IMAGE, by: str | None = None, **more: Any) -> FieldChange:
    values = {"before": "web:9", "after": "web:2", "manager": by, "at": AT if by else None, **more}
    return FieldChange(path=path, **values)


def change(*fields: FieldChange, action: Action = Action.CHANGE, refusal: Refusal | None = None) -> ObjectChange:
    return ObjectChange(action=action, ref=WEB, fields=fields, refusal=refusal)


@pytest.mark.parametrize(
    ("path", "by", "theirs"),
    [
        (IMAGE, "kubectl-set", False),
        (IMAGE, "some-controller", False),
        (IMAGE, None, False),
        ("spec.jobTemplate.spec.template.spec.containers[web].image", "some-controller", False),
        ("data.colour", "kubectl-edit", False),
        ("data.colour", "helm", False),
        ("data.colour", None, False),
        ("data.colour", "reloader", True),
        ("webhooks[a].clientConfig.caBundle", "cert-manager-cainjector", True),
        ("spec.replicas", "kubectl-scale", True),
        ("spec.replicas", None, True),
        ("spec.paused", "kubectl-rollout", True),
        ("spec.suspend", "kueue", True),
    ],
)
def test_a_cluster_says_what_is_somebody_elses_to_say(path: str, by: str | None, theirs: bool) -> None:
    """What pods are made of is nobody's; by some fields people and controllers steer whatever is there."""
    setter = FieldManager(manager=by, at=AT) if by else None
    assert field_managers.noted(field(path), setter).theirs is theirs


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [change(action=Action.NONE)],
        [change(action=Action.CREATE)],  # the watcher judges what is gone
        [change(field(by="autoscaler", theirs=True))],
        [change(field(by="kubectl-set"), refusal=Refusal(ref=WEB, reason=Reason.ADMISSION, message="no"))],
    ],
)
def test_what_does_not_count(changes: list[ObjectChange]) -> None:
    assert conflicting_changes.conflicts(changes, now=NOW) == conflicting_changes.Conflicts()


def test_what_nobody_else_claims_is_a_write_of_our_own() -> None:
    conflicts = conflicting_changes.conflicts([change(field()), change(action=Action.NONE)], now=NOW)
    assert (conflicts.cause, conflicts.ours) == (None, ("Deployment/web",))


def test_others_are_named_before_all_and_secrets_are_not() -> None:
    fields = (field(by="kubectl-set"), field("spec.template.spec.hostNetwork", by="k9s", before=True, after=None))
    conflicts = conflicting_changes.conflicts(
        [change(field()), change(*fields), change(field(by="helm"))],
        now=NOW,
        mask=lambda text: text.replace("web:9", "***"),
    )
    assert conflicts.cause is not None
    assert conflicts.cause.sentence == (
        f"Deployment web was changed by kubectl-set at 08:59:30 UTC while it rolled out: {IMAGE} is *** and was to be web:2 "
        "(and 1 more field), and so was 1 more object."
    )
    assert (conflicts.cause.since, conflicts.cause.others, conflicts.cause.is_outside) == (AT, 1, True)


def test_what_was_given_to_somebody_else_is_not_there_any_more() -> None:
    taken = Refusal(ref=WEB, reason=Reason.FOREIGN, message="it belongs to shop/qa")
    conflicts = conflicting_changes.conflicts([change(refusal=taken)], now=NOW)
    assert conflicts.cause is not None
    assert conflicts.cause.sentence == "Deployment web was taken away while it rolled out: it belongs to shop/qa."
