"""The table of what is decisive and what is waited for, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sealane.verdicts import evaluate, model
from sealane.verdicts.judgement import ANY_KEY, BY_CONTROLLER, Judgement, Rules, State

K = model.FactKind
START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PATIENCE = timedelta(seconds=60)


def at(seconds: float) -> datetime:
    """So long after the start."""
    return START + timedelta(seconds=seconds)


def fact(kind: K, *, since: float = 2, times: int = 1, **more: object) -> model.Fact:
    """A fact about a pod that this deployment made."""
    given = {"object": "Pod/web-1", "workload": "Deployment/web", "container": "web", "created": at(1), **more}
    return model.Fact(kind=kind, since=at(since), times=times, words="some words", **given)


def judged(*facts: model.Fact, now: float, **rules: object) -> Judgement:
    """What those facts about an unready workload come to at that time."""
    workload = model.Workload(
        object="Deployment/web",
        health=model.Health.CONVERGING,
        desired=1,
        updated=1,
        ready=0,
        old=0,
        ready_since=None,
        message="0 of 1 pod ready",
    )
    seen = model.Observation(at=at(now), workloads=(workload,), facts=facts, unit="pod")
    given = {"started": START, "patience": PATIENCE, **rules}
    return evaluate.judge(seen, Rules(**given), now=at(now))


AT_ONCE = [
    *(K.IMAGE_MISSING, K.IMAGE_DENIED, K.IMAGE_INVALID, K.REFUSED, K.QUOTA),
    *(K.CANNOT_START, K.JOB_FAILED, K.JOB_TIMED_OUT, K.RESOURCE_FAILED),
]
SECOND_END = [K.ENDED, K.OUT_OF_MEMORY, K.KILLED_BY_PROBE, K.BAD_COMMAND]
PATIENT = [
    K.REGISTRY_UNREACHABLE,
    K.NOT_ANSWERING,
    K.NOT_READY,
    K.PROBE_FAILING,
    K.UNSCHEDULABLE,
    K.VOLUME_PENDING,
    K.INIT_RUNNING,
    K.CREATE_ERROR,
    K.OLD_POD_STUCK,
    K.TARGET_MISSING,
]


@pytest.mark.parametrize("kind", AT_ONCE)
def test_a_definite_no_is_decisive_at_the_first_answer(kind: K) -> None:
    judgement = judged(fact(kind), now=2)
    assert judgement.state == "failed"
    assert judgement.cause is not None
    assert judgement.cause.decisive


def test_an_end_by_a_signal_waits_for_the_probe_that_may_have_caused_it() -> None:
    """The event that names the probe may come later than the container's end; without one it is decided a moment later."""
    ended = fact(K.ENDED, since=10, times=2, detail={"exit_code": "137", "perhaps_by_probe": "yes"})
    assert judged(ended, now=12).state is State.PROGRESSING
    assert judged(ended, now=25.1).state is State.FAILED
    assert judged(fact(K.ENDED, since=10, times=2, detail={"exit_code": "137"}), now=10).state is State.FAILED


@pytest.mark.parametrize("kind", SECOND_END)
def test_one_end_is_tolerated_and_the_second_is_decisive(kind: K) -> None:
    assert judged(fact(kind, times=1), now=300).state == "progressing"
    assert judged(fact(kind, times=2), now=3).state == "failed"


def test_an_init_container_may_end_badly_until_its_backoff_is_used_up() -> None:
    assert judged(fact(K.INIT_ENDED, times=2), now=30).state == "progressing"
    assert judged(fact(K.INIT_ENDED, times=3), now=30).state == "failed"


@pytest.mark.parametrize("kind", PATIENT)
def test_what_may_pass_is_waited_for_as_long_as_patience_lasts(kind: K) -> None:
    waiting = judged(fact(kind, since=10), now=69.9)
    assert (waiting.state, waiting.again) == ("progressing", at(70))
    assert waiting.cause is not None
    assert waiting.waiting_for == waiting.cause.sentence.rstrip(".")
    over = judged(fact(kind, since=10), now=70)
    assert over.state == "failed"
    assert over.cause is not None
    assert not over.cause.decisive


@pytest.mark.parametrize(
    ("kind", "detail"), [(K.RESOURCE_PENDING, {}), (K.ADDRESS_PENDING, {}), (K.TARGET_MISSING, {"may_come": "yes"})]
)
def test_what_controllers_make_is_waited_for_until_the_deadline(kind: K, detail: dict[str, str]) -> None:
    """A database may take minutes; what is waited for is told meanwhile, and blamed in the end."""
    waiting = judged(fact(kind, detail=detail), now=599)
    assert (waiting.state, waiting.again) == ("progressing", at(600))
    assert waiting.cause is not None
    over = judged(fact(kind, detail=detail), now=600)
    assert (over.state, over.cause) == ("failed", waiting.cause)


def test_a_machine_has_some_time_to_take_an_instance_up_however_short_patience_is() -> None:
    """Neither is it worth a word before some seconds have passed."""
    silent, short = fact(K.NODE_NOT_RESPONDING, since=10), timedelta(seconds=2)
    early = judged(silent, now=14.9, patience=short)
    assert (early.state, early.cause) == ("progressing", None)
    assert judged(silent, now=29.9, patience=short).cause is not None
    assert judged(silent, now=29.9, patience=short).state == "progressing"
    assert judged(silent, now=30, patience=short).state == "failed"


def test_patience_does_not_count_from_before_the_deployment() -> None:
    assert judged(fact(K.NOT_READY, since=-5000), now=59).state == "progressing"
    assert judged(fact(K.NOT_READY, since=-5000), now=60).state == "failed"


@pytest.mark.parametrize(
    ("made", "detail", "state"),
    [
        ({}, {"reference": "ConfigMap/settings"}, "failed"),
        ({"ConfigMap/settings": ("colour",)}, {"reference": "ConfigMap/settings"}, "progressing"),
        ({"ConfigMap/settings": ("colour",)}, {"reference": "ConfigMap/settings", "key": "size"}, "failed"),
        ({"ConfigMap/settings": ("size",)}, {"reference": "ConfigMap/settings", "key": "size"}, "progressing"),
        ({"Secret/tls": (ANY_KEY,)}, {"reference": "Secret/tls", "key": "tls.key"}, "progressing"),
        ({}, {"reference": "PersistentVolumeClaim/data", "awaited": "yes"}, "progressing"),
    ],
)
def test_a_missing_reference_is_decisive_when_nothing_in_the_revision_will_make_it(
    made: dict[str, tuple[str, ...]], detail: dict[str, str], state: str
) -> None:
    assert judged(fact(K.REFERENCE_MISSING, detail=detail), now=3, made=made).state == state


def test_what_a_custom_resource_names_is_waited_for_until_the_deadline() -> None:
    """A certificate takes as long as it takes; what the revision itself makes does not."""
    made = {"Secret/tls": (BY_CONTROLLER,), "Secret/own": ("token",)}
    assert (
        judged(fact(K.REFERENCE_MISSING, detail={"reference": "Secret/tls"}), now=599, made=made).state == "progressing"
    )
    assert judged(fact(K.REFERENCE_MISSING, detail={"reference": "Secret/tls"}), now=600, made=made).state == "failed"
    assert judged(fact(K.REFERENCE_MISSING, detail={"reference": "Secret/own"}), now=63, made=made).state == "failed"


def test_a_quota_is_not_the_last_word_while_older_pods_may_make_room() -> None:
    assert judged(fact(K.QUOTA, detail={"freeable": "yes"}), now=3).state == "progressing"
    assert judged(fact(K.QUOTA, detail={"freeable": "yes"}), now=63).state == "failed"


@pytest.mark.parametrize(
    ("run", "last", "state"),
    [
        (-4000, -3000, "progressing"),  # it last ended before the deployment
        (-4000, 5, "progressing"),  # its first end since: a long run came to its end
        (6, 7, "failed"),  # that run began after an end of this deployment's time
    ],
)
def test_ends_of_an_older_pod_count_only_when_they_belong_to_the_deployment(run: int, last: int, state: str) -> None:
    """A pod that the deployment left alone may have restarted often in its life."""
    old = fact(K.ENDED, times=17, created=at(-9000), run=at(run), last=at(last))
    assert judged(old, now=10).state == state


def test_the_most_causal_is_blamed_first() -> None:
    """A proxy that isn't ready because the web beside it crashes is not to blame; neither is one that waits longer."""
    proxy = fact(K.PROBE_FAILING, since=1, container="proxy")
    crash = fact(K.ENDED, since=9, times=2)
    judgement = judged(proxy, crash, now=100)
    assert judgement.cause is not None
    assert (judgement.cause.reason, judgement.cause.container) == (K.ENDED, "web")


def test_an_end_by_a_fault_explains_one_by_success() -> None:
    """Of two containers that end, the one with an exit code other than 0 is to blame."""
    quiet = fact(K.ENDED, since=1, times=2, container="aaa", detail={"exit_code": "0"})
    fault = fact(K.ENDED, since=2, times=2, container="web", detail={"exit_code": "1"})
    judgement = judged(quiet, fault, now=3)
    assert judgement.cause is not None
    assert judgement.cause.container == "web"


def test_the_same_trouble_of_several_pods_is_told_once() -> None:
    facts = [fact(K.IMAGE_MISSING, object=f"Pod/web-{number}", detail={"image": "r/web:1"}) for number in (1, 2, 3)]
    judgement = judged(*facts, now=3)
    assert judgement.cause is not None
    assert (judgement.cause.others, judgement.cause.object) == (2, "Pod/web-1")
    assert judgement.cause.sentence.endswith("(2 more pods have the same trouble).")


def test_the_deadline_names_what_is_in_the_way() -> None:
    judgement = judged(fact(K.STARTING), now=600, patience=timedelta(hours=1))
    assert judgement.state == "failed"
    assert judgement.cause is not None
    assert judgement.cause.object == "Pod/web-1"
    bare = judged(now=600)
    assert bare.waiting_for == "Deployment web was not ready after 600 s: 0 of 1 pod ready."


@pytest.mark.parametrize(
    ("stated", "startup", "patience"),
    [(None, None, 60), (None, 5, 60), (None, 40, 120), (7, 40, 7)],
)
def test_patience_is_stated_or_follows_from_the_last_start_up(
    stated: int | None, startup: int | None, patience: int
) -> None:
    def span(seconds: int | None) -> timedelta | None:
        return None if seconds is None else timedelta(seconds=seconds)

    assert evaluate.patience(span(stated), span(startup)) == timedelta(seconds=patience)
