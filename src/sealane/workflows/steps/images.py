"""Images of a run: built or retagged, all under the run's deploy tag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sealane.clients.addresses import NotListed
from sealane.clients.build_sources import Fetching
from sealane.clients.image_build import BuildFailed
from sealane.clients.registry import ImageMissing, RegistryDenied
from sealane.clients.registry_access import CredentialsAstray
from sealane.errors import SealaneError, UsageError
from sealane.images import labels
from sealane.images.model import Image
from sealane.pipelines.model import ImageBuild, Kind, StepStatus
from sealane.records.filters import Filter
from sealane.records.model import Run
from sealane.runners import image_builds, image_retags, logs
from sealane.runners.model import RunContext
from sealane.secrets import keys
from sealane.workflows import checkouts, context
from sealane.workflows.steps import containers, image_rights

_USERS_OWN = (BuildFailed, CredentialsAstray, ImageMissing, NotListed, RegistryDenied, UsageError)


async def make(run_id: str, key: str) -> dict[str, Any]:
    """Builds or retags one image. Gives `status`, `reason`, `exit_code`; the image stands at its step.

    Key: repository and deploy tag: what the registry has under them is not made again. Undo: none, an image nobody
    refers to harms nobody.
    """
    bench = context.current()
    run = await bench.store.runs.get(run_id)
    plan = await bench.store.runs.plan(run_id)
    assert plan is not None, "a run is planned before its steps"
    if run.cancelled_by:
        return await containers.ended(run_id, key, StepStatus.CANCELLED, f"{run.cancelled_by} cancelled the run")
    at = bench.now()
    await bench.store.runs.set_step(run_id, key, at=at, status=StepStatus.RUNNING, started=at)
    work = await checkouts.work(run, plan)
    with bench.logs.writer(run_id, key) as writer:
        log = logs.Log(work.secrets, writer.write)
        try:
            image = await _make(run, work, key, log)
        except _USERS_OWN as error:
            return await containers.ended(run_id, key, StepStatus.FAILED, log.masked(_reason(error, log)))
        finally:
            log.close()
    result = {"name": image.name, "repository": image.repository, "tag": image.tag, "digest": image.digest}
    result["reference"] = image.reference
    await bench.store.runs.set_step(run_id, key, at=bench.now(), result=result)
    return await containers.ended(run_id, key, StepStatus.PASSED, None)


async def tidy(run: Run) -> None:
    """Removes from the engine what earlier runs built of the run's images, but the newest of each, and what runs now.

    Raises EngineCouldNot.
    """
    bench = context.current()
    plan = await bench.store.runs.plan(run.id)
    built = [step.name for step in (plan.steps if plan else ()) if step.kind is Kind.IMAGE and not step.skip]
    if not built:
        return
    others = await bench.store.views.runs(Filter(app=run.app))
    keep = {other.deploy_tag for other in others if other.deploy_tag and other.ended is None and other.id != run.id}
    for name in built:
        await image_builds.tidy(bench.engine, f"{_repository(run)}/{name}", keep=keep)


def _repository(run: Run) -> str:
    return f"{context.current().settings.registry.prefix}/{run.app}"


async def _make(run: Run, work: RunContext, key: str, log: logs.Log) -> Image:
    repository = _repository(run)
    planned = work.pipeline.image(work.plan.step(key).name)
    if not isinstance(planned, ImageBuild):
        log.write(f"{planned.source} becomes {repository}/{planned.name}:{work.deploy_tag}\n".encode())
        return await image_retags.retag(
            name=planned.name,
            source=planned.source,
            repository=f"{repository}/{planned.name}",
            tag=work.deploy_tag,
            access=checkouts.registries(context.current().settings),
        )
    app = await context.current().store.apps.get(run.app)
    workshop = image_builds.BuildWorkspace(
        engine=context.current().engine,
        root=work.workspace.root,
        inside=work.workspace.inside,
        repository=repository,
        tag=work.deploy_tag,
        labels=labels.oci_labels(
            source="" if app.hosted else app.repository,
            revision=run.event.commit or "",
            version=work.deploy_tag,
            created=run.started or run.created,
        ),
        secrets=work.secrets,
        access=checkouts.registries(context.current().settings),
        fetching=Fetching(
            pulls=checkouts.pulls(context.current().settings),
            adds=checkouts.adds(context.current().settings),
            problem=await _asked_elsewhere(run.app),
        ),
        patience=context.current().settings.engine.build_patience,
        key=keys.cache_key(context.current().names_key, run.app),
    )
    return await image_builds.build(planned, workshop, log.write)


async def _asked_elsewhere(app: str) -> Callable[[str], str | None]:
    """Whether the app's builds may use an image, for whoever is on another thread."""
    mine, loop = await image_rights.of(app), asyncio.get_running_loop()
    return lambda image: asyncio.run_coroutine_threadsafe(image_rights.problem(image, mine), loop).result()


def _reason(error: SealaneError, log: logs.Log) -> str:
    log.write(f"{error}\n".encode())
    return str(error)
