"""Reads what runs in a formation now, over connections of the API's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealane.clients.relay.hub import Hub
from sealane.deployments import drift_check, failure_reports, log_scan, masks
from sealane.destinations.model import Identity, Inventory
from sealane.destinations.port import Destination
from sealane.destinations.usage import WorkloadUsage
from sealane.errors import Conflicting, NotThere, SealaneError
from sealane.findings import did_you_mean
from sealane.records.app_view import AppView
from sealane.records.deployments import Deployment
from sealane.records.formations import Formation
from sealane.records.views import FormationRow
from sealane.secrets.masking import Masker
from sealane.stencils.model import Revision
from sealane.verdicts.model import Observation
from sealane.workflows.connections import Destinations
from sealane.workflows.context import Tools
from sealane.workflows.steps import outputs, policies, targets
from sealane.workflows.steps.policies import PolicyReport

_FRESH = 30.0
"""Seconds for which what a destination told of a deployment is told again."""
_PATIENCE = 3.0
"""Seconds to wait for optional figures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogQuery:
    """Which log lines of a formation."""

    of: str | None = None
    """Only this workload, or this instance of one: `Deployment/web`, `Pod/web-1`."""
    container: str | None = None
    """Only containers of this name."""
    find: str | None = None
    """Only lines that contain these words, in upper or lower case."""
    lines: int
    """How many lines of each container at the beginning."""
    follow: bool
    """Whether to follow new lines."""


@dataclass(slots=True)
class _Told:
    """What a destination told of a deployment, and until when that is told again."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)


class LiveQueries:
    """Reads destinations for people; writes nothing there."""

    def __init__(self, tools: Tools, state: Path, *, relays: Hub | None = None) -> None:
        self._tools = tools
        self._store = tools.store
        self._destinations = Destinations(state, tools.adapters, keys=tools.settings.identities, relays=relays)
        self._told: dict[str, _Told] = {}

    async def tail(self, app: str, formation: str, asked: LogQuery) -> AsyncIterator[str]:
        """The logs of the formation's workloads, secrets masked.

        Words are searched in the masked text, so nobody can guess a secret by them. Raises NotThere for an unknown
        formation or workload, Conflicting when a secret to mask can't be known, Unavailable.
        """
        stands = await self._store.formations.get(app, formation)
        environment = self._tools.environment(stands.environment)
        destination = await self._destinations.get(environment, stands.destination)
        await self._masker(app, formation, destination)  # before anything is shown
        refs, instance = _chosen(stands, asked.of)
        lines = destination.tail(
            refs,
            namespace=stands.namespace,
            container=asked.container,
            lines=asked.lines,
            follow=asked.follow,
            instance=instance,
        )
        shown = log_scan.masked(lines, lambda: self._masker(app, formation, destination))
        return _with(asked.find, shown) if asked.find else shown

    async def _masker(self, app: str, name: str, destination: Destination) -> Masker:
        """Masks the secrets of the present deployment, and those in Secrets that earlier ones left.

        Raises Conflicting when a secret can't be known.
        """
        formation = await self._store.formations.get(app, name)
        there = formation.current_id or formation.verified_id
        if there is None:
            return Masker.of(())
        deployment = await self._store.deployments.get(there)
        revision = await self._store.releases.revision(deployment.revision_id)
        made = await targets.masker(
            self._tools, deployment, destination, formation.inventory, revision, with_files=False
        )
        if isinstance(made, failure_reports.HiddenMask):
            raise Conflicting(f"what {app}/{name} prints is not shown: {made.why}", hint=f"deploy {app}/{name} anew")
        return made

    async def evidence(self, deployment: Deployment, seen: Observation | None) -> Mapping[str, Any]:
        """Events and last log lines of what a deployment changed, secrets masked; empty once another is there.

        The destination is asked once for all who ask at the same time, and again after half a minute: some collect logs for each
        request. Raises what `tail` raises.
        """
        now = asyncio.get_running_loop().time
        self._told = {key: answer for key, answer in self._told.items() if answer.lock.locked() or answer.until > now()}
        answer = self._told.setdefault(deployment.id, _Told())
        async with answer.lock:
            if answer.until <= now():
                answer.evidence = await self._evidence(deployment, seen)
                answer.until = now() + _FRESH
            return answer.evidence

    async def _evidence(self, deployment: Deployment, seen: Observation | None) -> Mapping[str, Any]:
        stands = await self._store.formations.get(deployment.app, deployment.formation)
        if seen is None or stands.current_id != deployment.id:
            return {}
        environment = self._tools.environment(stands.environment)
        destination = await self._destinations.get(environment, stands.destination)
        mask = masks.mask(await self._masker(deployment.app, deployment.formation, destination))
        identity = Identity(
            app=deployment.app,
            formation=deployment.formation,
            namespace=deployment.namespace,
            revision=deployment.revision_id,
            sequence=deployment.sequence,
        )
        evidence: Mapping[str, Any] = failure_reports.masked(await destination.evidence(identity, seen), mask)
        return evidence

    async def drift(self, app: str, formation: str) -> drift_check.DriftReport:
        """The drift from the formation's last good deployment.

        Raises NotThere when nothing was verified there, Conflicting while something else is there, Unavailable.
        """
        stands = await self._store.formations.get(app, formation)
        if stands.verified_id is None:
            raise NotThere(f"nothing was verified at {app}/{formation} yet")
        if stands.current_id != stands.verified_id:
            hint = f"sealane why {app}/{formation}"
            raise Conflicting(f"what is at {app}/{formation} now was not verified, so nothing can drift", hint=hint)
        deployment = await self._store.deployments.get(stands.verified_id)
        environment = self._tools.environment(stands.environment)
        destination = await self._destinations.get(environment, stands.destination)
        revision = await self._store.releases.revision(deployment.revision_id)
        finished = deployment.verdict.finished if deployment.verdict else None
        now = await outputs.now(self._tools, revision)
        return await drift_check.of(revision, destination, finished=finished, outputs=now)

    async def usage(self, view: AppView) -> dict[str, tuple[WorkloadUsage, ...]]:
        """What workloads use now, by formation; formations without known figures are left out. Never raises."""
        there = {
            formation_now.row.formation: formation_now.row
            for formation_now in view.formations
            if formation_now.row.current
        }
        usages = await asyncio.gather(*(self._usage(row) for row in there.values()))
        return {formation: use for formation, use in zip(there, usages, strict=True) if use}

    async def _usage(self, row: FormationRow) -> tuple[WorkloadUsage, ...]:
        assert row.current is not None, "something is there"
        try:
            async with asyncio.timeout(_PATIENCE):
                environment = self._tools.environment(row.environment)
                destination = await self._destinations.get(environment, row.destination)
                revision = await self._store.releases.revision(row.current.revision_id)
                objects = [rendered.object for rendered in revision.objects]
                return await destination.usage(objects, namespace=row.namespace)
        except (SealaneError, TimeoutError):  # the health says what is wrong; a page does not wait for figures
            return ()

    async def vet(self, revision: Revision) -> PolicyReport:
        """The result of policies and limits for a revision now. Raises what `policies.tried` raises."""
        return await policies.tried(self._tools, revision)

    async def close(self) -> None:
        """Ends the connections."""
        await self._destinations.close()


def _chosen(there: Formation, of: str | None) -> tuple[Inventory, str | None]:
    """One object of the formation; for a kind that it does not have, all of them and the name of an instance."""
    if not of:
        return there.inventory, None
    named = {f"{ref.kind}/{ref.name}": ref for ref in there.inventory}
    if of in named:
        return (named[of],), None
    kind, _, name = of.partition("/")
    if not name or kind in {ref.kind for ref in there.inventory}:
        raise NotThere(f"{there.app}/{there.formation} has no {of}", hint=did_you_mean(of, named))
    return there.inventory, name


async def _with(words: str, lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """The lines that contain the words, in upper or lower case."""
    wanted = words.casefold()
    async for line in lines:
        if wanted in line.partition("  ")[2].casefold():
            yield line
