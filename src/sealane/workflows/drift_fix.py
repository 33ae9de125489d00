"""Undoes changes by hand, where the operators want that: it writes the deployed revision again.

It fights nobody: fields of an autoscaler or another controller stay, and so does a change that comes back again and
again. A deployment that begins takes the formation over, and then this writes no more.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sealane.deployments import apply_phase, rollback_check
from sealane.deployments.drift_check import Drift
from sealane.destinations.port import Destination
from sealane.records.deployments import Deployment
from sealane.records.drift import DriftSeen
from sealane.store.watches import Watch
from sealane.workflows.context import Tools
from sealane.workflows.steps import targets

_log = logging.getLogger(__name__)
MOST = 3
"""How often one object is corrected within the `WINDOW`: a further change is meant."""
WINDOW = timedelta(minutes=10)


class DriftFix:
    """Corrects one formation, for one worker."""

    def __init__(self, tools: Tools, watch: Watch, worker: str) -> None:
        self._tools = tools
        self._watch = watch
        self._worker = worker
        self._done: dict[str, list[datetime]] = defaultdict(list)

    async def put_right(
        self, drifts: Sequence[Drift], seen: DriftSeen, deployment: Deployment, destination: Destination
    ) -> None:
        """Writes the drifted objects as they were deployed. Raises SealaneError where it can't."""
        tools, watch = self._tools, self._watch
        chosen = [drift for drift in drifts if drift.by_hand and not self._comes_back(drift.object)]
        if not chosen or not tools.environment(deployment.environment).fixes_drift:
            return
        revision = await tools.store.releases.revision(deployment.revision_id)
        if await targets.secrets_changed(tools, deployment, revision, destination):
            return
        fence = await tools.fencing.take_idle(watch.app, watch.formation, deployment=watch.deployment)
        if fence is None:
            return
        formation = await tools.store.formations.get(watch.app, watch.formation)
        target = await targets.target(tools, deployment, revision, formation, destination)
        target = replace(target, finished=(deployment.verdict.finished or ()) if deployment.verdict else ())
        written = await rollback_check.serving(destination, target, objects=await target.objects())
        others = {drift.object for drift in drifts} - {drift.object for drift in chosen}
        objects = [
            manifest for manifest in written if f"{manifest['kind']}/{manifest['metadata']['name']}" not in others
        ]
        applied = await destination.apply(objects, identity=target.identity, fence=fence, finished=target.finished)
        if applied.refusals:
            _log.warning("drift of %s is not put right: %s", deployment.label, applied.refusals[0].message)
            return
        if applied.wait:
            return  # somebody else's update is under way: the next look tries again
        now = tools.now()
        for drift in chosen:
            self._done[drift.object].append(now)
        known = {ref.key for ref in formation.inventory}
        again = tuple(ref for ref in applied.inventory if ref.key in known)
        inventory = apply_phase.union(formation.inventory, again)
        await tools.store.watches.fixed(watch, seen, inventory, worker=self._worker, at=now)

    def _comes_back(self, name: str) -> bool:
        recent = [at for at in self._done[name] if self._tools.now() - at < WINDOW]
        self._done[name] = recent
        return len(recent) >= MOST
