"""Checking all files of a repository that are Sealane's, at once: the pipeline, the formations with their stencils."""

from __future__ import annotations

from dataclasses import dataclass, field

from sealane import documents, findings
from sealane.findings import Finding, Place
from sealane.pipelines import reading as pipeline_reading
from sealane.pipelines.checks import delivery
from sealane.pipelines.model import Pipeline
from sealane.stencils import gathering, rendering
from sealane.stencils import reading as formation_reading
from sealane.stencils.trees import Tree, Unreadable

MISNAMED = (".sealane.yaml", "sealane.yml", "sealane.yaml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was looked at, and everything found."""

    files: tuple[str, ...]
    """The files that are Sealane's; none when the repository holds nothing for it."""
    findings: tuple[Finding, ...] = ()
    pipeline: Pipeline | None = field(default=None, repr=False)

    @property
    def valid(self) -> bool:
        """Whether nothing stands in the way; warnings don't."""
        return not findings.errors(self.findings)


def check(tree: Tree) -> Checked:
    """Everything in a repository's folder; formations are rendered with images that nothing has built yet."""
    pipeline, files, found = _pipeline(tree)
    names = gathering.names(tree)
    if pipeline:
        found += delivery.unknown_formations(pipeline, names)
    for name in names:
        found += _formation(tree, name, pipeline)
    files += [*tree.files(gathering.FORMATIONS), *tree.files(gathering.STENCILS)]
    return Checked(files=tuple(files), findings=_in_order(found), pipeline=pipeline)


def check_text(text: str, file: str) -> Checked:
    """One file by itself; its first document's keys tell which kind it is."""
    if _looks_like_a_formation(text, file):
        _, found = formation_reading.read_formation(text, file)
        return Checked(files=(file,), findings=_in_order(found))
    pipeline, found = pipeline_reading.read(text, file)
    return Checked(files=(file,), findings=_in_order(found), pipeline=pipeline)


def _pipeline(tree: Tree) -> tuple[Pipeline | None, list[str], list[Finding]]:
    file = pipeline_reading.FILE
    misnamed = [name for name in MISNAMED if _is_there(tree, name)]
    if not _is_there(tree, file):
        mend = f"rename it to {file}"
        found = [Finding(message="this name is not looked for", place=Place(file=name), mend=mend) for name in misnamed]
        return None, misnamed, found
    try:
        text = tree.read(file).decode("utf-8-sig")
    except Unreadable as problem:
        return None, [file], [Finding(message=f"can't be read: {problem.message}", place=Place(file=file))]
    except UnicodeDecodeError:
        return None, [file], [Finding(message="is not UTF-8 text", place=Place(file=file), mend="save it as UTF-8")]
    pipeline, found = pipeline_reading.read(text, file)
    return pipeline, [file], found


def _is_there(tree: Tree, path: str) -> bool:
    try:
        tree.read(path)
    except Unreadable as problem:
        return "no such file" not in problem.message
    return True


def _formation(tree: Tree, name: str, pipeline: Pipeline | None) -> list[Finding]:
    """What is wrong with a formation; it can be rendered only where the pipeline says which images there are."""
    sources, found = gathering.gather(tree, name)
    if sources is None or pipeline is None:
        return found
    images = {image.name: rendering.unbuilt(image.name) for image in pipeline.images}
    _, rendered = rendering.render(sources, rendering.Inputs(app=pipeline.app, images=images))
    return [*found, *rendered]


def _looks_like_a_formation(text: str, file: str) -> bool:
    read, _ = documents.read(text, file)
    first = read[0].value if read else None
    return isinstance(first, dict) and "formation" in first and "app" not in first


def _in_order(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(found), key=lambda finding: (finding.place, finding.message)))
