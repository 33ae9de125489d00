"""Why not yet? The answer names the condition and who or what lifts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.approvals import blockers, run_blockers
from sealane.approvals.blockers import BlockerInput, DeploymentFacts
from sealane.approvals.explanation import Condition, Waits
from sealane.approvals.run_blockers import WorkerLoad
from sealane.environments.windows import WindowStatus
from sealane.pipelines.fair_share import Queued, Slots, next_runs
from sealane.records.deployments import BrokenGlass, Deployment, DeploymentKind, DeploymentState, GateWord, Hold, Vote
from sealane.verdicts.model import VerdictKind
from tests.properties import examples

from .deployments import NOON, barred, deployment, ended, group_state, hold, rule, run_view, vote


def test_an_open_gate_has_no_conditions() -> None:
    """Nothing asked, nothing held, nothing before it."""
    assert blockers.conditions(deployment(), BlockerInput()) == ()


def test_every_condition_is_named_at_once() -> None:
    """Approval, hold and an earlier delivery, each with who lifts it."""
    asked = deployment(rules=(rule("sre"),), after=("d-0",))
    dev = deployment(id="d-0", formation="dev")
    inputs = BlockerInput(holds=(hold(),), after=(dev,), barred=barred(asked))

    conditions = blockers.conditions(asked, inputs)

    assert [condition.what for condition in conditions] == [
        "the approval of 1 more of sre",
        "a hold on shop #3 and older at shop/production: its container ended twice",
        "shop/dev to be deployed first",
    ]
    assert [condition.who for condition in conditions] == [
        "anyone of them but ann: sealane approve d-1",
        "a developer: sealane rollback shop/production --lift-hold",
        "itself: sealane watch d-0",
    ]


def test_where_delivery_is_unasked_a_newer_commit_lifts_the_hold() -> None:
    """Nobody needs to do anything but repair it."""
    (condition,) = blockers.conditions(deployment(unasked=True, place=2), BlockerInput(holds=(hold(),)))

    assert condition.who.startswith("a newer commit that is deployed there, or a developer")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (VerdictKind.ROLLED_BACK, "dev, which comes before it, was rolled back"),
        (VerdictKind.FAILED, "dev, which comes before it, failed"),
        (VerdictKind.SUPERSEDED, "dev, which comes before it, was superseded"),
        (VerdictKind.DEPLOYED, None),
    ],
)
def test_a_delivery_is_hopeless_when_the_one_before_it_did_not_take_the_release(
    kind: VerdictKind, reason: str | None
) -> None:
    """Nobody is asked to approve what has failed one formation earlier."""
    assert blockers.hopeless(deployment(), BlockerInput(after=(ended(kind, formation="dev"),))) == reason


def test_a_rejected_deployment_is_hopeless() -> None:
    """Whoever said no is named."""
    asked = deployment(rules=(rule("sre"),))

    assert blockers.hopeless(asked, BlockerInput(votes=(vote("bob", "sre", approves=False),))) == "bob rejected it"
    assert blockers.hopeless(asked, BlockerInput(votes=(vote("bob", "sre"),))) is None


def test_a_queued_deployment_names_what_goes_first() -> None:
    """One at a time goes to a formation."""
    first = deployment(id="d-0", sequence=2, state=DeploymentState.ROLLING_OUT)

    why = blockers.deployment(deployment(state=DeploymentState.QUEUED), BlockerInput(ahead=(first,)))

    assert why.sentence == (
        "shop #3 to production waits for shop #2 to production to end; one deployment at a time goes to shop/production"
    )
    assert why.waiting == (
        Condition(kind=Waits.TURN, what="shop #2 to production to end", who="itself: sealane watch d-0"),
    )


@pytest.mark.parametrize("state", [DeploymentState.WAITING, DeploymentState.QUEUED])
def test_what_would_be_refused_now_says_so_before_all_else(state: DeploymentState) -> None:
    """With the reason, and who can change it; its gates stay as they are."""
    asked = deployment(state=state, rules=(rule("sre"),))
    around = BlockerInput(refused_now="shop may not come to production", ahead=(deployment(id="d-0", sequence=2),))

    why = blockers.deployment(asked, around)

    assert "waits for the operators to allow it again: shop may not come to production" in why.sentence
    assert why.waiting[0].who.startswith("the server's operators")
    assert len(why.waiting) == 2
    assert blockers.conditions(asked, around) == blockers.conditions(asked, replace(around, refused_now=""))


@pytest.mark.parametrize("state", [DeploymentState.ROLLING_OUT, DeploymentState.WAITING])
def test_what_is_under_way_or_allowed_says_nothing_of_it(state: DeploymentState) -> None:
    around = BlockerInput(refused_now="" if state is DeploymentState.WAITING else "not any more")
    assert "operators" not in blockers.deployment(deployment(state=state), around).sentence


def test_without_a_worker_nothing_starts_and_operators_are_told() -> None:
    """What was let through waits for one, and so does a run."""
    queued = deployment(state=DeploymentState.QUEUED)

    assert "waits for a worker: none is alive" in blockers.deployment(queued, BlockerInput(workers=0)).sentence
    assert blockers.deployment(queued, BlockerInput()).waiting == ()
    assert "waits for a worker: none is alive" in run_blockers.run(run_view(), WorkerLoad(workers=0)).sentence


def test_a_run_waits_while_others_take_all_the_room() -> None:
    """Who has a slot is counted, of all apps and of its own."""
    assert run_blockers.run(run_view(), WorkerLoad(going=7, slots=8, own=2, share=7, workers=2)).waiting == ()
    full = run_blockers.run(run_view(), WorkerLoad(going=8, slots=8, own=1, share=7, workers=2))
    assert full.sentence == "shop #3 waits for a worker with room: 8 runs are at it"
    shared = run_blockers.run(run_view(), WorkerLoad(going=3, slots=4, own=3, share=3))
    assert shared.sentence == "shop #3 waits for a slot of its app, which may have 3 of 4: 3 runs are at it"
    assert "SEALANE_RUNS__PER_APP" in shared.waiting[0].who


def test_a_shut_window_says_why_until_when_and_who_may_break_the_glass() -> None:
    """Monday at nine in Paris."""
    shut = WindowStatus(
        open=False,
        reason="outside of office hours",
        timezone="Europe/Paris",
        changes=datetime(2026, 11, 23, 8, tzinfo=UTC),
        break_glass=("sre",),
    )

    (condition,) = blockers.deployment(deployment(), BlockerInput(window=shut)).waiting

    assert condition.what == "the window of production to open: outside of office hours"
    assert condition.who == 'itself, or one of sre: sealane approve d-1 --break-glass "REASON"'
    assert condition.when == "opens Mon 2026-11-23 09:00 Europe/Paris"
    glass = BrokenGlass(by="eve", reason="INC-1", at=NOON)
    assert blockers.conditions(deployment(glass=glass), BlockerInput(window=shut)) == ()
    assert blockers.conditions(deployment(kind=DeploymentKind.ROLLBACK), BlockerInput(window=shut)) == ()


def test_members_of_a_release_group_wait_for_each_other_until_the_first_has_begun() -> None:
    """Europe does not move before somebody has agreed to America; after it has, no window stops America."""
    europe = deployment(id="d-eu", formation="eu", release_group_id="cv-1")
    america = deployment(id="d-us", formation="us", release_group_id="cv-1", rules=(rule("sre"),), after=("d-eu",))
    shut = WindowStatus(open=False, reason="the freeze")
    inputs = BlockerInput(group_state=group_state(europe, america), others=((america, DeploymentFacts(window=shut)),))

    assert [condition.what for condition in blockers.conditions(europe, inputs)] == [
        "the approval of 1 more of sre (for us, which goes with it)",
        "the window of production to open: the freeze (for us, which goes with it)",
    ]
    alone = BlockerInput(group_state=group_state(europe), others=())
    assert [condition.what for condition in blockers.conditions(europe, alone)] == [
        "us, which goes with it, to be offered"
    ]

    moved = ended(VerdictKind.DEPLOYED, id="d-eu", formation="eu", release_group_id="cv-1", started=NOON)
    agreed = (vote("bob", "sre"),)
    inputs = BlockerInput(votes=agreed, window=shut, group_state=group_state(moved, america), after=(moved,))
    assert blockers.conditions(america, inputs) == ()


@pytest.mark.parametrize("kind", [VerdictKind.FAILED, VerdictKind.CANCELLED])
def test_a_member_is_hopeless_when_another_has_failed(kind: VerdictKind) -> None:
    """Also when they move side by side."""
    europe = deployment(id="d-eu", formation="eu", release_group_id="cv-1")
    america = ended(kind, id="d-us", formation="us", release_group_id="cv-1")

    reason = blockers.hopeless(europe, BlockerInput(group_state=group_state(europe, america)))

    assert reason == f"what it goes with does not: shop/us {kind.value}: the reason"


def test_what_goes_back_waits_for_the_one_before_it_however_that_ends() -> None:
    """A member that does not get back keeps no other from being rolled back."""
    back = deployment(kind=DeploymentKind.ROLLBACK, after=("d-0",))
    first = deployment(id="d-0", formation="us")

    assert len(blockers.conditions(back, BlockerInput(after=(first,)))) == 1
    failed = BlockerInput(after=(ended(VerdictKind.FAILED, id="d-0", formation="us"),))
    assert blockers.conditions(back, failed) == ()
    assert blockers.hopeless(back, failed) is None


_GROUPS = st.sampled_from(["sre", "release-managers"])
_RULES = st.lists(st.builds(lambda group, count: rule(group, count=count), _GROUPS, st.integers(1, 2)), max_size=2)
_VOTES = st.lists(
    st.builds(
        lambda user, group, revision: vote(user, group, revision=revision),
        st.sampled_from(["ann", "bob", "eve"]),
        _GROUPS,
        st.sampled_from(["sha256:1", "sha256:2"]),
    ),
    max_size=4,
)
_HOLDS = st.lists(
    st.builds(
        lambda place, up_to: hold(place, up_to=up_to, release=f"rel-{up_to}"),
        st.sampled_from(["production", "eu", "dev"]),
        st.integers(1, 4),
    ),
    max_size=2,
)
_WINDOW = st.sampled_from([WindowStatus(open=True), WindowStatus(open=False, reason="the freeze")])
_KINDS = st.sampled_from(list(DeploymentKind))
_AFTER = st.lists(st.sampled_from([None, *VerdictKind]), max_size=2)


def _agreed(subject: Deployment, votes: list[Vote]) -> bool:
    """Whether every rule has its people, counted one by one."""
    for approval_rule in subject.rules:
        people = {v.user for v in votes if v.revision_id == "sha256:1" and v.groups & set(approval_rule.by)} - {"ann"}
        if len(people) < approval_rule.count:
            return False
    return True


def _free(subject: Deployment, holds: list[Hold]) -> bool:
    """Whether no hold is in its way: there the failed release and older ones, elsewhere that release alone."""
    if subject.kind in {DeploymentKind.ROLLBACK, DeploymentKind.SCALE}:
        return True
    return not any(hold.up_to >= 3 if hold.formation == subject.formation else hold.up_to == 3 for hold in holds)


def _inside(subject: Deployment, window: WindowStatus) -> bool:
    return window.open or bool(subject.glass) or subject.kind in {DeploymentKind.ROLLBACK, DeploymentKind.SCALE}


@settings(max_examples=examples(300), deadline=None)
@given(data=st.data(), kind=_KINDS, broken=st.booleans(), in_release_group=st.booleans(), under_way=st.booleans())
def test_the_answer_is_empty_exactly_when_the_deployment_may_begin(
    data: st.DataObject, kind: DeploymentKind, broken: bool, in_release_group: bool, under_way: bool
) -> None:
    """Against what may begin, said again in as plain words as there are."""
    glass = BrokenGlass(by="eve", reason="x", at=NOON) if broken else None
    own = {"rules": tuple(data.draw(_RULES)), "kind": kind, "glass": glass}
    subject = deployment(formation="eu", release_group_id="cv-1" if in_release_group else None, **own)
    votes, holds, window = data.draw(_VOTES), data.draw(_HOLDS), data.draw(_WINDOW)
    after = [
        deployment(id="d-x", formation="dev") if cause is None else ended(cause, id="d-x", formation="dev")
        for cause in data.draw(_AFTER)
    ]
    other_window, other_votes = data.draw(_WINDOW), data.draw(_VOTES)
    state = DeploymentState.ROLLING_OUT if under_way else DeploymentState.WAITING
    other = deployment(
        id="d-us",
        formation="us",
        release_group_id="cv-1",
        state=state,
        rules=tuple(data.draw(_RULES)),
        started=NOON if under_way else None,
    )
    offered = data.draw(st.booleans()) or under_way
    around = BlockerInput(
        votes=tuple(votes),
        barred=barred(subject),
        holds=tuple(holds),
        window=window,
        after=tuple(after),
        group_state=group_state(subject, *((other,) if offered else ())) if in_release_group else None,
        others=((other, DeploymentFacts(votes=tuple(other_votes), barred=barred(other), window=other_window)),)
        if in_release_group and offered
        else (),
    )

    done = [earlier.verdict is not None for earlier in after]
    if kind is not DeploymentKind.ROLLBACK:
        done = [earlier.verdict_kind is VerdictKind.DEPLOYED for earlier in after]
    may = _agreed(subject, votes) and _free(subject, holds) and all(done)
    if in_release_group and under_way:
        pass  # windows are no matter any more
    elif in_release_group:
        together = offered and _agreed(other, other_votes) and _free(other, holds) and _inside(other, other_window)
        may = may and _inside(subject, window) and together
    else:
        may = may and _inside(subject, window)
    assert (blockers.deployment(subject, around).waiting == ()) == may


@given(st.integers(0, 12), st.integers(1, 8), st.integers(0, 12), st.integers(1, 8), st.integers(0, 3))
def test_a_runs_answer_is_empty_exactly_when_it_would_be_given_a_slot(
    others: int, slots: int, own: int, share: int, workers: int
) -> None:
    """As `fair_share` gives them."""
    crowd = WorkerLoad(going=others + own, slots=slots, own=own, share=share, workers=workers)
    queue, running = [Queued(run="r", app="shop")], {"shop": own, "other": others}
    given_one = workers > 0 and next_runs(queue, running, Slots(all=slots, per_app=share)) != ()

    assert (run_blockers.run(run_view(), crowd).waiting == ()) == given_one


def test_a_gate_that_can_not_tell_waits_for_a_persons_word() -> None:
    """Who may say, how, and when it is too late; once somebody has said, nothing is waited for."""
    asked = GateWord(
        deployment_id="d-1",
        key="0",
        gate="errors",
        message="no samples yet.",
        asked=NOON,
        until=NOON + timedelta(hours=1),
    )
    rolling = deployment(state=DeploymentState.ROLLING_OUT, waiting_for="1 of 2 ready")

    why = blockers.deployment(rolling, BlockerInput(questions=(asked,)))
    assert why.sentence.endswith("it waits for a person's word on gate errors: no samples yet")
    assert why.waiting[0].who == "a developer: sealane gate shop/production errors --pass, or --fail"
    assert why.waiting[0].when == "fails at 2026-03-01 13:00 UTC if nobody says anything"

    said = blockers.deployment(rolling, BlockerInput(questions=(replace(asked, passes=True),)))
    assert (said.sentence, said.waiting) == ("shop #3 to production is rolling out: 1 of 2 ready", ())


def test_an_ended_deployment_says_how_and_what_it_holds() -> None:
    """The verdict's reason, and the hold it put."""
    failed = ended(VerdictKind.ROLLED_BACK, id="d-0")

    why = blockers.deployment(failed, BlockerInput(holds=(hold(),)))

    assert why.sentence == "shop #3 to production rolled back: the reason"
    assert [condition.what[:24] for condition in why.waiting] == ["a hold on shop #3 and ol"]
