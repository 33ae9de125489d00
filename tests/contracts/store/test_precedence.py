"""What goes out and what ends at a formation, over any sequence of pushes, late ones, re-runs, requests, holds and verdicts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sealane.approvals import blockers, way_out
from sealane.blobs.logs import Logs
from sealane.records.deployments import ApprovalRule, Deployment, DeploymentKind, DeploymentState, Vote
from sealane.store import apps, conclusion
from sealane.store.all_stores import Store
from sealane.verdicts.model import Verdict, VerdictKind
from tests import databases
from tests.properties import examples

from .samples import NOON, app, deployment, release, revision
from .test_deployments import CAUSE

RULES = (ApprovalRule(by=("sre",), count=1, source="approval"),)


class Place(RuleBasedStateMachine):
    """One formation, to which commits 1, 2, 3 … come; the number of a commit is its place."""

    store: Store
    runner: asyncio.Runner
    names: Iterator[int] = itertools.count()

    @initialize()
    def start(self) -> None:
        self.name = f"shop{next(self.names)}"
        self.run(self.store.apps.add(app(self.name), by="ann"))
        self.commits = 0
        self.made = itertools.count(1)
        self.building: list[Deployment] = []
        """Pushed or run again, and not offered yet."""
        self.all: list[str] = []
        self.begun: list[str] = []

    def run(self, what: Any) -> Any:
        return self.runner.run(what)

    def known(self) -> list[Deployment]:
        return [self.run(self.store.deployments.get(id_)) for id_ in self.all]

    def there(self) -> Deployment | None:
        try:
            formation = self.run(self.store.formations.get(self.name, "dev"))
        except Exception:  # noqa: BLE001 - nothing was ever meant for it
            return None
        return self.run(self.store.deployments.get(formation.current_id)) if formation.current_id else None

    def build(self, place: float, *, by: str | None = None, asks: bool = False) -> None:
        """Takes the app's next number, as an event does."""
        sequence = self.run(self.store.database.write(lambda c: apps.next_sequence(c, self.name)))
        number = next(self.made)
        made = replace(release(number), id=f"{self.name}-{number}", app=self.name)
        self.run(self.store.releases.add(made, sequence=sequence, run_id=None, place=place))
        self.building.append(
            deployment(
                number,
                sequence,
                "dev",
                id=f"{self.name}-d{number}",
                app=self.name,
                release_id=made.id,
                requested_by=by,
                by_hand=by is not None,
                rules=RULES if asks else (),
                unasked=not asks,
            )
        )

    def offer(self, wanted: Deployment) -> None:
        kept = replace(revision(f"{wanted.release_id}", "dev"), id=wanted.revision_id, app=self.name)
        offered = self.run(self.store.deployments.offer(wanted, kept))
        self.all.append(offered.id)
        self.look()

    def look(self) -> None:
        """Opens every gate that may be opened, as the server does after everything that happens."""
        for subject in self.run(self.store.deployments.waiting(self.name)):
            around = self.run(self.store.views.circumstances(subject))
            if not blockers.conditions(subject, around):
                self.run(self.store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON))

    @rule(asks=st.booleans())
    def push(self, *, asks: bool) -> None:
        self.commits += 1
        self.build(self.commits, asks=asks)

    @precondition(lambda self: self.commits > 1)
    @rule(data=st.data())
    def push_late(self, data: st.DataObject) -> None:
        """The message of an older commit comes after that of a newer one."""
        self.build(data.draw(st.integers(1, self.commits - 1)) - 0.5)

    @precondition(lambda self: self.commits)
    @rule(data=st.data())
    def run_again(self, data: st.DataObject) -> None:
        self.build(data.draw(st.integers(1, self.commits)), by="kim")

    @precondition(lambda self: self.building)
    @rule(data=st.data())
    def finish_building(self, data: st.DataObject) -> None:
        """In whichever order."""
        self.offer(self.building.pop(data.draw(st.integers(0, len(self.building) - 1))))

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """A person sends a release, or goes back to what was verified."""
        kind = data.draw(st.sampled_from([DeploymentKind.MANUAL, DeploymentKind.ROLLBACK, DeploymentKind.SCALE]))
        verified = [deployment for deployment in self.known() if deployment.verdict_kind is VerdictKind.DEPLOYED]
        choices = verified if kind is not DeploymentKind.MANUAL else self.known()
        there = self.there()
        if kind is DeploymentKind.SCALE:
            choices = [there] if there and there.verdict_kind is VerdictKind.DEPLOYED else []
        if not choices:
            return
        of = data.draw(st.sampled_from(choices))
        wanted = replace(of.afresh(), id=f"{self.name}-d{next(self.made)}", kind=kind, requested_by="bob", by_hand=True)
        self.offer(wanted)

    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        asked = [
            deployment
            for deployment in self.known()
            if deployment.state is DeploymentState.WAITING and deployment.rules
        ]
        if asked:
            subject = data.draw(st.sampled_from(asked))
            if not self.run(self.store.votes.of(subject.id, subject.revision_id)):
                vote = Vote(
                    user="sam",
                    groups=frozenset({"sre"}),
                    revision_id=subject.revision_id,
                    approves=True,
                    comment="",
                    at=NOON,
                )
                self.run(self.store.votes.add(subject, vote))
            self.look()

    @rule()
    def lift(self) -> None:
        if self.run(self.store.holds.open(self.name)):
            self.run(self.store.holds.lift(self.name, "dev", by="bob", reason="x", at=NOON))
            self.look()

    @rule(how=st.sampled_from(["good", "bad", "stuck", "broken"]))
    def go(self, how: str) -> None:
        """What was let through first begins, and comes to its verdict, as one worker does it."""
        queued = [deployment for deployment in self.known() if deployment.state is DeploymentState.QUEUED]
        if not queued:
            return
        subject = min(queued, key=lambda deployment: self.all.index(deployment.id))
        around = self.run(self.store.views.circumstances(subject))
        if blockers.conditions(subject, around):
            self.run(self.store.deployment_queue.shut(subject.id, at=NOON))
            self.look()
            return
        before = self.there()
        subject = self.run(self.store.deployment_queue.begin(subject.id, at=NOON))
        if subject.state is not DeploymentState.ROLLING_OUT:
            self.look()
            return
        if before and not subject.by_hand and subject.kind is DeploymentKind.DELIVERY:
            assert subject.place >= before.place, "nobody asked for something older than what is there"
        self.begun.append(subject.id)
        kinds = {"good": VerdictKind.DEPLOYED, "bad": VerdictKind.ROLLED_BACK, "stuck": VerdictKind.ROLLBACK_FAILED}
        kind = kinds.get(how, VerdictKind.FAILED)
        verified = self.run(self.store.formations.get(self.name, "dev")).verified_id
        if kind is VerdictKind.ROLLED_BACK and (not verified or subject.kind is DeploymentKind.ROLLBACK):
            kind = VerdictKind.FAILED
        cause = None if how in {"good", "broken"} else CAUSE
        self.run(
            conclusion.conclude(
                self.store.database, subject.id, Verdict(kind=kind, reason="so it is", at=NOON, cause=cause)
            )
        )
        self.look()

    @invariant()
    def newer_commits_never_end_by_older_ones(self) -> None:
        """What was superseded has something at least as new that began, or was let through, instead; and a way out."""
        if not hasattr(self, "all"):
            return
        known = self.known()
        for ended in known:
            if ended.verdict_kind is not VerdictKind.SUPERSEDED:
                continue
            assert ended.verdict is not None
            assert way_out.of(ended).startswith("sealane "), ended
            assert f"{self.name} #" in ended.verdict.reason, "it says by what"
            if ended.kind in {DeploymentKind.ROLLBACK, DeploymentKind.SCALE}:
                continue
            instead = [other for other in known if other.id != ended.id and other.opened and other.place >= ended.place]
            assert instead, f"{ended.id} ended by something older"

    @invariant()
    def numbers_tell_the_order_in_which_they_began(self) -> None:
        if hasattr(self, "begun"):
            known = {deployment.id: deployment for deployment in self.known()}
            begun = [known[id_] for id_ in self.begun if known[id_].kind is not DeploymentKind.SCALE]
            assert [deployment.sequence for deployment in begun] == sorted(
                {deployment.sequence for deployment in begun}
            )

    @invariant()
    def all_that_waits_says_for_what_or_may_go(self) -> None:
        """Nothing is stuck: once all is let through and done, the newest that is not held is there."""
        if not hasattr(self, "all"):
            return
        for subject in self.known():
            if subject.state is DeploymentState.WAITING:
                around = self.run(self.store.views.circumstances(subject))
                assert blockers.deployment(subject, around).waiting


async def _open(folder: Path) -> Store:
    return await Store.open(f"sqlite:///{databases.fill(folder)}", logs=Logs(folder / "logs"))


def test_any_history_of_a_formation(tmp_path: Path) -> None:
    """Nothing that is newer in commits than what is there is dropped by something older, and what ends says by what."""
    with asyncio.Runner() as runner:
        Place.store, Place.runner = runner.run(_open(tmp_path)), runner
        try:
            run_state_machine_as_test(Place, settings=settings(max_examples=examples(40), stateful_step_count=30))
        finally:
            runner.run(Place.store.close())
