"""Looking for drift by itself, one formation after the other, so that the overview tells it."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sealane import clock
from sealane.deployments import drift_check
from sealane.deployments.drift_check import DriftReport
from sealane.errors import SealaneError, trace
from sealane.records.model import DriftSeen
from sealane.workflows.context import Tools
from sealane.workflows.failover import Worker
from sealane.workflows.steps import targets

_log = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds that one look may take."""


async def watch(worker: Worker, tools: Tools) -> None:
    """Looks at what is due until the worker leaves. Reads destinations only; one that does not answer is tried again later."""
    store, settings = tools.store, tools.settings
    every = timedelta(seconds=settings.worker.drift)
    while every and not worker.leaving:
        due = None
        try:
            due = await store.drifts.take_due(clock.now() - every, at=clock.now())
            if due is not None:
                await asyncio.wait_for(_look(tools, *due), _PATIENCE)
        except (SealaneError, TimeoutError) as error:
            _log.info("no look for drift at %s: %s", due, error)
        except Exception as error:  # noqa: BLE001 - the next look may fare better
            if not worker.leaving:
                _log.error("a look for drift failed\n%s", trace(error))
        if due is None:
            await asyncio.sleep(min(settings.worker.sweep, every.total_seconds()))


async def _look(tools: Tools, app: str, name: str) -> None:
    store = tools.store
    formation = await store.formations.get(app, name)
    if formation.verified_id is None or formation.current_id != formation.verified_id:
        return
    deployment = await store.deployments.get(formation.verified_id)
    revision = await store.releases.revision(deployment.revision_id)
    finished = deployment.verdict.finished if deployment.verdict else None
    report = await drift_check.of(revision, await targets.destination_of(tools, deployment), finished=finished)
    await store.drifts.keep(app, name, seen(deployment.id, report), at=tools.now())


def seen(deployment_id: str, report: DriftReport) -> DriftSeen:
    """What is kept of a look: how much, and by whom, not what."""
    fields = [field for drift in report.objects for field in drift.fields]
    by = sorted({field.manager for field in fields if field.manager})
    return DriftSeen(deployment=deployment_id, objects=len(report.objects), fields=len(fields), by=tuple(by))
