"""Reads the texts of a pipeline's files: returns the pipeline, or everything that is wrong. Pure: reads no disk.

A file's name tells its dialect; any other name means the first dialect. `pipeline_files.py` gathers a folder's files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from sealane import findings
from sealane.adapters import SHIPPED, Adapters
from sealane.findings import Finding, Place, Severity, did_you_mean
from sealane.pipelines import steps_from
from sealane.pipelines.dialect import Dialect, Texts
from sealane.pipelines.model import Pipeline

FILE = ".sealane.yml"
"""The first dialect's file, which `sealane init` writes."""

_BEGIN = "`sealane init` writes one to begin with"
NAMELESS = "app"
"""The name of an app that neither its file nor its folder or server names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineFiles:
    """The files of pipelines in an app's folder, of every dialect."""

    texts: Texts = field(default_factory=dict)
    """By their paths from the folder."""
    unreadable: Mapping[str, Finding] = field(default_factory=dict)
    """Those that can't be read, each with the reason."""
    misnamed: tuple[str, ...] = ()
    """Files with wrong names, which Sealane does not read."""
    prefix: str = ""
    """Stands before each path in findings."""

    def of(self, source: str) -> tuple[str, ...]:
        """The paths of a source: a file, or a folder whose files are one pipeline; empty when it is not there."""
        paths = (*self.texts, *self.unreadable)
        return tuple(sorted(path for path in paths if path == source or path.rpartition("/")[0] == source))


NOTHING = PipelineFiles()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """An app's pipeline, the files that say it, and everything that is wrong with them and those beside them."""

    pipeline: Pipeline | None = None
    """None without a file, and where one has an error."""
    source: str | None = None
    """The file or folder that is the pipeline; None when there is none."""
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def sources(adapters: Adapters = SHIPPED) -> dict[str, Dialect]:
    """Files and folders that may be an app's pipeline: the first one that is there is it."""
    every = adapters.dialects.every(Dialect).values()
    return {source: dialect for dialect in every for source in (*dialect.folders, *dialect.files)}


def files(adapters: Adapters = SHIPPED) -> tuple[str, ...]:
    """The names of pipeline files in an app's folder."""
    return tuple(name for dialect in adapters.dialects.every(Dialect).values() for name in dialect.files)


def folders(adapters: Adapters = SHIPPED) -> tuple[str, ...]:
    """The folders whose files are one pipeline."""
    return tuple(name for dialect in adapters.dialects.every(Dialect).values() for name in dialect.folders)


def misnamed(adapters: Adapters = SHIPPED) -> dict[str, str]:
    """Wrong names that Sealane does not read, and the right name for each."""
    every = adapters.dialects.every(Dialect).values()
    return {wrong: dialect.files[0] for dialect in every for wrong in dialect.misnamed}


def root_of(file: PurePath, adapters: Adapters = SHIPPED) -> PurePath:
    """The app's folder of a pipeline's file: the one it is in, unless that is a folder of one pipeline's files."""
    return file.parent.parent if file.parent.name in folders(adapters) else file.parent


def beginning(beside: Collection[str], adapters: Adapters = SHIPPED) -> str:
    """What to do in a folder of these files, which has no pipeline file."""
    renamed = next(((wrong, name) for wrong, name in misnamed(adapters).items() if wrong in beside), None)
    return f"rename {renamed[0]} to {renamed[1]}" if renamed else _BEGIN


def read(
    text: str,
    file: str = FILE,
    adapters: Adapters = SHIPPED,
    *,
    app: str = NAMELESS,
    beside: PipelineFiles = NOTHING,
) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline of one file, unless it has findings of severity error; all findings at once, by place.

    `app` is the app's name where the dialect's files have none. `beside` are the files that it may take its steps from.
    """
    return _whole(_dialect(file, adapters), {file: text}, beside, adapters, app)[:2]


def read_folder(
    beside: PipelineFiles, adapters: Adapters = SHIPPED, *, app: str = NAMELESS, chosen: str | None = None
) -> Reading:
    """The pipeline of an app's folder, with warnings of files that are not read; `chosen` is read in place of the first."""
    there = {source: paths for source in sources(adapters) if (paths := beside.of(source))}
    if not there:
        return Reading(files=beside.misnamed, findings=tuple(_misnamed(beside, adapters)))
    source = chosen if chosen in there else next(iter(there))
    paths = there[source]
    if unread := [beside.unreadable[path] for path in paths if path in beside.unreadable]:
        return Reading(source=source, files=paths, findings=tuple(unread))
    texts = {beside.prefix + path: beside.texts[path] for path in paths}
    pipeline, problems, taken = _whole(sources(adapters)[source], texts, beside, adapters, app)
    unused = [_unused(beside, other, source) for other in there if other not in {source, taken}]
    return Reading(
        pipeline=pipeline,
        source=source,
        files=(*paths, *there.get(taken, ())),
        findings=(*unused, *problems),
    )


def _dialect(file: str, adapters: Adapters) -> Dialect:
    path = PurePath(file)
    known = sources(adapters)
    first = next(iter(adapters.dialects.every(Dialect).values()))
    return known.get(path.name) or known.get(path.parent.name) or first


def _whole(
    dialect: Dialect, texts: Texts, beside: PipelineFiles, adapters: Adapters, app: str
) -> tuple[Pipeline | None, list[Finding], str]:
    """The pipeline, with the steps that it takes from another file; and the name of that one, empty without it."""
    pipeline, problems = dialect.read(texts)
    if pipeline and not pipeline.app:
        pipeline = replace(pipeline, app=app)
    if pipeline is None or pipeline.steps_from is None:
        return pipeline, problems, ""
    taken = pipeline.steps_from.source
    other, further = _taken(pipeline, beside, adapters)
    problems = [*problems, *further]
    if other is None:
        return None, problems, taken
    problems += steps_from.problems(pipeline, other)
    return (None if findings.errors(problems) else steps_from.joined(pipeline, other)), problems, taken


def _taken(pipeline: Pipeline, beside: PipelineFiles, adapters: Adapters) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline that has the steps."""
    wanted = pipeline.steps_from
    assert wanted is not None, "only asked for a pipeline that takes its steps from elsewhere"
    known = {source: dialect for source, dialect in sources(adapters).items() if source != FILE}
    if wanted.source not in known:
        message = f"steps can't be taken from {wanted.source}"
        similar = (
            "" if wanted.source == FILE else wanted.source
        )  # who names Sealane's own file means no other that looks alike
        return None, [Finding(message=message, place=wanted.place, hint=did_you_mean(similar, known))]
    paths = beside.of(wanted.source)
    if not paths:
        hint = "it is looked for beside this file"
        return None, [Finding(message=f"there is no {wanted.source}", place=wanted.place, hint=hint)]
    if unread := [beside.unreadable[path] for path in paths if path in beside.unreadable]:
        return None, unread
    return known[wanted.source].read({beside.prefix + path: beside.texts[path] for path in paths})


def _misnamed(beside: PipelineFiles, adapters: Adapters) -> Iterator[Finding]:
    right = misnamed(adapters)
    for name in beside.misnamed:
        hint = f"rename it to {right[name]}"
        yield Finding(message="this name is not looked for", place=Place(file=beside.prefix + name), hint=hint)


def _unused(beside: PipelineFiles, name: str, source: str) -> Finding:
    shown = name if name in beside.of(name) else f"{name}/"
    place = Place(file=beside.prefix + beside.of(name)[0])
    hint = f"keep one, or write `steps_from: {name}` into {FILE} to run its steps" if source == FILE else "keep one"
    message = f"{shown} is not read: {source} is the pipeline"
    return Finding(message=message, place=place, hint=hint, severity=Severity.WARNING)
