"""A deployment from this machine, watched after the verdict: if it degrades soon, it is rolled back as on a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from sealane import clock
from sealane.cli.local import deployment, deployment_start
from sealane.cli.local.deploy_request import DeployOutcome, DeployRequest, Screen
from sealane.deployments import (
    after_verdict,
    health_watch,
    ledger_entries,
    ledger_memory,
    model,
    targets,
)
from sealane.deployments.after_verdict import Blame
from sealane.deployments.failure_reports import FailureReport
from sealane.deployments.health_watch import HealthContext
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.errors import Conflicting, SealaneError
from sealane.stencils.model import Revision
from sealane.verdicts import outcomes, rollback_target
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.model import Verdict, VerdictKind


async def deploy(wish: DeployRequest, destination: Destination, screen: Screen) -> DeployOutcome:
    """As `deployment.deploy`; then watches for `watch_for`. Raises Conflicting when a newer deployment began."""
    ended = await deployment.deploy(wish, destination, screen)
    if not wish.watch_for or wish.is_rollback or ended.outcome.verdict.kind is not VerdictKind.DEPLOYED:
        return ended
    staying = _Staying(wish=wish, destination=destination, ended=ended, screen=screen)
    back = await staying.goes_back_to()
    blame = await staying.watched() if back else None
    return await staying.rolled_back(back, blame) if back and blame and blame.cause else ended


@dataclass(frozen=True, kw_only=True, slots=True)
class _Staying:
    """A command after its verdict."""

    wish: DeployRequest
    destination: Destination
    ended: DeployOutcome
    screen: Screen

    @property
    def verdict(self) -> Verdict:
        return self.ended.outcome.verdict

    async def goes_back_to(self) -> Revision | None:
        """The target of its rollback; None where there is none."""
        history = ledger_entries.read(await self._ledger())
        record = self.ended.record
        aim = rollback_target.after_verdict(history.pasts, sequence=record.sequence, revision=record.revision)
        return history.revision(aim.revision) if aim else None

    async def watched(self) -> Blame | None:
        """Watches until it degrades and is to blame, its time is over, or an interrupt; None if it did not."""
        until = self.verdict.at + self.wish.watch_for
        self._tell(f"deployed; watched until {until:%H:%M:%S} UTC, interrupt to leave it so")
        try:
            async with asyncio.timeout(max(0.0, (until - clock.now()).total_seconds())):
                return await self._degraded()
        except TimeoutError:
            self._tell("its time is over, and it stays")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None, "it runs in one"
            task.uncancel()
            self._tell("it is watched no longer")
        except SealaneError as error:
            self._tell(f"it is watched no longer: {error.message}")
        return None

    async def _degraded(self) -> Blame | None:
        inventory = (await self._ledger()).inventory
        mask = await deployment_start.mask_of(self.wish, self.destination, inventory)
        target = await targets.to_look_at(self.wish.revision, self.destination, finished=self.verdict.finished)
        blame: Blame | None = None

        async def tell(health: FormationHealth) -> bool:
            nonlocal blame
            if health.state is not HealthState.DEGRADED:
                return True
            blame = await after_verdict.blamed(self.destination, target, inventory, health, mask=mask, now=clock.now)
            if blame.outside:
                self._tell(f"degraded, and is not rolled back: {blame.outside}")
            return blame.cause is None

        await health_watch.follow(self.destination, target, inventory, HealthContext(tell=tell))
        return blame

    async def rolled_back(self, revision: Revision, blame: Blame) -> DeployOutcome:
        """Replaces the good verdict, and redeploys the last verified revision."""
        assert blame.cause is not None, "it is to blame"
        verdict = outcomes.rolled_back_late(blame.cause, at=clock.now(), verified=self.verdict.at)
        self._tell(verdict.reason)
        await self._judge_anew(verdict, blame.report)
        wish = replace(self.wish, revision=revision, is_rollback=True, watch_for=timedelta(), moved_from=None)
        back = await deployment.deploy(wish, self.destination, self.screen)
        if back.outcome.verdict.kind is not VerdictKind.DEPLOYED:
            verdict = outcomes.not_rolled_back(verdict, back.outcome.verdict.reason, at=clock.now())
            await self._judge_anew(verdict, blame.report, back.report)
        return replace(
            self.ended,
            record=replace(self.ended.record, verdict=verdict),
            outcome=replace(self.ended.outcome, verdict=verdict),
            report=blame.report,
            second_report=back.report,
        )

    async def _judge_anew(self, verdict: Verdict, *reports: FailureReport | None) -> None:
        """Stores its new verdict, with the evidence. Raises Conflicting when a newer deployment is under way."""
        ledger, record = await self._ledger(), self.ended.record
        history = ledger_entries.read(ledger)
        if history.running:
            raise Conflicting(f"another deployment of {self.wish.revision.label} is under way", hint="wait for it")
        first, second = [*(report.to_json() if report else None for report in reports), None][:2]
        ended = history.ended(replace(record, verdict=verdict), failure_report=first, second_failure_report=second)
        await ledger_memory.write(self.destination, ledger_entries.written(ledger, ended), self.wish.revision)

    async def _ledger(self) -> destinations.Ledger:
        revision = self.wish.revision
        return await self.destination.read_ledger(revision.app, revision.formation, namespace=revision.namespace)

    def _tell(self, says: str) -> None:
        phase = model.Phase.WATCH
        self.screen.tell(model.Progress(phase=phase, at=clock.now(), message=says, key=f"{phase} {says}"))
