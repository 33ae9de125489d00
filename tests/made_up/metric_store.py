"""A metric store whose every query gives the number that stands in it, and that writes what it is told into a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealane.clients.metric_stores.markers import Marker
from sealane.configfiles.fields import File
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.formations.gate_files import KeyReference, QueryFile, Url
from sealane.formations.gates import Query
from sealane.formations.graph_annotations import Annotation


class NumbersFile(QueryFile):
    """A store of numbers."""

    plus: int
    """What is added to each."""
    word: KeyReference
    """Reference of the word that it wants."""


class NoteFile(File):
    """A note of how it ended."""

    url: Url
    """Address of the store."""
    file: str
    """Where it is noted."""


def _options(written: Any) -> Mapping[str, Any]:
    return {name: value for name in ("plus", "file") if (value := getattr(written, name, None)) is not None}


async def _ask(asked: Query, access: StoreAccess) -> tuple[float, ...]:
    assert access.keys == {"word": "sesame"}
    return (float(asked.query) + float(asked.options["plus"]),)


async def _tell(annotation: Annotation, told: Marker, access: StoreAccess) -> None:
    del access
    Path(annotation.options["file"]).write_text(told.title)


ADAPTER = MetricStore(query=NumbersFile, marker=NoteFile, credentials=("word",), options=_options, ask=_ask, tell=_tell)
