"""Reads and checks the annotations of a formation's file. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sealane.adapters import Adapters
from sealane.configfiles import variants
from sealane.configfiles.documents import Document
from sealane.findings import Finding
from sealane.formations import hook_files
from sealane.formations.gate_files import MetricStoreShape, keys_of
from sealane.formations.graph_annotations import Annotation
from sealane.secrets import references


def read(written: hook_files.HooksFile | None, adapters: Adapters) -> tuple[Annotation, ...]:
    """The annotations in the file, in order."""
    return tuple(_annotation(annotation, adapters) for annotation in (written.annotate if written else None) or ())


def problems(written: hook_files.HooksFile | None, document: Document, adapters: Adapters) -> Iterator[Finding]:
    """Problems that the shape can't express: duplicate names and invalid references."""
    hooks = written or hook_files.HooksFile()
    taken = {hook.name for hook in (*(hooks.before or ()), *(hooks.after or ()), *(hooks.failure or ()))}
    for index, annotation in enumerate(read(written, adapters)):
        if annotation.name in taken:
            place = document.place(("hooks", "annotate", index, "name"))
            yield Finding(message=f"two hooks are called {annotation.name}", place=place, hint="rename one")
        taken.add(annotation.name)
        for name, reference in annotation.keys.items():
            if problem := references.problem(reference, adapters):
                message, hint = problem
                place = document.place(("hooks", "annotate", index, annotation.board, name))
                yield Finding(message=f"{name}: {message}", place=place, hint=hint)


def _annotation(written: Any, adapters: Adapters) -> Annotation:
    board = variants.key_of(written, adapters.metric_stores.keys)
    store, shape = getattr(written, board), adapters.metric_stores.get(board, MetricStoreShape)
    return Annotation(
        name=written.name,
        board=board,
        url=store.url,
        options=shape.options(store),
        keys=keys_of(store, shape),
    )
