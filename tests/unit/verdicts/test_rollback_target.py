"""What is gone back to, what a revision makes, and how verdicts read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sealane.destinations.kubernetes import provided_refs
from sealane.verdicts import model, outcomes, rollback_target
from sealane.verdicts.judgement import BY_CONTROLLER

AT = datetime(2026, 11, 21, tzinfo=UTC)
V = model.VerdictKind


def past(*terminations: tuple[str, model.VerdictKind]) -> list[rollback_target.PastDeployment]:
    return [
        rollback_target.PastDeployment(sequence=number, revision=revision, verdict=kind)
        for number, (revision, kind) in enumerate(terminations, start=1)
    ]


@pytest.mark.parametrize(
    ("history", "failed", "is_rollback", "goes_to", "reason"),
    [
        ([], "a", False, None, "nothing was verified here before, so there is nothing to roll back to"),
        ([("a", V.FAILED)], "b", False, None, "nothing was verified here before, so there is nothing to roll back to"),
        ([("a", V.DEPLOYED)], "b", False, "a", "#1 is the last verified one"),
        ([("a", V.DEPLOYED), ("b", V.DEPLOYED), ("c", V.ROLLED_BACK)], "d", False, "b", "#2 is the last verified one"),
        ([("a", V.DEPLOYED)], "b", True, None, "a rollback is never rolled back"),
        (
            [("a", V.DEPLOYED), ("b", V.DEPLOYED)],
            "b",
            False,
            None,
            "this revision was verified here before, so a rollback would not help",
        ),
    ],
)
def test_a_failure_is_rolled_back_to_what_was_verified_last(
    history: list[tuple[str, model.VerdictKind]], failed: str, is_rollback: bool, goes_to: str | None, reason: str
) -> None:
    target = rollback_target.target(past(*history), failed=failed, is_rollback=is_rollback)
    assert (target.past.revision if target.past else None, target.reason) == (goes_to, reason)


@pytest.mark.parametrize(
    ("kinds", "untouched", "there"),
    [
        ([], (), None),
        ([V.FAILED], (1,), None),
        ([V.FAILED], (), 1),
        ([V.DEPLOYED, V.FAILED], (2,), 1),
        ([V.DEPLOYED, V.FAILED], (), 2),
        ([V.DEPLOYED, V.FAILED, V.FAILED], (3,), 2),
        ([V.DEPLOYED, V.FAILED, V.SUPERSEDED, V.FAILED], (2, 3, 4), 1),
        ([V.DEPLOYED, V.FAILED, V.ROLLED_BACK], (), 1),
        ([V.DEPLOYED, V.DEPLOYED, V.FAILED, V.ROLLED_BACK, V.FAILED], (5,), 2),
        ([V.DEPLOYED, V.ROLLBACK_FAILED], (), 2),
        ([V.DEPLOYED, V.CANCELLED], (), 2),
    ],
)
def test_what_is_there_is_what_wrote_something_or_what_that_went_back_to(
    kinds: list[model.VerdictKind], untouched: tuple[int, ...], there: int | None
) -> None:
    history = [
        rollback_target.PastDeployment(
            sequence=number, revision=f"r{number}", verdict=kind, untouched=number in untouched
        )
        for number, kind in enumerate(kinds, start=1)
    ]
    past = rollback_target.there(reversed(history))
    assert (past.sequence if past else None) == there


@pytest.mark.parametrize(
    ("history", "there", "goes_to"),
    [
        ([("a", V.DEPLOYED), ("b", V.DEPLOYED)], "b", "a"),
        ([("a", V.DEPLOYED), ("b", V.FAILED)], "b", "a"),
        ([("a", V.DEPLOYED), ("b", V.DEPLOYED), ("c", V.ROLLED_BACK)], "b", "a"),
        ([("a", V.DEPLOYED)], "a", None),
        ([], "a", None),
    ],
)
def test_a_person_goes_back_to_the_verified_revision_before_what_is_there(
    history: list[tuple[str, model.VerdictKind]], there: str, goes_to: str | None
) -> None:
    target = rollback_target.before(past(*history), now_there=there)
    assert (target.past.revision if target.past else None) == goes_to


def test_what_a_revision_makes() -> None:
    """Its own ConfigMaps and Secrets with their keys, and whatever a custom resource names."""
    manifests = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings"},
            "data": {"size": "1", "colour": "b"},
        },
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": "<secret token>"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}},
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": "shop"},
            "spec": {"secretName": "shop-tls", "dnsNames": ["shop.example.com"], "renew": 3},
        },
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"x": "not-made"}},
    ]
    made = provided_refs.made(manifests)
    assert made["ConfigMap/settings"] == ("colour", "size")
    assert made["Secret/keys"] == ("token",)
    assert made["ServiceAccount/web"] == ("*",)
    assert made["Secret/shop-tls"] == (BY_CONTROLLER,)
    assert "Secret/not-made" not in made


CAUSE = model.Cause(
    sentence="Container web of pod web-1 ended twice with exit code 3.",
    object="Pod/web-1",
    container="web",
    workload="Deployment/web",
    reason=model.FactKind.ENDED,
    decisive=True,
    since=AT,
)


def test_verdicts_say_the_cause_first() -> None:
    second = "The registry does not have it."
    assert outcomes.deployed(at=AT, workloads=2, healthy_for=timedelta(seconds=10)).reason == (
        "2 workloads have been ready for 10 s."
    )
    assert outcomes.rolled_back(CAUSE, at=AT).reason == CAUSE.sentence
    failed = outcomes.failed(CAUSE, at=AT, because="nothing was verified here before")
    assert failed.reason == f"{CAUSE.sentence} It was left as it is: nothing was verified here before."
    stuck = outcomes.rollback_failed(CAUSE, second, at=AT)
    assert stuck.reason == f"{CAUSE.sentence} The rollback failed too: {second}"
    assert (stuck.kind, stuck.cause) == (V.ROLLBACK_FAILED, CAUSE)
