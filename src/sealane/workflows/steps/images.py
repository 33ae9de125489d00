"""Images of a run: built or retagged, all under the run's deploy tag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sealane.clients.build_sources import Fetching
from sealane.errors import SealaneError
from sealane.images import labels
from sealane.images.model import Image
from sealane.pipelines.model import ImageBuild, Kind, PlannedStep
from sealane.records.filters import Filter
from sealane.records.runs import Run
from sealane.runners import image_builds, image_retags
from sealane.runners.build_workspace import BuildWorkspace
from sealane.runners.model import RunContext
from sealane.runners.port import Output
from sealane.runs.model import MadeImage
from sealane.runs.port import ImageMaker
from sealane.secrets import keys
from sealane.workflows import checkouts
from sealane.workflows.context import Tools
from sealane.workflows.steps import image_rights


def maker(tools: Tools, run_id: str) -> ImageMaker:
    """Builds and retags images for a run.

    Key: repository and deploy tag: an image that the registry has under them is not made again. Undo: none, an unused
    image does no harm.
    """

    async def make(work: RunContext, planned: PlannedStep, output: Output) -> MadeImage:
        try:
            made = await _make(tools, await tools.store.runs.get(run_id), work, planned, output)
        except SealaneError as error:
            if not error.ours:
                output(f"{error}\n".encode())
            raise
        return MadeImage(
            name=made.name,
            reference=made.reference,
            repository=made.repository,
            tag=made.tag,
            digest=made.digest,
        )

    return make


async def tidy(tools: Tools, run: Run) -> None:
    """Removes earlier builds of the run's images from the engine, except for the newest of each and running ones.

    Raises EngineCouldNot.
    """
    plan = await tools.store.runs.plan(run.id)
    built = [step.name for step in (plan.steps if plan else ()) if step.kind is Kind.IMAGE and not step.skip]
    if not built:
        return
    others = await tools.store.views.runs(Filter(app=run.app))
    keep = {other.deploy_tag for other in others if other.deploy_tag and other.ended is None and other.id != run.id}
    for name in built:
        await tools.builder.tidy(f"{_repository(tools, run)}/{name}", keep=keep)


def _repository(tools: Tools, run: Run) -> str:
    return f"{tools.settings.registry.prefix}/{run.app}"


async def _make(tools: Tools, run: Run, work: RunContext, planned: PlannedStep, output: Output) -> Image:
    repository, settings = _repository(tools, run), tools.settings
    image = work.pipeline.image(planned.name)
    if not isinstance(image, ImageBuild):
        output(f"{image.source} becomes {repository}/{image.name}:{work.deploy_tag}\n".encode())
        return await image_retags.retag(
            name=image.name,
            source=image.source,
            repository=f"{repository}/{image.name}",
            tag=work.deploy_tag,
            access=checkouts.registries(settings),
        )
    app = await tools.store.apps.get(run.app)
    workshop = BuildWorkspace(
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
        access=checkouts.registries(settings),
        fetching=Fetching(
            pulls=checkouts.pulls(settings),
            adds=checkouts.adds(settings),
            problem=await _asked_elsewhere(tools, run.app),
        ),
        patience=settings.engine.build_patience,
        key=keys.cache_key(tools.names_key, app.name, app.created, run.event),
    )
    return await tools.builder.build(image, workshop, image_builds.on_the_loop(output))


async def _asked_elsewhere(tools: Tools, app: str) -> Callable[[str], str | None]:
    """Whether the app's builds may use an image, for callers on other threads."""
    mine, loop = await image_rights.of(tools, app), asyncio.get_running_loop()
    return lambda image: asyncio.run_coroutine_threadsafe(image_rights.problem(tools, image, mine), loop).result()
