"""Building a pipeline's images for a run on this machine: they stay in its engine, and nothing is pushed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sealane import clock
from sealane.clients import image_build
from sealane.errors import SealaneError, UsageError
from sealane.images import labels
from sealane.pipelines.model import ImageBuild, PlannedStep, StepStatus
from sealane.runners import image_builds as images
from sealane.runners.model import RunContext, StepEnd
from sealane.runners.pipeline_run import Doer
from sealane.runners.port import Output

LOCAL_TAG = "local"


def image_doer(engine: str, *, now: clock.Clock = clock.now) -> Doer:
    """Builds images on the engine at that address, as `localhost/APP/NAME:local`."""

    async def build(work: RunContext, planned: PlannedStep, output: Output) -> tuple[StepEnd, Mapping[str, str]]:
        begun = now()
        image = work.pipeline.image(planned.name)
        if not isinstance(image, ImageBuild) or work.workspace.folder is None:
            message = f"image {planned.name} is not built here"
            raise UsageError(message)
        loop = asyncio.get_running_loop()
        workshop = images.BuildWorkspace(
            engine=engine,
            root=work.workspace.root,
            inside=work.workspace.inside,
            repository=f"localhost/{work.pipeline.app}",
            tag=LOCAL_TAG,
            labels=labels.oci_labels(
                source=work.event.repository or "",
                revision=work.event.commit or "",
                version=work.deploy_tag,
                created=begun,
            ),
            secrets=work.secrets,
        )
        try:
            made = await images.build_only(image, workshop, lambda data: _hand_over(loop, output, data))
        except (image_build.BuildFailed, UsageError) as error:
            return StepEnd(status=StepStatus.FAILED, reason=str(error), started=begun, ended=now()), {}
        except SealaneError as error:
            return StepEnd(status=StepStatus.BROKEN, reason=str(error), started=begun, ended=now()), {}
        name = f"{workshop.repository}/{image.name}:{LOCAL_TAG}"
        output(f"built {name}; only a server pushes images\n".encode())
        return StepEnd(status=StepStatus.PASSED, started=begun, ended=now()), {image.name: made}

    return build


def _hand_over(loop: asyncio.AbstractEventLoop, output: Output, data: bytes) -> None:
    """From the builder's thread to the event loop, in order."""
    loop.call_soon_threadsafe(output, data)
