"""Whatever clusters, registries and probes say: a sentence has one stop at its end, no empty part and no doubled stop."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.deployments import apply_phase, hooks
from sealane.deployments.gates.model import GateResult, Outcome
from sealane.destinations import model as destinations
from sealane.formations.gates import Hook, Task, When
from sealane.verdicts import diagnose, evaluate, model, outcomes, stability
from sealane.verdicts.judgement import Rules, State
from sealane.verdicts.messages import causes

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
_ENDINGS = ("", ".", "..", ". ", " .", "…", "!", "?", ":", ";", ",", ".\n", "...", " ")
texts = st.builds(
    str.__add__,
    st.sampled_from(("", "no such host", "exit code 3", "0/3 nodes are available: 3 Insufficient cpu", "said “no”", "a\nb")),
    st.sampled_from(_ENDINGS),
)  # fmt: skip
details = st.fixed_dictionaries(
    {},
    optional={
        "exit_code": st.sampled_from(("0", "1", "137")),
        "limit": st.sampled_from(("", "64Mi")),
        "image": st.just("registry.example.com/web:1"),
        "probe": st.sampled_from(("", "startup", "liveness", "readiness")),
        "asks": st.sampled_from(("", "GET :80/", "command check")),
        "reference": st.sampled_from(("", "Secret/keys", "ConfigMap/")),
        "key": st.sampled_from(("", "token")),
        "node": st.just("one"),
        "lost": st.just("yes"),
        "freeable": st.just("yes"),
    },
)
facts = st.builds(
    model.Fact,
    kind=st.sampled_from(model.FactKind).filter(
        lambda kind: kind not in {model.FactKind.UNSTEADY, model.FactKind.GATE_FAILED, model.FactKind.HOOK_FAILED}
    ),
    object=st.sampled_from(("Pod/web-1", "Deployment/web", "Job/report")),
    workload=st.just("Deployment/web"),
    container=st.sampled_from((None, "web")),
    role=st.sampled_from((None, *model.Role)),
    since=st.just(AT),
    words=texts,
    times=st.integers(1, 5),
    detail=details,
)


def is_well_formed(text: str) -> bool:
    """One stop at the end, and nothing doubled, empty or left open on the way."""
    wrong = re.search(r"\.\s*\.|[,;:]\s*[.,;:]|\s[.,;:](?!\w)|\(\s*\)|\s\s|\n|^\s|^$|: *$|“”", text.replace("…", ""))
    return wrong is None and text.endswith((".", "…", "!", "?")) and text[:1] == text[:1].upper()


@given(fact=facts, terminations=st.integers(0, 5), others=st.integers(0, 3), unit=st.sampled_from(["pod", "task"]))
def test_every_fact_is_one_sentence(fact: model.Fact, terminations: int, others: int, unit: str) -> None:
    """Of every kind, with and without words, details and a container."""
    said = causes.sentence(fact, terminations=terminations, others=others, unit=unit)
    assert is_well_formed(said), said


def test_an_instance_is_called_what_its_destination_calls_it() -> None:
    """The verdict knows no pods of its own."""
    fact = model.Fact(kind=model.FactKind.QUOTA, object="Service/web", workload="Service/web", since=AT, words="full")
    missing = replace(fact, kind=model.FactKind.REFERENCE_MISSING, object="Task/web-1", detail={"reference": "Key/a"})
    said = [causes.sentence(cause, terminations=0, others=2, unit="task") for cause in (fact, missing)]
    assert said == [
        "Service web gets no more tasks: full (2 more tasks have the same trouble).",
        "Task web-1 cannot start: there is no Key a (2 more tasks have the same trouble).",
    ]


@given(first=facts, second=texts, because=texts, notes=st.lists(texts, max_size=8))
def test_every_verdict_is_well_formed(first: model.Fact, second: str, because: str, notes: list[str]) -> None:
    """Whatever its parts end with, and where one of them says nothing."""
    (cause,) = diagnose.diagnose(
        model.Observation(at=AT, facts=(first,)), Rules(started=AT), now=AT + timedelta(minutes=5)
    )
    verdicts = [
        outcomes.failed(cause, at=AT, because=because or "nothing was there"),
        outcomes.rolled_back(cause, at=AT, stays=[because]),
        outcomes.rollback_failed(cause, second or "it is away", at=AT),
        outcomes.broken(second or "it is away", at=AT),
        outcomes.deployed(at=AT, workloads=2, healthy_for=timedelta(seconds=3), notes=notes),
        outcomes.superseded(by=3, label="shop/dev", at=AT),
        outcomes.cancelled(by="Ann", at=AT),
    ]
    for verdict in verdicts:
        assert is_well_formed(verdict.reason), verdict.reason


@given(message=texts, hint=st.none() | texts, others=st.integers(0, 2))
def test_every_refusal_is_well_formed_and_says_how_to_fix_it(message: str, hint: str | None, others: int) -> None:
    """The hint that `diff` shows stands in the verdict, too."""
    ref = destinations.ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name="web")
    refusal = destinations.Refusal(
        ref=ref, reason=destinations.Reason.INVALID, message=message or "it is invalid", hint=hint
    )
    cause = apply_phase.refused(destinations.Applied(inventory=(), refusals=(refusal,) * (others + 1)), at=AT)
    assert cause is not None
    assert is_well_formed(cause.sentence), cause.sentence
    assert causes.bare(hint or "")[1:] in cause.sentence


@given(words=texts, outcome=st.sampled_from(Outcome))
def test_gates_and_hooks_are_told_in_one_sentence(words: str, outcome: Outcome) -> None:
    """With and without a reason."""
    checked = GateResult(gate="smoke", outcome=outcome, message=words)
    cause = model.Cause(
        sentence=causes.sentences(f"Job smoke failed: {words}"), object="Job/smoke", workload="Job/smoke",
        reason=model.FactKind.JOB_FAILED, decisive=True, since=AT,
    )  # fmt: skip
    failed = hooks.failed(Hook(name="smoke", when=When.AFTER, task=Task()), cause)
    for said in (checked.sentence, failed.sentence):
        assert is_well_formed(said), said


@given(
    message=texts,
    name=st.sampled_from(("Deployment/web", "Job/report", "PersistentVolumeClaim/files")),
    health=st.sampled_from((model.Health.CONVERGING, model.Health.READY)),
    fact=st.none() | facts,
)
def test_every_judgement_is_told_well(message: str, name: str, health: model.Health, fact: model.Fact | None) -> None:
    """On the way, and when its time is over."""
    workload = model.Workload(
        object=name, health=health, desired=1, updated=1, ready=0, old=0, ready_since=AT, message=message,
        runs=not name.startswith("Persistent"),
    )  # fmt: skip
    seen = model.Observation(at=AT, workloads=(workload,), facts=(fact,) if fact else ())
    for now in (AT + timedelta(seconds=1), AT + timedelta(hours=1)):
        judgement = evaluate.judge(seen, Rules(started=AT), now=now)
        assert not causes.bare(message) or not judgement.waiting_for.endswith((" .", ".."))
        if judgement.state is State.FAILED and judgement.cause:
            assert is_well_formed(judgement.cause.sentence), judgement.cause.sentence


@pytest.mark.parametrize(
    ("name", "runs", "sentence"),
    [
        ("StatefulSet/db", True, "StatefulSet db was not ready after 600 s: the cluster does not have it."),
        ("Ingress/web", False, "Ingress web was not there after 600 s: the cluster does not have it."),
        ("Job/report", True, "Job report was not done after 600 s: the cluster does not have it."),
    ],
)
def test_what_is_absent_is_not_explained_by_its_absence(name: str, runs: bool, sentence: str) -> None:
    from sealane.destinations.kubernetes.converge import registry

    seen = registry.observation([registry.absent(name, runs=runs)], at=AT)
    judgement = evaluate.judge(seen, Rules(started=AT), now=AT + timedelta(hours=1))
    assert judgement.cause
    assert judgement.cause.sentence == sentence


@pytest.mark.parametrize("kind", [model.FactKind.OLD_POD_STUCK, model.FactKind.NODE_NOT_RESPONDING])
@pytest.mark.parametrize("grace", [0, 30, 120])
def test_what_every_replacement_goes_through_is_no_alarm(kind: model.FactKind, grace: float) -> None:
    """An old pod has the time it was given, and then some seconds, before anybody speaks of it."""
    fact = model.Fact(
        kind=kind, object="StatefulSet/db", workload="StatefulSet/db", since=AT + timedelta(seconds=grace), words="x"
    )
    seen = model.Observation(at=AT, facts=(fact,))
    told = {
        seconds: bool(diagnose.diagnose(seen, Rules(started=AT), now=AT + timedelta(seconds=seconds)))
        for seconds in (0.3, grace, grace + 4, grace + 5, grace + 60)
    }
    assert told == {0.3: False, grace: False, grace + 4: False, grace + 5: True, grace + 60: True}


def test_a_guards_sentence_is_well_formed() -> None:
    fall = stability.Restarts(restarts=3, ready=True, restarted=3, flapped=1)
    instance: Any = model.Instance(
        object="Pod/a", workload="Deployment/web", desired=True, terminating=False, ready=True, ready_since=AT, created=AT,
        state="ready",
    )  # fmt: skip
    workload = model.Workload(
        object="Deployment/web",
        health=model.Health.READY,
        desired=1,
        updated=1,
        ready=1,
        old=0,
        ready_since=AT,
        message="",
    )
    seen = model.Observation(at=AT, workloads=(workload,), instances=(instance,))
    cause = stability.unsteady(stability.Stability(falls={"Pod/a": fall}), seen, stability.StabilityRules())
    assert cause
    assert is_well_formed(cause.sentence)
