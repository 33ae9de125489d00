"""Image builds: an image from the repository, pushed with the run's deploy tag, identified by its digest."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection
from dataclasses import replace

from typing_extensions import override

from sealane.clients import build_context, image_build, registry
from sealane.clients.registry_repository import ImageMissing
from sealane.errors import UsageError
from sealane.images import dockerfiles, references, tags
from sealane.images.model import Image
from sealane.pipelines.model import ImageBuild
from sealane.runners.build_workspace import BuildWorkspace
from sealane.runners.port import ImageBuilder, Output


def on_the_loop(output: Output) -> image_build.Sink:
    """Passes output of a builder's thread to the running event loop, in order."""
    loop = asyncio.get_running_loop()
    return lambda data: loop.call_soon_threadsafe(output, data)  # type: ignore[return-value]


class EngineBuilder(ImageBuilder):
    """Builds on the engine at an address: an `ImageBuilder`."""

    def __init__(self, address: str) -> None:
        self._address = address

    @override
    async def build(self, image: ImageBuild, workshop: BuildWorkspace, sink: image_build.Sink) -> Image:
        return await build(image, replace(workshop, engine=self._address), sink)

    @override
    async def tidy(self, repository: str, *, keep: Collection[str]) -> None:
        await tidy(self._address, repository, keep=keep)


async def build(image: ImageBuild, workshop: BuildWorkspace, sink: image_build.Sink) -> Image:
    """Builds and pushes one image.

    Key: repository and deploy tag. An image that the registry already has is not built again, so that a run resumed after
    a crash continues. Undo: none; an unused tag does no harm.
    Raises clients.building.BuildFailed, EngineCouldNot; registry errors; UsageError for a bad context.
    """
    target = references.parse(f"{workshop.repository}/{image.name}:{workshop.tag}")
    try:
        digest = await registry.digest(target, workshop.access)
    except ImageMissing:
        await build_only(image, workshop, sink)
        await image_build.push(workshop.engine, target, sink, within=workshop.patience)
        digest = await registry.digest(target, workshop.access)
    return Image(name=image.name, repository=target.repository, tag=workshop.tag, digest=digest)


async def build_only(image: ImageBuild, workshop: BuildWorkspace, sink: image_build.Sink) -> str:
    """Builds without pushing and returns the engine's id of the image; for a run on a developer's machine."""
    missing = [name for name in image.secrets if name not in workshop.secrets]
    if missing:
        raise UsageError(f"image {image.name} wants secrets that are not there: {', '.join(missing)}")
    request = image_build.Build(
        source=build_context.Source(
            root=workshop.root,
            inside=workshop.inside,
            context=image.context,
            dockerfile=image.dockerfile,
            rewrite=functools.partial(_apart, image, workshop) if workshop.key else None,
        ),
        target=image.target,
        args=image.args,
        labels=workshop.labels,
        secrets={name: workshop.secrets[name] for name in image.secrets},
        name=f"{workshop.repository}/{image.name}:{workshop.tag}",
        fetching=workshop.fetching,
    )
    return await image_build.build(workshop.engine, request, sink, within=workshop.patience)


def _apart(image: ImageBuild, workshop: BuildWorkspace, text: bytes) -> bytes:
    try:
        plain = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{image.dockerfile} is not UTF-8 text", hint="save it as UTF-8") from error
    made = dockerfiles.apart(
        plain, file=image.dockerfile, key=workshop.key, args=image.args, problem=workshop.fetching.problem
    )
    return made.encode()


async def tidy(engine: str, repository: str, *, keep: Collection[str]) -> None:
    """Removes an image's deploy tags of earlier runs from the engine, except those to keep and the newest one.

    The registry has them all; the newest stays because the next build reuses its layers. Tags made by people stay as
    well. Raises EngineCouldNot.
    """
    ours = [tag for tag in await image_build.tags(engine, repository) if tags.PATTERN.fullmatch(tag)]
    await image_build.forget(engine, repository, [tag for tag in ours[:-1] if tag not in keep])
