"""Images for a deployment from this folder's present state: built on this machine's engine, and pushed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sealane import clock
from sealane.cli import output
from sealane.cli.local import local_formation
from sealane.clients import git
from sealane.clients.engine import discovery
from sealane.errors import InvalidFiles, UsageError
from sealane.images import labels, tags
from sealane.pipelines import reading
from sealane.pipelines.model import Image, ImageBuild
from sealane.runners import image_builds, image_retags, workspaces
from sealane.runners.build_workspace import BuildWorkspace
from sealane.secrets import files

if TYPE_CHECKING:
    from sealane.environments.model import Environment

_HINT = (
    "name a registry that the cluster pulls from: --registry HOST/PATH, or SEALANE_REGISTRY__PREFIX. "
    "One on this machine: docker run -d -p 5000:5000 registry:2, and --registry localhost:5000. "
    "Without any: --image NAME=REFERENCE for each"
)


def repository(given: str | None, app: str, environment: Environment | None) -> str:
    """The repository of the app's images: below `given`, else the first one that the operators' file opens to the app.

    Raises UsageError.
    """
    if given:
        return f"{given.rstrip('/')}/{app}"
    limits = environment.apps.get(app) if environment else None
    for glob in limits.registries if limits else ():
        place = glob.removesuffix("**").removesuffix("*")
        if place != glob and place.endswith("/") and "*" not in place and "?" not in place:
            return place.rstrip("/")
    raise UsageError("--build does not know where to push the images to", hint=_HINT)


def build(
    project: local_formation.Project, wanted: Iterable[str], where: str, *, secrets_file: Path | None
) -> list[str]:
    """Builds and pushes the images, and gives `NAME=REFERENCE` for each.

    Raises BuildFailed for a Dockerfile's fault, Unavailable for the engine or registry, UsageError.
    """
    assert project.pipeline is not None, "without a pipeline there is no image that is not built"
    images = [project.pipeline.image(name) for name in wanted]
    return asyncio.run(_build(project, images, where, _secrets(secrets_file)))


async def _build(
    project: local_formation.Project, images: list[Image], where: str, secrets: dict[str, str]
) -> list[str]:
    at, head = clock.now(), await git.checked_out(project.folder)
    tag = tags.deploy_tag(at, head or "")
    workspace, _ = await workspaces.local((project.folder / reading.FILE).resolve(), own=False)
    engine = await discovery.find()
    try:
        made_images = []
        for image in images:
            if isinstance(image, ImageBuild):
                output.say(f"building {image.name} as {where}/{image.name}:{tag}", "bold")
                workshop = BuildWorkspace(
                    engine=engine.address,
                    root=workspace.root,
                    inside=workspace.inside,
                    repository=where,
                    tag=tag,
                    labels=labels.oci_labels(source="", revision=head or "", version=tag, created=at),
                    secrets=secrets,
                )
                made = await image_builds.build(image, workshop, _say)
            else:
                output.say(f"{image.source} becomes {where}/{image.name}:{tag}", "bold")
                made = await image_retags.retag(
                    name=image.name, source=image.source, repository=f"{where}/{image.name}", tag=tag
                )
            made_images.append(f"{image.name}={made.reference}")
        return made_images
    finally:
        await engine.close()


def _say(data: bytes) -> None:
    sys.stderr.write(output.shown(data.decode("utf-8", "replace"), sys.stderr))
    sys.stderr.flush()


def _secrets(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{file} can't be read: {reason}") from error
    values, findings = files.read(text, str(file))
    if findings:
        raise InvalidFiles(findings)
    return dict(values)
