"""What annotations of a formation's file mean, and what is wrong with them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sealane.configfiles.documents import Document
from sealane.findings import Finding
from sealane.secrets import references
from sealane.stencils import hook_files
from sealane.stencils.graph_annotations import Annotation, Board


def read(written: hook_files.HooksFile | None) -> tuple[Annotation, ...]:
    """The annotations that the file says, in order."""
    return tuple(_annotation(each) for each in (written.annotate if written else None) or ())


def problems(written: hook_files.HooksFile | None, document: Document) -> Iterator[Finding]:
    """What the shape can't say: names that are taken, and references that are none."""
    hooks = written or hook_files.HooksFile()
    taken = {each.name for each in (*(hooks.before or ()), *(hooks.after or ()), *(hooks.failure or ()))}
    for index, found in enumerate(read(written)):
        if found.name in taken:
            place = document.place(("hooks", "annotate", index, "name"))
            yield Finding(message=f"two hooks are called {found.name}", place=place, hint="rename one")
        taken.add(found.name)
        for name, reference in found.keys.items():
            if problem := references.problem(reference):
                message, hint = problem
                place = document.place(("hooks", "annotate", index, found.board.value, name))
                yield Finding(message=f"{name}: {message}", place=place, hint=hint)


def _annotation(written: Any) -> Annotation:
    board = next(board for board in Board if hasattr(written, board.value))
    store = getattr(written, board.value)
    keys = {name: getattr(store, name, None) for name in ("token", "key")}
    return Annotation(
        name=written.name,
        board=board,
        url=store.url,
        database=getattr(store, "database", None),
        keys={name: reference for name, reference in keys.items() if reference},
    )
