"""A pipeline's images for a run on this machine: they stay in its engine, and nothing is pushed."""

from __future__ import annotations

from sealane import clock
from sealane.errors import UsageError
from sealane.images import labels
from sealane.pipelines.model import ImageBuild, PlannedStep
from sealane.runners.model import RunContext
from sealane.runners.port import Output
from sealane.runs.model import MadeImage
from sealane.runs.port import ImageMaker

LOCAL_TAG = "local"


def maker(engine: str, *, now: clock.Clock = clock.now) -> ImageMaker:
    """Builds images on the engine at that address, as `localhost/APP/NAME:local`."""

    async def build(work: RunContext, planned: PlannedStep, output: Output) -> MadeImage:
        from sealane.runners import image_builds  # most runs build none, and start sooner without these imports
        from sealane.runners.build_workspace import BuildWorkspace

        image = work.pipeline.image(planned.name)
        if not isinstance(image, ImageBuild) or work.workspace.folder is None:
            message = f"image {planned.name} is not built here"
            raise UsageError(message)
        workshop = BuildWorkspace(
            engine=engine,
            root=work.workspace.root,
            inside=work.workspace.inside,
            repository=f"localhost/{work.pipeline.app}",
            tag=LOCAL_TAG,
            labels=labels.oci_labels(
                source=work.event.repository or "",
                revision=work.event.commit or "",
                version=work.deploy_tag,
                created=now(),
            ),
            secrets=work.secrets,
        )
        made = await image_builds.build_only(image, workshop, image_builds.on_the_loop(output))
        output(f"built {workshop.repository}/{image.name}:{LOCAL_TAG}; only a server pushes images\n".encode())
        return MadeImage(name=image.name, reference=made)

    return build
