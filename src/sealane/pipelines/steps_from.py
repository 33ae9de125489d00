"""A pipeline that takes its steps from the file of another format: what both say together. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sealane.findings import Finding, did_you_mean
from sealane.pipelines.model import ImageBuild, Pipeline


def joined(own: Pipeline, other: Pipeline) -> Pipeline:
    """Own images, deliveries and notices, and the other's steps with all that they run with."""
    return replace(
        own,
        clone=other.clone,
        variables=other.variables,
        workflows=other.workflows,
        services=other.services,
        steps=other.steps,
    )


def problems(own: Pipeline, other: Pipeline) -> Iterator[Finding]:
    """Names that both have, and needs that neither has."""
    steps = {step.name for step in other.steps}
    known = steps | {image.name for image in own.images}
    for image in own.images:
        if image.name in steps:
            message = f"{image.name} is already the name of a step in {other.place.file}"
            hint = "steps and images share one set of names, because `needs` may mean either"
            yield Finding(message=message, place=image.place, hint=hint)
        for need in (image.needs or ()) if isinstance(image, ImageBuild) else ():
            if need not in known:
                message = f"{image.name} needs {need}, which is no step in {other.place.file} and no image here"
                yield Finding(message=message, place=image.place, hint=did_you_mean(need, known - {image.name}))
