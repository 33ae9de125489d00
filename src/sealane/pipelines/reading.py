"""From the text of a pipeline's file to the pipeline, or to all that is wrong with it. Pure: reads no disk.

The file's name says which dialect it is written in; any other name is taken for the first dialect's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import PurePath

from sealane.adapters import SHIPPED, Adapters
from sealane.findings import Finding
from sealane.pipelines.dialect import Dialect
from sealane.pipelines.model import Pipeline

FILE = ".sealane.yml"
"""The first dialect's file, which `sealane init` writes."""


def files(adapters: Adapters = SHIPPED) -> tuple[str, ...]:
    """The names that are looked for in an app's folder."""
    return tuple(name for dialect in adapters.dialects.every(Dialect).values() for name in dialect.files)


def misnamed(adapters: Adapters = SHIPPED) -> dict[str, str]:
    """Names that nothing looks for, and what each should be called."""
    every = adapters.dialects.every(Dialect).values()
    return {wrong: dialect.files[0] for dialect in every for wrong in dialect.misnamed}


def file_in(is_there: Callable[[str], bool], adapters: Adapters = SHIPPED) -> str:
    """The pipeline's file in a folder; where none is, the name of the one to write."""
    return next((name for name in files(adapters) if is_there(name)), FILE)


def beginning(beside: Collection[str], adapters: Adapters = SHIPPED) -> str:
    """What to do in a folder of these files, which has no pipeline's file."""
    renamed = next(((wrong, name) for wrong, name in misnamed(adapters).items() if wrong in beside), None)
    return f"rename {renamed[0]} to {renamed[1]}" if renamed else "`sealane init` writes one to begin with"


def read(text: str, file: str = FILE, adapters: Adapters = SHIPPED) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, unless findings of severity error stand in its way; all findings at once, by place."""
    dialects = list(adapters.dialects.every(Dialect).values())
    named = PurePath(file).name
    return next((dialect for dialect in dialects if named in dialect.files), dialects[0]).read(text, file)
