"""An engine that pretends, in a folder of its own, and whose images are known without being built."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sealane.images.model import Image
from sealane.pipelines.model import ImageBuild
from sealane.runners.build_workspace import BuildWorkspace
from sealane.runners.dummy import DummyRunner
from sealane.runners.port import EngineAdapter, EngineContext, OpenEngine


class Paper:
    """Builds images on paper."""

    async def build(self, image: ImageBuild, workshop: BuildWorkspace, sink: Callable[[bytes], None]) -> Image:
        sink(b"drawn\n")
        return Image(
            name=image.name,
            repository=f"{workshop.repository}/{image.name}",
            tag=workshop.tag,
            digest=f"sha256:{'0' * 64}",
        )

    async def tidy(self, repository: str, *, keep: Collection[str]) -> None:
        del repository, keep


async def _open(context: EngineContext) -> OpenEngine:
    return OpenEngine(runner=DummyRunner(context.state / "madeup"), builder=Paper())


ADAPTER = EngineAdapter(open=_open)
