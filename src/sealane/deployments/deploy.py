"""The story of a deployment, from its first write to its verdict. There is no other.

It decides and waits; the steps of a journal act, so another worker can take over by telling the story again from the
beginning. The memory knows and keeps everything. A rollback has no code of its own: it is the same apply and watch
with the last verified revision.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sealane.deployments import apply_phase, messages, model
from sealane.deployments.memory import Memory
from sealane.deployments.steps import gates, hooks, reports, rollout
from sealane.deployments.steps.reports import Failing
from sealane.deployments.steps.rollout import Watched
from sealane.deployments.steps.work import Context, Work
from sealane.destinations import model as destinations
from sealane.destinations.stages import StageKind, StageMark
from sealane.formations.gates import When
from sealane.journal import Broken, Journal
from sealane.verdicts import model as verdicts
from sealane.verdicts import outcomes

Watch = Callable[[Work, model.Begun], Awaitable[Watched]]
_REWRITES = 3
"""How often objects are compared, and written again where another write of our own changed them."""


async def deploy(start: model.Start, journal: Journal, memory: Memory, context: Context) -> model.Outcome:
    """Runs the memory's deployment; rolls back when it fails and there is a revision to roll back to.

    Raises Broken when a step could not be done, so that nobody knows what is there.
    """
    story = _Story(journal=journal, work=Work(start=start, memory=memory, context=context))
    outcome = await story.told()
    await journal.step("conclude", memory.conclude, outcome)
    return outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class _Story:
    """The story and its results so far."""

    journal: Journal
    work: Work
    done: tuple[str, ...] = ()
    """Hooks before the rollout that ran in this deployment."""
    printed: tuple[str, ...] = ()
    """Signatures of error lines that the earlier version printed."""

    @property
    def start(self) -> model.Start:
        return self.work.start

    async def told(self) -> model.Outcome:
        """The whole story: hooks before the rollout, the rollout, hooks of a failure, then metric stores."""
        outcome = await self._begun()
        if When.FAILURE in self.start.hooks and outcome.verdict.kind is not verdicts.VerdictKind.DEPLOYED:
            with suppress(Broken):  # the verdict stands, whatever becomes of them
                await self.journal.step("hooks failure", hooks.failure, self.work, outcome.verdict)
        if self.start.annotates:
            with suppress(Broken):
                await self.journal.step("annotate", hooks.annotate, self.work, outcome.verdict)
        return outcome

    async def _begun(self) -> model.Outcome:
        story = self
        if self.start.compares:
            story = replace(story, printed=await self.journal.step("printed before", gates.printed_before, self.work))
        if When.BEFORE in self.start.hooks:
            before = await self.journal.step("hooks before", hooks.before, self.work)
            if before.cause:
                verdict = outcomes.not_begun(before.cause, at=self._now(), stays=before.stays)
                return model.Outcome(verdict=verdict, inventory=before.inventory)
            story = replace(story, done=before.done)
        return await story.in_stages()

    async def in_stages(self) -> model.Outcome:
        """Rolls out stage after stage, until one fails or the last one is healthy and its gates have passed."""
        begun: model.Begun | None = None
        watched: Watched | None = None
        written = self.start.stages[0]
        for stage in self.start.stages:
            written = written if stage.kind is StageKind.PAUSE else stage
            applied = await self._applied(stage, begun)
            begun = applied.begun
            if applied.cause:
                return await self._not_applied(applied.cause, begun, written=applied.written)
            assert begun is not None, "what was written is known"
            watched, failing = await self._watched(_named("watch", stage), written, begun, rollout.watch)
            if failing is None:
                watched, failing = await self._checked(stage, written, watched)
            begun = watched.begun
            if failing or not watched.healthy:
                return await self._failed(watched, failing)
        assert watched is not None, "every course has a stage"
        watched, failing = await self._checked_last(written, watched)
        if failing or not watched.healthy:
            return await self._failed(watched, failing)
        return await self._deployed(watched)

    async def _applied(self, stage: StageMark, begun: model.Begun | None) -> rollout.AppliedStage:
        if stage.kind is StageKind.PAUSE:
            assert begun is not None, "a course begins with something that is written"
            return await self.journal.step(_named("apply", stage), rollout.pause, self.work, stage, begun)
        return await self.journal.step(_named("apply", stage), rollout.apply, self.work, stage, begun)

    async def _watched(
        self, name: str, written: StageMark, begun: model.Begun, watch: Watch
    ) -> tuple[Watched, Failing | None]:
        """Watches the stage `written` last. Gives the judgement, and why it fails all the same if others changed it.

        Objects that another write of our own changed are written again. Before the last stage only a failed one is
        compared: the next stage writes everything anew.
        """
        watched = await self.journal.step(name, watch, self.work, begun)
        for _ in range(_REWRITES):
            if _is_cancelled(watched) or (watched.healthy and written != self.start.stages[-1]):
                break
            conflicts = await self.journal.step(f"compare {name}", rollout.compare, self.work, written)
            if conflicts.cause:
                return watched, Failing(cause=conflicts.cause)
            if not conflicts.ours:
                break
            applied = await self.journal.step(f"apply {name} again", rollout.apply, self.work, written, watched.begun)
            if applied.cause:
                return watched, Failing(cause=applied.cause)
            assert applied.begun is not None, "it was written"
            watched = await self.journal.step(f"{name} again", rollout.watch, self.work, applied.begun)
        return watched, None

    async def _checked(self, stage: StageMark, written: StageMark, watched: Watched) -> tuple[Watched, Failing | None]:
        """Checks the stage's gates, then its health again: it may have failed meanwhile."""
        names = self.start.gates.get(stage.name, ())
        if not names or not watched.healthy:
            return watched, None
        key = stage.name or "rolling"
        failing = await self.journal.step(f"check gates {key}", gates.check, self.work, key, names, watched.begun.at)
        return (watched, failing) if failing else await self._again(key, written, watched)

    async def _checked_last(self, written: StageMark, watched: Watched) -> tuple[Watched, Failing | None]:
        """Checks everything healthy for new error lines, then runs the hooks after the rollout."""
        failing: Failing | None = None
        if self.start.compares:
            failing = await self.journal.step("printed now", gates.printed_now, self.work, self.printed, watched.begun)
        if failing is None and When.AFTER in self.start.hooks:
            failing = await self.journal.step("hooks after", hooks.after, self.work)
        if failing or not (self.start.compares or When.AFTER in self.start.hooks):
            return watched, failing
        return await self._again("the end", written, watched)

    async def _again(self, key: str, written: StageMark, watched: Watched) -> tuple[Watched, Failing | None]:
        return await self._watched(f"watch {key} again", written, watched.begun, rollout.watch_again)

    async def _deployed(self, watched: Watched) -> model.Outcome:
        pruned = await self.journal.step("prune", rollout.prune, self.work, watched.begun)
        verdict = outcomes.deployed(
            at=self._now(),
            workloads=watched.workloads,
            healthy_for=watched.healthy_for,
            notes=watched.notes,
            finished=watched.finished,
            unconfirmed=pruned.unconfirmed,
        )
        return model.Outcome(
            verdict=verdict,
            inventory=pruned.inventory,
            startup=watched.result.startup,
            held=pruned.held,
            note="; ".join(pruned.stays) or None,
            way_back=pruned.way_back,
            kept_for=pruned.kept_for,
        )

    async def _not_applied(self, known: verdicts.Cause, begun: model.Begun | None, *, written: bool) -> model.Outcome:
        """Ends a deployment whose objects were refused, or that a person cancelled."""
        cause = await self.journal.step("report", reports.take, self.work, known, None)
        if written:
            return await self._left(cause, begun)
        off = cause.reason is verdicts.FactKind.CALLED_OFF
        stays = await self._undone() if off else ""
        verdict = outcomes.not_written(cause, at=self._now(), stays=stays)
        return model.Outcome(verdict=verdict, inventory=self._everything(begun))

    async def _failed(self, watched: Watched, failing: Failing | None) -> model.Outcome:
        cause = await self.journal.step("report", reports.take, self.work, None, watched, failing)
        return await self._left(cause, watched.begun)

    async def _left(self, cause: verdicts.Cause, begun: model.Begun | None) -> model.Outcome:
        """Rolls back if there is a revision to roll back to, and the failure is this deployment's to undo."""
        if cause.reason in outcomes.LEFT_ALONE:
            verdict = outcomes.left_alone(cause, at=self._now())
            return model.Outcome(verdict=verdict, inventory=self._everything(begun))
        if self.start.previous is None:
            verdict = outcomes.failed(cause, at=self._now(), because=self.start.stays)
            return model.Outcome(verdict=verdict, inventory=self._everything(begun))
        assert begun is not None, "something was written"
        return await self._reverted(cause, begun)

    async def _reverted(self, cause: verdicts.Cause, failed: model.Begun) -> model.Outcome:
        """Rolls back to the last verified revision: the same apply and watch."""
        restored: model.Begun | None = None
        try:
            for _ in range(_REWRITES):
                reverted = await self.journal.step("revert", rollout.revert, self.work)
                restored, watched, second = reverted.begun, None, reverted.cause
                if restored is None or second:
                    break
                watched = await self.journal.step("watch revert", rollout.watch_revert, self.work, restored, failed)
                conflicts = await self.journal.step("compare revert", rollout.compare_revert, self.work)
                second = conflicts.cause
                if not conflicts.ours:
                    break
            if restored and watched and watched.healthy and second is None:
                return await self._rolled_back(cause, failed, restored, by_itself=reverted.by_itself)
            watched = None if second else watched
            second = await self.journal.step("report revert", reports.take_second, self.work, second, watched)
            if second.reason in outcomes.LEFT_ALONE:
                verdict = outcomes.left_alone(replace(second, log=second.log or cause.log), at=self._now())
                return model.Outcome(verdict=verdict, inventory=self._everything(failed, restored))
        except Broken as error:
            return self._stuck(cause, error.message, failed, restored)
        return self._stuck(cause, second.sentence, failed, restored)

    async def _rolled_back(
        self, cause: verdicts.Cause, failed: model.Begun, restored: model.Begun, *, by_itself: bool
    ) -> model.Outcome:
        cleared = await self.journal.step("clear", rollout.clear, self.work, failed, restored)
        undone = await self._undone()
        stays = (*cleared.stays, *filter(None, (undone,)))
        return model.Outcome(
            verdict=outcomes.rolled_back(cause, at=self._now(), stays=stays, by_itself=by_itself),
            inventory=cleared.inventory,
            held=cleared.held,
            note=messages.held_words(cleared.held) or None,
        )

    async def _undone(self) -> str:
        return await self.journal.step("hooks undo", hooks.undo, self.work, self.done) if self.done else ""

    def _stuck(
        self, cause: verdicts.Cause, second: str, failed: model.Begun, restored: model.Begun | None
    ) -> model.Outcome:
        verdict = outcomes.rollback_failed(cause, second, at=self._now())
        return model.Outcome(verdict=verdict, inventory=self._everything(failed, restored))

    def _everything(self, *begun: model.Begun | None) -> destinations.Inventory:
        """All that the formation may have there."""
        inventory = self.start.stored
        for phase in begun:
            inventory = apply_phase.union(inventory, phase.inventory) if phase else inventory
        return inventory

    def _now(self) -> datetime:
        return self.work.context.now()


def _is_cancelled(watched: Watched) -> bool:
    cause = watched.result.judgement.cause
    return not watched.healthy and cause is not None and cause.reason is verdicts.FactKind.CALLED_OFF


def _named(name: str, stage: StageMark) -> str:
    return f"{name} {stage.name}".strip()
