"""A check of all Sealane's files in a repository at once: pipeline, formations with stencils, environments."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from sealane import findings
from sealane.adapters import SHIPPED, Adapters
from sealane.clients.git_bases import NOWHERE, Bases
from sealane.clients.helm import ON_PATH, Helm
from sealane.configfiles import documents, trees
from sealane.configfiles.trees import Tree, Unreadable
from sealane.environments import model as environments_model
from sealane.environments import notice_files, people
from sealane.environments import reading as environment_reading
from sealane.findings import Finding, Place, not_utf8
from sealane.formations import formation_names
from sealane.formations import reading as formation_reading
from sealane.formations.output_references import NamedOutput
from sealane.pipelines import pipeline_files
from sealane.pipelines import reading as pipeline_reading
from sealane.pipelines.checks import clone, delivery
from sealane.pipelines.model import Pipeline
from sealane.pipelines.reading import PipelineFiles
from sealane.stencils import base_trees, helm_template, output_formations, render_inputs, rendering

MOST_FORMATIONS = 200
RENDERED_WITHIN = 600.0
"""Seconds that rendering the charts of all formations together may take, however many they are."""
YAML = (".yaml", ".yml")
_OPERATORS: Mapping[str, Callable[[str, str, Adapters], tuple[object, list[Finding]]]] = {
    people.FILE: people.read,
    notice_files.FILE: notice_files.read,
}
"""The operators' files beside the folder of environments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckReport:
    """What was looked at, and everything found."""

    files: tuple[str, ...]
    """Sealane's files; none when the repository has none."""
    findings: tuple[Finding, ...] = ()
    pipeline: Pipeline | None = field(default=None, repr=False)

    @property
    def valid(self) -> bool:
        """Whether there is no error; warnings don't count."""
        return not findings.errors(self.findings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendering:
    """What rendering formations asks, and how long it may take."""

    helm: Helm = ON_PATH
    bases: Bases = NOWHERE
    within: float = RENDERED_WITHIN
    """Seconds for the charts and kustomizations of all formations."""


def check(
    tree: Tree,
    above: Sequence[Tree] = (),
    adapters: Adapters = SHIPPED,
    *,
    app: str = pipeline_reading.NAMELESS,
    by: Rendering | None = None,
) -> CheckReport:
    """Checks everything in an app's folder; formations are rendered with placeholder images, because none are built yet.

    Helm and Kustomize are run, so call it where no event loop runs. `above` are the folders from it up to the repository's
    root, where submodules are listed that a clone would lack. `app` is its name where no file has it. Charts that are not
    rendered in time are findings.
    """
    by = by or Rendering()
    until = time.monotonic() + by.within
    read = pipeline_reading.read_folder(pipeline_files.gather(tree, adapters), adapters, app=app)
    pipeline, files, problems = read.pipeline, list(read.files), list(read.findings)
    names = formation_names.names(tree)
    if pipeline:
        problems += delivery.unknown_formations(pipeline, names)
        problems += _not_cloned(pipeline, (tree, *above))
    if len(names) > MOST_FORMATIONS:
        message = f"{len(names)} formations are too many; at most {MOST_FORMATIONS} are looked at"
        problems.append(Finding(message=message, place=Place(file=formation_names.FOLDER)))
    for name in names[:MOST_FORMATIONS]:
        problems += _formation(tree, name, pipeline, adapters, by, until)
    environments = [path for path in tree.files(environments_model.FOLDER) if path.endswith(YAML)]
    for path in environments:
        text, unread = _text(tree, path)
        problems += unread or environment_reading.read(text, path, adapters)[1]
    known = [path for path in _OPERATORS if environments and trees.has(tree, path)]
    for path in known:
        text, unread = _text(tree, path)
        problems += unread or _OPERATORS[path](text, path, adapters)[1]
    files += [*tree.files(formation_names.FOLDER), *tree.files(render_inputs.STENCILS), *environments, *known]
    return CheckReport(files=tuple(files), findings=_in_order(problems), pipeline=pipeline)


def check_text(
    text: str, file: str, adapters: Adapters = SHIPPED, *, beside: PipelineFiles = pipeline_reading.NOTHING
) -> CheckReport:
    """Checks one file alone; the keys of its first document tell its kind.

    `beside` are the files that a pipeline may take its steps from.
    """
    keys = _keys(text, file)
    if "formation" in keys and "app" not in keys:
        return CheckReport(files=(file,), findings=_in_order(formation_reading.read_formation(text, file, adapters)[1]))
    if "environment" in keys and "app" not in keys:
        return CheckReport(files=(file,), findings=_in_order(environment_reading.read(text, file, adapters)[1]))
    if read := _OPERATORS.get(PurePosixPath(file).name):
        return CheckReport(files=(file,), findings=_in_order(read(text, file, adapters)[1]))
    pipeline, problems = pipeline_reading.read(text, file, adapters, beside=beside)
    return CheckReport(files=(file,), findings=_in_order(problems), pipeline=pipeline)


def _not_cloned(pipeline: Pipeline, folders: Sequence[Tree]) -> list[Finding]:
    """What a clone would lack: submodules listed in the last folder (the repository's root), and LFS files of any folder."""
    problems: list[Finding] = []
    for number, folder in enumerate(folders):
        submodules = number + 1 == len(folders) and trees.has(folder, clone.SUBMODULES)
        lfs = not problems and clone.uses_lfs(_text(folder, clone.ATTRIBUTES)[0])
        problems += clone.lacking(pipeline.clone, submodules=submodules, lfs=lfs, above="../" * number)
    return problems


def _text(tree: Tree, path: str) -> tuple[str, list[Finding]]:
    """A file's text, or why there is none."""
    try:
        return tree.read(path).decode("utf-8-sig"), []
    except Unreadable as problem:
        return "", [Finding(message=f"can't be read: {problem.message}", place=Place(file=path))]
    except UnicodeDecodeError as error:
        return "", [not_utf8(error, path)]


def _formation(
    tree: Tree, name: str, pipeline: Pipeline | None, adapters: Adapters, by: Rendering, until: float
) -> list[Finding]:
    """The problems of a formation; it is rendered only when the pipeline lists the images."""
    tree, problems = base_trees.based_now(tree, name, by.bases, adapters)
    if findings.errors(problems):
        return problems
    sources, problems = render_inputs.gather(tree, name, adapters)
    if sources is None or pipeline is None:
        return problems
    images = {image.name: rendering.unbuilt(image.name) for image in pipeline.images}
    inputs = rendering.Inputs(app=pipeline.app, images=images, adapters=adapters)
    named = output_formations.named(sources.formation, tree, adapters)

    def told(outputs: tuple[NamedOutput, ...]) -> list[Finding]:
        given = replace(inputs, outputs=outputs)
        return helm_template.render_now(sources, given, by.helm, within=until - time.monotonic())[1]

    try:
        rendered = told(())
        if named.outputs and findings.errors(rendered):
            rendered = output_formations.agreed(rendered, map(told, output_formations.stand_ins(named)))
    except TimeoutError:
        message = "its charts and kustomizations were not built: those of all formations take too long together"
        hint = "check one by itself: `sealane render FORMATION`"
        rendered = [Finding(message=message, place=sources.formation.at("charts"), hint=hint)]
    return [*problems, *named.wrong, *rendered]


def _keys(text: str, file: str) -> set[str]:
    """The keys at the top of the first document."""
    read, _ = documents.read(text, file)
    first = read[0].value if read else None
    return set(first) if isinstance(first, dict) else set()


def _in_order(problems: list[Finding]) -> tuple[Finding, ...]:
    return findings.listed(sorted(set(problems), key=lambda finding: (finding.place, finding.message)))
