"""Reads the text of a pipeline's file: returns the pipeline, or everything that is wrong. Pure: reads no disk.

The file's name tells its dialect; any other name means the first dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import PurePath

from sealane.adapters import SHIPPED, Adapters
from sealane.findings import Finding
from sealane.pipelines.dialect import Dialect
from sealane.pipelines.model import Pipeline

FILE = ".sealane.yml"
"""The first dialect's file, which `sealane init` writes."""

_BEGIN = "`sealane init` writes one to begin with"
NAMELESS = "app"
"""The name of an app that neither its file nor its folder or server names."""


def files(adapters: Adapters = SHIPPED) -> tuple[str, ...]:
    """The names of pipeline files in an app's folder."""
    return tuple(name for dialect in adapters.dialects.every(Dialect).values() for name in dialect.files)


def misnamed(adapters: Adapters = SHIPPED) -> dict[str, str]:
    """Wrong names that Sealane does not read, and the right name for each."""
    every = adapters.dialects.every(Dialect).values()
    return {wrong: dialect.files[0] for dialect in every for wrong in dialect.misnamed}


def file_in(is_there: Callable[[str], bool], adapters: Adapters = SHIPPED) -> str:
    """The pipeline's file in a folder; without one, the name of the file to write."""
    return next((name for name in files(adapters) if is_there(name)), FILE)


def beginning(beside: Collection[str], adapters: Adapters = SHIPPED) -> str:
    """What to do in a folder of these files, which has no pipeline file."""
    renamed = next(((wrong, name) for wrong, name in misnamed(adapters).items() if wrong in beside), None)
    if renamed:
        return f"rename {renamed[0]} to {renamed[1]}"
    several = next(((folder, file) for folder, file in folders(adapters).items() if folder in beside), None)
    return f"the files of {several[0]}/ are not read: put what they do into one {several[1]}" if several else _BEGIN


def folders(adapters: Adapters = SHIPPED) -> dict[str, str]:
    """Folders of files that Sealane does not read, and the file that it reads in their place."""
    every = adapters.dialects.every(Dialect).values()
    return {folder: dialect.files[0] for dialect in every for folder in dialect.folders}


def read(
    text: str, file: str = FILE, adapters: Adapters = SHIPPED, *, app: str = NAMELESS
) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, unless it has findings of severity error; all findings at once, by place.

    `app` is the app's name where the dialect's files have none.
    """
    dialects = list(adapters.dialects.every(Dialect).values())
    named = PurePath(file).name
    dialect = next((dialect for dialect in dialects if named in dialect.files), dialects[0])
    pipeline, problems = dialect.read(text, file)
    return (replace(pipeline, app=app) if pipeline and not pipeline.app else pipeline), problems
