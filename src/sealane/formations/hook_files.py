"""The shape of `hooks:` in a formation, as people write them. Pure; read in `gate_reading.py` and `annotation_reading.py`.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from sealane.adapters import Adapters
from sealane.configfiles import variants
from sealane.configfiles.fields import File, Maybe, Name
from sealane.formations.gate_files import Command, ImageJobFile, MetricStoreShape, StencilJobFile

MOST_HOOKS = 20


class UndoFile(File):
    """What undoes a hook."""

    command: Command
    """The command, in the hook's own image."""


class StencilHookFile(StencilJobFile):
    """A hook that is a Job of the stencils."""

    name: Name
    """The hook's name."""


class ImageHookFile(ImageJobFile):
    """A hook that is an image and a command."""

    name: Name
    """The hook's name."""


class StencilBeforeFile(StencilHookFile):
    """A hook before the rollout that is a Job of the stencils."""

    reversible: Maybe[UndoFile] = None
    """What undoes it when the release is rolled back; it is never undone when left out."""


class ImageBeforeFile(ImageHookFile):
    """A hook before the rollout that is an image and a command."""

    reversible: Maybe[UndoFile] = None
    """What undoes it when the release is rolled back; it is never undone when left out."""


HookFile = Annotated[
    Annotated[StencilHookFile, Tag("(stencil)")] | Annotated[ImageHookFile, Tag("(image)")],
    Discriminator(variants.by("image", "stencil")),
]
BeforeFile = Annotated[
    Annotated[StencilBeforeFile, Tag("(stencil)")] | Annotated[ImageBeforeFile, Tag("(image)")],
    Discriminator(variants.by("image", "stencil")),
]


class AnnotationFile(File):
    """An annotation: its name, and one key, the metric store that is told."""

    name: Name
    """The annotation's name."""


class HooksFile(File):
    """Jobs around a rollout, each kind in the order in which it is written."""

    before: Maybe[Annotated[list[BeforeFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """Before any workload is written, once for each release: migrations."""
    after: Maybe[Annotated[list[HookFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """Once it is healthy and its gates are passed."""
    failure: Maybe[Annotated[list[HookFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """After a failure and its rollback; SEALANE_CAUSE holds the cause."""
    annotate: Maybe[Annotated[list[AnnotationFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """Metric stores that are told how it ended, for a marker in their graphs."""


def annotations_type(adapters: Adapters) -> Any:
    """The type of a formation's annotations, with the metric stores that the table has."""
    stores = adapters.metric_stores.every(MetricStoreShape)
    annotation = variants.one_of(
        {key: shape.marker for key, shape in stores.items() if shape.marker}, base=AnnotationFile
    )
    return variants.sequence(annotation, Field(min_length=1, max_length=MOST_HOOKS))
