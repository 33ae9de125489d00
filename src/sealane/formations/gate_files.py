"""The shape of `gates:` and `guard:` in a formation, as people write them. Pure; interpreted in `gate_reading.py`.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from sealane.adapters import Adapters
from sealane.configfiles import variants
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import WHOLE, Duration, File, Matching, Maybe, Name
from sealane.findings import Finding
from sealane.formations.gates import Gate
from sealane.secrets import references

MOST_GATES = 50

Url = Annotated[
    str,
    Matching(
        pattern=(
            r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
            r"(?::[0-9]{1,5})?(?:[/?][!-\[\]-~]*)?"
        ),
        expected="an address such as https://shop.example.com/healthz",
        longest=2048,
        hint=lambda text: "credentials don't stand in addresses" if "@" in text else None,
    ),
]

ConditionText = Annotated[
    str,
    Matching(
        pattern=r"(?:<=|>=|==|!=|<|>) ?-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE]-?[0-9]{1,2})?",
        expected="a condition",
        longest=48,
        hint=lambda _: 'a comparison and a number: "< 0.01"',
    ),
]

Asked = Annotated[str, Field(min_length=1, max_length=8192)]
"""A query in the metric store's own language."""

KeyReference = Annotated[str, references.ReferenceField()]
"""A reference such as env:DATADOG_KEY."""

Status = Annotated[int, Field(ge=100, le=599), WHOLE]
Text = Annotated[str, Field(max_length=4096)]
Command = Annotated[list[Annotated[str, Field(max_length=65536)]], Field(min_length=1, max_length=200)]
JobImage = Annotated[str, Field(min_length=1, max_length=512)]


class QueryFile(File):
    """A query: the fields that all metric stores have."""

    url: Url
    """Address of the server."""
    query: Asked
    """The query, in the store's own language; each series of its answer must fulfil the condition."""
    condition: ConditionText
    """What the value must be: "< 0.01"."""
    duration: Maybe[Duration] = None
    """How long the query is repeated; it is asked once when left out."""
    interval: Maybe[Duration] = None
    """Time from one answer to the next; 10s when left out."""
    max_failures: Annotated[int, Field(ge=0, le=10_000), WHOLE] = 0
    """How many answers may break the condition."""
    no_data: Literal["inconclusive", "pass", "fail"] = "inconclusive"
    """What an empty answer counts as."""


class StencilJobFile(File):
    """A Job of the stencils; it is not applied with the other objects."""

    stencil: Name
    """The Job's name in the stencils."""
    timeout: Maybe[Duration] = None
    """How long it may take; 10m when left out."""


class ImageJobFile(File):
    """A Job that Sealane writes: one container with the formation's ${secrets} and ${config} as its environment."""

    image: JobImage
    """The image: ${image.web}, or a reference."""
    command: Command
    """The command; placeholders in it are replaced."""
    timeout: Maybe[Duration] = None
    """How long it may take; 10m when left out."""


JobFile = Annotated[
    Annotated[StencilJobFile, Tag("(stencil)")] | Annotated[ImageJobFile, Tag("(image)")],
    Discriminator(variants.by("image", "stencil")),
]


class GateFile(File):
    """A gate: its name, and one key, its kind."""

    name: Name
    """The gate's name."""
    wait: Maybe[Duration] = None
    """How long to wait for a person when the gate is inconclusive; 1h when left out. After that it has failed."""


class GuardFile(File):
    """Checks during the rollout that need no metrics."""

    restarts: bool = True
    """Whether too many restarts over all instances fail it, even where no single instance has too many."""
    flaps: bool = True
    """Whether instances that keep turning ready and unready fail it."""
    new_errors: Literal["warn", "fail", "ignore"] = "ignore"
    """What happens when a container prints error lines that the last verified revision never printed: a warning, a failure, or nothing."""


def _nothing_wrong(written: Any, document: Document, path: Path) -> Iterator[Finding]:
    del written, document, path
    return iter(())


@dataclass(frozen=True, kw_only=True, slots=True)
class GateShape:
    """How one kind of gate is written in a formation."""

    file: Any
    """The type of the value after its key; None for the kind whose keys are those of metric stores."""
    doc: str
    """Its description, for editors."""
    read: Callable[[str, Any, timedelta], Gate]
    """Makes the gate from its name, what is written, and how long to wait for a person."""
    problems: Callable[[Any, Document, Path], Iterator[Finding]] = _nothing_wrong
    """Problems that the shape can't express; the path is that of the key."""


def _no_options(written: Any) -> Mapping[str, Any]:
    del written
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricStoreShape:
    """How one metric store is written in gates and annotations of a formation."""

    query: type[QueryFile] | None = None
    """The shape of its query in a gate; None if it has no queries."""
    marker: type[File] | None = None
    """The shape of its annotation for the end of a deployment; None if it takes none."""
    credentials: tuple[str, ...] = ("token",)
    """Fields that are references to secrets."""
    options: Callable[[Any], Mapping[str, Any]] = _no_options
    """Its own options, as plain data."""


def keys_of(written: Any, shape: MetricStoreShape) -> dict[str, str]:
    """References to the secrets that it needs, by the credential's name."""
    references = {name: getattr(written, name, None) for name in shape.credentials}
    return {name: reference for name, reference in references.items() if reference}


def gates_type(adapters: Adapters) -> Any:
    """The type of a formation's gates, with the kinds and metric stores in the tables."""
    kinds = adapters.gates.every(GateShape)
    stores = adapters.metric_stores.every(MetricStoreShape)
    shapes = {key: shape.file for key, shape in kinds.items() if shape.file is not None}
    shapes |= {key: shape.query for key, shape in stores.items() if shape.query}
    docs = {key: shape.doc for key, shape in kinds.items()}
    gate = variants.one_of(shapes, base=GateFile, docs=docs)
    return variants.sequence(gate, Field(min_length=1, max_length=MOST_GATES))
