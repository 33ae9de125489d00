"""Deployments from being offered to their verdict, one transaction at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane.approvals.inbox import InboxKind
from sealane.destinations.model import ObjectRef
from sealane.errors import Conflicting, NotThere
from sealane.events.commits import Commit
from sealane.records.deployments import (
    ApprovalRule,
    BrokenGlass,
    Deployment,
    DeploymentKind,
    DeploymentState,
    GateWord,
    Vote,
)
from sealane.records.filters import Filter
from sealane.store import conclusion
from sealane.store.all_stores import Store
from sealane.store.deployments import Line
from sealane.verdicts import outcomes
from sealane.verdicts.model import Cause, FactKind, Verdict, VerdictKind
from sealane.verdicts.stability import Restarts, Stability

from .samples import NOON, deployment, release, revision

CAUSE = Cause(
    sentence="Container web ended with exit code 1, twice.",
    object="Pod/web-1",
    container="web",
    workload="Deployment/web",
    reason=FactKind.ENDED,
    decisive=True,
    since=NOON,
)


async def offered(store: Store, number: int, sequence: int, **values: Any) -> Deployment:
    """A deployment of release and revision `number`."""
    await store.releases.add(release(number), sequence=number, run_id=None)
    wanted = deployment(number, sequence, release_id=f"rel-{number}", **values)
    return await store.deployments.offer(wanted, revision(f"v{number}", wanted.formation))


async def ended(store: Store, subject: Deployment, kind: VerdictKind) -> Deployment:
    """Takes a deployment through its gate to a verdict."""
    await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
    await store.deployment_queue.begin(subject.id, at=NOON)
    cause = None if kind is VerdictKind.DEPLOYED else CAUSE
    verdict = Verdict(kind=kind, reason=cause.sentence if cause else "all is ready", at=NOON, cause=cause)
    return await conclusion.conclude(store.database, subject.id, verdict)


async def test_what_the_guard_saw_is_kept_until_the_verdict(store: Store) -> None:
    """The newest takes the place of what was there; it is each deployment's own."""
    one, other = await offered(store, 1, 1), await offered(store, 2, 2, formation="dev")
    assert await store.steadiness.of(one.id) == Stability()
    for restarted in (1, 2):
        fall = Restarts(restarts=restarted, ready=True, restarted=restarted)
        await store.steadiness.keep(one.id, Stability(falls={"Pod/web-1": fall}))
    assert (await store.steadiness.of(one.id)).falls["Pod/web-1"].restarted == 2
    assert await store.steadiness.of(other.id) == Stability()
    await ended(store, one, VerdictKind.ROLLED_BACK)
    assert await store.steadiness.of(one.id) == Stability()


async def test_a_deployment_comes_back_as_it_was_offered(store: Store) -> None:
    """Rules and what it comes after included; a second offer under the same id changes nothing."""
    rules = (ApprovalRule(by=("sre", "release-managers"), count=2, source="approval"),)
    first = await offered(store, 1, 1, rules=rules, after=("d-0",), requested_by="ann")

    again = await store.deployments.offer(replace(first, rules=()), revision("v9"))

    assert await store.deployments.get("d-1") == first == again
    assert first.rules == rules


async def test_without_a_sequence_it_takes_the_apps_next(store: Store) -> None:
    """As requests by hand do."""
    sequences = [(await offered(store, number, 0)).sequence for number in (1, 2)]

    assert sequences == [1, 2]


async def test_a_gate_opens_once_and_only_for_the_revision_that_was_looked_at(store: Store) -> None:
    """Of many who open it at once one does; a revision that changed meanwhile stays shut."""
    subject = await offered(store, 1, 1)

    stale = await store.deployment_queue.open("d-1", revision_id="sha256:other", at=NOON)
    opened = await asyncio.gather(
        *(store.deployment_queue.open("d-1", revision_id=subject.revision_id, at=NOON) for _ in range(4))
    )

    assert (stale, sorted(opened)) == (False, [False, False, False, True])
    assert [unqueued.id for unqueued in await store.deployment_queue.unqueued()] == ["d-1"]


async def test_a_lower_number_arriving_late_is_superseded(store: Store) -> None:
    """Even when the higher one failed: it was started there first."""
    early = await offered(store, 2, 2)
    await ended(store, early, VerdictKind.FAILED)
    late = await offered(store, 1, 1)
    await store.deployment_queue.open(late.id, revision_id=late.revision_id, at=NOON)

    begun = await store.deployment_queue.begin(late.id, at=NOON)

    assert begun.verdict_kind is VerdictKind.SUPERSEDED
    assert begun.verdict is not None
    assert begun.verdict.reason == "shop #2, which is newer in commits, came to shop/production first."


async def test_what_still_waits_is_superseded_when_a_newer_one_starts(store: Store) -> None:
    """Nobody is asked to approve what can't go any more; other formations are not touched."""
    waiting, other = await offered(store, 1, 1), await offered(store, 3, 1, formation="qa")
    await ended(store, await offered(store, 2, 2), VerdictKind.DEPLOYED)

    assert (await store.deployments.get(waiting.id)).verdict_kind is VerdictKind.SUPERSEDED
    assert (await store.deployments.get(other.id)).state is DeploymentState.WAITING


async def test_of_two_let_through_the_older_one_that_has_not_begun_is_superseded(store: Store) -> None:
    """Two quick pushes: it is not deployed only to be replaced. What runs, goes back or goes elsewhere is not touched.

    Nor is what a rollback comes to: it is newer than what that goes back to.
    """
    running = await offered(store, 1, 1)
    await store.deployment_queue.open(running.id, revision_id=running.revision_id, at=NOON)
    await store.deployment_queue.begin(running.id, at=NOON)
    queued = [
        await offered(store, 2, 2),
        await offered(store, 1, 3, id="d-3", kind=DeploymentKind.ROLLBACK, requested_by="bob"),
        await offered(store, 4, 4, formation="qa"),
        await offered(store, 5, 5),
    ]

    for other in queued:
        await store.deployment_queue.open(other.id, revision_id=other.revision_id, at=NOON)

    states = [(await store.deployments.get(other.id)) for other in (running, *queued)]
    assert [state.verdict_kind for state in states] == [None, VerdictKind.SUPERSEDED, None, None, None]
    assert states[1].verdict is not None
    assert states[1].verdict.reason == "shop #5, which is newer in commits, came to shop/production first."


async def test_a_gate_that_is_shut_again_opens_again(store: Store) -> None:
    """Only before it has begun."""
    subject = await offered(store, 1, 1)
    opening = {"revision_id": subject.revision_id, "at": NOON}
    await store.deployment_queue.open(subject.id, **opening)

    assert await store.deployment_queue.shut(subject.id, at=NOON)
    assert (await store.deployments.get(subject.id)).state is DeploymentState.WAITING
    assert (await store.deployment_queue.begin(subject.id, at=NOON)).state is DeploymentState.WAITING
    assert await store.deployment_queue.open(subject.id, **opening)
    await store.deployment_queue.begin(subject.id, at=NOON)
    assert not await store.deployment_queue.shut(subject.id, at=NOON)


async def test_broken_glass_is_kept_told_and_audited(store: Store) -> None:
    """Who and why; once it has begun there is nothing to break."""
    subject = await offered(store, 1, 1)
    glass = BrokenGlass(by="eve", reason="INC-1", at=NOON)

    await store.deployments.break_glass(subject.id, glass)

    assert (await store.deployments.get(subject.id)).glass == glass
    view = await store.views.deployment(subject.id)
    assert [line.text for line in view.timeline] == ["eve broke the glass: INC-1"]
    (entry, *_) = await store.audit.last()
    assert (entry.actor, entry.kind, entry.about) == ("eve", "glass.broken", "shop/production")
    await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
    with pytest.raises(Conflicting, match="does not wait any more"):
        await store.deployments.break_glass(subject.id, glass)


async def test_scaling_supersedes_nothing(store: Store) -> None:
    """It brings no release; what waits for approval still may go."""
    waiting = await offered(store, 1, 1)
    await ended(store, await offered(store, 2, 2, kind=DeploymentKind.SCALE), VerdictKind.DEPLOYED)

    assert (await store.deployments.get(waiting.id)).state is DeploymentState.WAITING


async def test_beginning_again_changes_nothing(store: Store) -> None:
    """A worker that takes over begins like the first one."""
    subject = await offered(store, 1, 1)
    await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
    first = await store.deployment_queue.begin(subject.id, at=NOON)

    assert await store.deployment_queue.begin(subject.id, at=NOON + timedelta(minutes=1)) == first


async def test_a_good_verdict_makes_it_the_verified_one(store: Store) -> None:
    """And the inventory is what it left."""
    subject = await offered(store, 1, 1)
    inventory = (ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name="web", uid="1"),)
    await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
    await store.deployment_queue.begin(subject.id, at=NOON)
    verdict = Verdict(kind=VerdictKind.DEPLOYED, reason="all is ready", at=NOON)
    left = conclusion.DeploymentNotes(note="left it", way_back="closed")
    await conclusion.conclude(store.database, subject.id, verdict, inventory=inventory, startup=1.5, remarks=left)

    formation = await store.formations.get("shop", "production")
    assert (formation.current_id, formation.verified_id) == ("d-1", "d-1")
    assert (formation.inventory, formation.startup) == (inventory, 1.5)
    deployment_now = await store.deployments.get("d-1")
    assert (deployment_now.note, deployment_now.way_back) == ("left it", "closed")


async def test_the_first_verdict_stays(store: Store) -> None:
    """A conclusion that is repeated after a crash tells nothing new."""
    subject = await offered(store, 1, 1)
    first = await ended(store, subject, VerdictKind.ROLLED_BACK)

    again = await conclusion.conclude(
        store.database, subject.id, Verdict(kind=VerdictKind.DEPLOYED, reason="other", at=NOON)
    )

    assert again == first
    assert len(await store.holds.open("shop")) == 1


async def test_a_failed_release_is_held_until_a_newer_one_is_deployed(store: Store) -> None:
    """The hold says why; a newer commit lifts it."""
    await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    await ended(store, await offered(store, 2, 2), VerdictKind.ROLLED_BACK)
    (held,) = await store.holds.open("shop")
    assert (held.formation, held.up_to, held.release_id, held.reason) == ("production", 2, "rel-2", CAUSE.sentence)
    assert (await store.formations.get("shop", "production")).current_id == "d-1"

    await ended(store, await offered(store, 3, 3), VerdictKind.DEPLOYED)

    assert await store.holds.open("shop") == ()


async def test_what_wrote_nothing_leaves_there_what_was(store: Store) -> None:
    """Refused: what was there still is, verified or not."""
    refused = Verdict(kind=VerdictKind.FAILED, reason="no", at=NOON, cause=CAUSE, untouched=True)
    there: list[str | None] = []
    kinds = (None, VerdictKind.DEPLOYED, None, VerdictKind.ROLLED_BACK, None, VerdictKind.ROLLBACK_FAILED, None)
    for number, kind in enumerate(kinds, start=1):
        subject = await offered(store, number, number)
        if kind:
            await ended(store, subject, kind)
        else:
            await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
            await store.deployment_queue.begin(subject.id, at=NOON)
            await conclusion.conclude(store.database, subject.id, refused)
        there.append((await store.formations.get("shop", "production")).current_id)
    assert there == [None, "d-2", "d-2", "d-2", "d-2", "d-6", "d-6"]


async def test_what_sealane_could_not_do_holds_nothing(store: Store) -> None:
    """Without a cause no release is to blame."""
    subject = await offered(store, 1, 1)
    verdict = Verdict(kind=VerdictKind.FAILED, reason="Sealane could not do it", at=NOON)
    await conclusion.conclude(store.database, subject.id, verdict)

    assert await store.holds.open("shop") == ()


async def test_what_somebody_else_changed_holds_nothing(store: Store) -> None:
    """The release is not to blame."""
    await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    subject = await offered(store, 2, 2)
    await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
    await store.deployment_queue.begin(subject.id, at=NOON)
    cause = replace(CAUSE, reason=FactKind.CHANGED)
    verdict = Verdict(kind=VerdictKind.ROLLED_BACK, reason="kubectl-set changed it", at=NOON, cause=cause)
    await conclusion.conclude(store.database, subject.id, verdict)

    assert await store.holds.open("shop") == ()
    assert (await store.formations.get("shop", "production")).current_id == "d-1"


async def test_going_back_by_hand_holds_what_was_left(store: Store) -> None:
    """What somebody went back from does not come again by itself."""
    first = await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    await ended(store, await offered(store, 2, 2), VerdictKind.DEPLOYED)
    back = replace(
        deployment(9, 3, kind=DeploymentKind.ROLLBACK, requested_by="bob", release_id="rel-1"),
        revision_id=first.revision_id,
    )
    await ended(store, await store.deployments.offer(back, revision("v1")), VerdictKind.DEPLOYED)

    (held,) = await store.holds.open("shop")
    assert (held.up_to, held.reason) == (2, "bob rolled it back")


async def rolled_back(store: Store, subject: Deployment, *, to: Deployment) -> Deployment | None:
    """As when what was verified degrades."""
    verdict = outcomes.rolled_back_late(CAUSE, at=NOON + timedelta(minutes=3), verified=NOON)
    target = await store.releases.revision(to.revision_id)
    return await conclusion.roll_back(store.database, subject.id, verdict, to=to, revision=target)


async def test_what_degrades_after_its_verdict_is_rolled_back_once(store: Store) -> None:
    """Another verdict, its hold and the way back stand there together; the way back is free of that hold."""
    first = await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    second = await ended(store, await offered(store, 2, 2), VerdictKind.DEPLOYED)
    back = await rolled_back(store, second, to=first)
    assert back is not None
    assert (back.kind, back.revision_id, back.sequence) == (DeploymentKind.ROLLBACK, first.revision_id, 2)
    assert await rolled_back(store, second, to=first) is None
    worse = await store.deployments.get(second.id)
    assert worse.verdict is not None
    assert worse.verdict.kind == "rolled_back"
    assert (worse.had_been_deployed, second.had_been_deployed) == (True, False)
    assert worse.verdict.reason == f"Rolled back 3 minutes after the verdict: {CAUSE.sentence}"
    (held,) = await store.holds.open("shop")
    assert (held.up_to, held.reason) == (2, worse.verdict.reason)
    there = await store.formations.get("shop", "production")
    assert (there.current_id, there.verified_id) == (second.id, first.id)

    await ended(store, back, VerdictKind.DEPLOYED)
    there = await store.formations.get("shop", "production")
    assert (there.current_id, there.verified_id) == (back.id, back.id)
    why = await store.views.why("shop/production")
    assert why.sentence == "shop #2 to production deployed: all is ready"
    assert why.note == f"rolls back shop #2: {worse.verdict.reason}"
    assert await store.holds.open("shop") == (held,)
    assert (await store.deployments.get(second.id)).verdict == worse.verdict


async def test_what_cannot_be_rolled_back_says_so(store: Store) -> None:
    """It is there still, and somebody has to look."""
    first = await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    second = await ended(store, await offered(store, 2, 2), VerdictKind.DEPLOYED)
    back = await rolled_back(store, second, to=first)
    assert back is not None
    await ended(store, back, VerdictKind.FAILED)
    stuck = (await store.deployments.get(second.id)).verdict
    assert stuck is not None
    assert stuck.kind == "rollback_failed"
    assert stuck.reason.endswith(f"The rollback failed too: {CAUSE.sentence}")


async def test_something_newer_ends_the_watch(store: Store) -> None:
    """It may begin at once, and nothing is rolled back any more."""
    first = await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    second = await ended(store, await offered(store, 2, 2), VerdictKind.DEPLOYED)
    third = await offered(store, 3, 3)
    await store.deployment_queue.open(third.id, revision_id=third.revision_id, at=NOON)
    await store.deployment_queue.begin(third.id, at=NOON)
    assert await rolled_back(store, second, to=first) is None
    assert (await store.deployments.get(second.id)).verdict_kind is VerdictKind.DEPLOYED
    assert await store.holds.open("shop") == ()


async def test_a_person_lifts_holds_with_a_reason(store: Store) -> None:
    """It stands in the audit, and there is nothing left to lift."""
    await ended(store, await offered(store, 1, 1), VerdictKind.FAILED)

    await store.holds.lift("shop", "production", by="bob", reason="it was the cluster", at=NOON)

    assert await store.holds.open("shop") == ()
    assert (await store.audit.last(1))[0].kind == "hold.lifted"
    with pytest.raises(NotThere, match="nothing is held on shop/production"):
        await store.holds.lift("shop", "production", by="bob", reason="again", at=NOON)


async def test_a_story_is_told_once(store: Store) -> None:
    """A step that is repeated adds no second line."""
    await offered(store, 1, 1)
    line = Line(key="apply applied 1 object", phase="apply", text="applied 1 object")
    for _ in range(2):
        await store.deployments.tell("d-1", at=NOON, line=line, waiting_for="applied 1 object")

    view = await store.views.deployment("d-1")
    assert [entry.text for entry in view.timeline] == ["applied 1 object"]
    assert view.deployment.waiting_for == "applied 1 object"


async def test_nobody_can_tell_how_it_fares_while_a_deployment_waits_for_its_destination(store: Store) -> None:
    """Whether something was there before or not, until it is told that it goes on."""
    await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    for number, formation in ((2, "production"), (3, "dev")):
        going = await offered(store, number, number, formation=formation)
        await store.deployment_queue.open(going.id, revision_id=going.revision_id, at=NOON)
        await store.deployment_queue.begin(going.id, at=NOON)
        line = Line(key="waits", phase="apply", text="waits: relay europe is away")
        await store.deployments.tell(going.id, at=NOON, line=line, waiting_for=line.text, unreached_since=NOON)
        row = next(listed for listed in await store.views.overview() if listed.formation == formation)
        assert row.health is not None
        assert (row.health.state, row.health.since) == ("unknown", NOON)
        assert row.health.cause == "The destination has not answered since 2026-03-01 12:00:00 UTC."

        await store.deployments.tell(going.id, at=NOON, line=replace(line, key="on"), waiting_for="applied")
        row = next(listed for listed in await store.views.overview() if listed.formation == formation)
        assert row.health is None


async def test_the_first_failure_report_stays(store: Store) -> None:
    """Evidence is taken before anything is rolled back; what comes later is no evidence."""
    await offered(store, 1, 1)
    kept = [await store.failure_reports.keep("d-1", {"n": number}, at=NOON) for number in (1, 2)]

    assert kept[0] == kept[1]
    assert (await store.views.deployment("d-1")).failure_report == {"n": 1}


async def test_the_report_of_a_failed_rollback_is_kept_beside_the_first(store: Store) -> None:
    """The first of them, too."""
    await offered(store, 1, 1)
    await store.failure_reports.keep("d-1", {"n": 1}, at=NOON)
    for number in (2, 3):
        await store.failure_reports.keep_second("d-1", {"n": number}, at=NOON)

    view = await store.views.deployment("d-1")
    assert (view.failure_report, view.second_failure_report) == ({"n": 1}, {"n": 2})


async def test_nobody_votes_twice_on_one_revision(store: Store) -> None:
    """On a changed revision they are asked again, and former votes are not shown."""
    subject = await offered(store, 1, 1, rules=(ApprovalRule(by=("sre",), count=1, source="approval"),))
    vote = Vote(
        user="bob",
        groups=frozenset({"sre"}),
        revision_id=subject.revision_id,
        approves=True,
        comment="",
        at=NOON,
    )
    await store.votes.add(subject, vote)
    with pytest.raises(Conflicting, match="bob has decided on this already"):
        await store.votes.add(subject, vote)
    assert await store.views.approvals_waiting() == ()

    await store.deployments.revise("d-1", revision("changed"), note="a secret changed", at=NOON)

    (asked,) = await store.views.approvals_waiting()
    assert (asked.votes, asked.missing) == ((), ("1 more of sre",))

    await store.deployments.revise("d-1", revision("again"), note="a plan", remark="goes back", rules=(), at=NOON)

    assert await store.views.approvals_waiting() == ()
    assert (await store.deployments.get("d-1")).note == "goes back"


async def test_what_was_called_off_while_another_revision_was_made_stays_so(store: Store) -> None:
    """Planning takes a while."""
    await offered(store, 1, 1)
    await store.cancellations.cancel("d-1", by="bob", at=NOON)

    await store.deployments.revise("d-1", revision("changed"), note="planned anew", at=NOON)

    off = await store.deployments.get("d-1")
    assert (off.state, off.verdict_kind) == (DeploymentState.ENDED, VerdictKind.CANCELLED)


async def test_all_that_waits_for_people_is_listed_what_can_run_out_first(store: Store) -> None:
    """An open question, then an approval, then a hold that stops something; what is answered is gone."""
    await ended(store, await offered(store, 1, 1), VerdictKind.ROLLED_BACK)
    rules = (ApprovalRule(by=("sre",), count=1, source="approval"),)
    held = await offered(store, 1, 2, id="d-2", rules=rules)
    rolling = await offered(store, 3, 3, formation="dev")
    await store.deployment_queue.open(rolling.id, revision_id=rolling.revision_id, at=NOON)
    await store.deployment_queue.begin(rolling.id, at=NOON)
    question = GateWord(deployment_id=rolling.id, key="0", gate="rate", message="no data", asked=NOON, until=NOON)
    await store.gates.ask(question)

    items = await store.views.pending()
    assert [(item.kind, item.deployment.id) for item in items] == [
        (InboxKind.GATE, rolling.id),
        (InboxKind.APPROVAL, held.id),
        (InboxKind.HOLD, held.id),
    ]
    await store.gates.say(rolling.id, "rate", passes=True, by="dora", reason="", at=NOON)
    await store.holds.lift("shop", "production", by="dora", reason="resolved", at=NOON)
    assert [item.kind for item in await store.views.pending()] == [InboxKind.APPROVAL]


async def test_the_overview_shows_what_is_there_what_runs_and_what_waits(store: Store) -> None:
    """One row a formation."""
    await ended(store, await offered(store, 1, 1), VerdictKind.DEPLOYED)
    await ended(store, await offered(store, 2, 2), VerdictKind.ROLLED_BACK)
    await offered(store, 3, 3)

    (row,) = await store.views.overview()
    assert row.current is not None
    assert row.last is not None
    assert row.release is not None
    assert (row.app, row.owner, row.formation) == ("shop", "payments", "production")
    assert (row.current.sequence, row.last.sequence, row.release.id) == (1, 2, "rel-1")
    assert [waits.sequence for waits in row.waiting] == [3]
    assert row.hold is not None


async def test_what_waits_is_compared_with_what_is_there_now(store: Store) -> None:
    """Also when something else went there after it was asked for; once it has begun, with what was there then."""
    commits = [
        Commit(id=f"{n:040}", parents=(f"{n - 1:040}",) if n else (), subject=f"s{n}", author="kim") for n in range(5)
    ]
    for _ in range(2):  # a repeat changes nothing
        await store.commits.add("shop", list(reversed(commits)))
    one, three = await built(store, 1), await built(store, 3)
    first = await store.views.deployment(one.id)
    assert (first.previous, first.since) == (None, None)
    await ended(store, one, VerdictKind.DEPLOYED)
    view = await store.views.deployment(three.id)
    assert view.previous is not None
    assert view.since is not None
    assert (view.previous.id, [commit.subject for commit in view.since.commits]) == (one.revision_id, ["s3", "s2"])
    await ended(store, three, VerdictKind.DEPLOYED)
    two = await built(store, 2, sequence=9)
    assert (await store.views.deployment(two.id)).since.words == "without 1 that is there"  # type: ignore[union-attr]
    again = await store.views.deployment(three.id)
    assert again.since == view.since


async def built(store: Store, number: int, *, sequence: int = 0) -> Deployment:
    """A deployment whose revision names the release of the commit of that number."""
    await store.releases.add(release(number), sequence=number, run_id=None)
    wanted = deployment(number, sequence or number, release_id=f"rel-{number}")
    return await store.deployments.offer(wanted, replace(revision(f"v{number}"), release=f"rel-{number}"))


async def test_pages_of_deployments_follow_each_other(store: Store) -> None:
    """The last one of a page leads to the next page."""
    for number in range(1, 6):
        await offered(store, number, number)

    first = await store.views.deployments(Filter(app="shop"), limit=3)
    second = await store.views.deployments(Filter(app="shop"), limit=3, before=first[-1].id)

    assert sorted(listed.sequence for listed in (*first, *second)) == [1, 2, 3, 4, 5]


async def test_removing_an_app_removes_its_record(store: Store) -> None:
    """All of it, in one transaction."""
    await ended(store, await offered(store, 1, 1), VerdictKind.ROLLED_BACK)

    await store.apps.remove("shop", by="ann", at=NOON)

    assert await store.views.overview() == ()
    assert await store.views.deployments() == ()
