"""Needs: steps and images that exist, without circles. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sealane.configfiles import fields
from sealane.configfiles.documents import Path
from sealane.findings import Finding, Suggestions
from sealane.pipelines import dependency_graph, files
from sealane.pipelines.partial import Draft

_OTHERS = ("steps", "services", "clone")
"""Keys for which `steps_from` stands."""


def check(draft: Draft) -> Iterator[Finding]:
    """Unknown, duplicate and circular needs, and images used without being needed or built."""
    yield from _either(draft)
    known = {part.name for part in draft.named}
    suggestions = Suggestions()
    wanted = {path[:2]: (name, list(needs)) for name, path, needs in _all(draft)}
    for path, (name, needs) in wanted.items():
        for index, need in enumerate(needs):
            where: Path = (*path, "needs", index)
            if need == name:
                yield draft.finding(where, f"{name} needs itself")
            elif need not in known and not draft.borrows:
                hint = suggestions.for_word(need, known - {name})
                yield draft.finding(where, f"{name} needs {need}, which is no step and no image here", hint)
            if need in needs[:index]:
                yield draft.finding(where, f"{need} is needed twice", "keep one")
    yield from _circle(draft, wanted)
    yield from _built(draft, suggestions)


def _either(draft: Draft) -> Iterator[Finding]:
    for key in _OTHERS if draft.borrows else ():
        if draft.document.value.get(key) is not None:
            place = draft.document.key_place((key,))
            message = f"{key} and steps_from can't stand together"
            yield Finding(message=message, place=place, hint="steps_from brings steps, services and clone: keep one")


def _all(draft: Draft) -> Iterator[tuple[str, Path, list[str]]]:
    for step in draft.steps:
        yield step.name, step.path, step.file.needs or []
    for image in draft.images:
        if isinstance(image.file, files.BuildFile):
            yield image.name, image.path, image.file.needs or []


def _circle(draft: Draft, wanted: Mapping[Path, tuple[str, list[str]]]) -> Iterator[Finding]:
    """The first circle of each group of circular parts, reported once, at its first part in the file."""
    graph = {name: [need for need in needs if need != name] for name, needs in wanted.values()}
    paths = {name: path for path, (name, _) in wanted.items()}
    for circle in dependency_graph.circles(graph):
        names = " → ".join([*circle, circle[0]])
        hint = "take one of these needs out"
        yield draft.finding((*paths[circle[0]], "needs"), f"needs go in a circle: {names}", hint)


def _built(draft: Draft, suggestions: Suggestions) -> Iterator[Finding]:
    """A step that runs an image of this file must need it; otherwise, it would start before the image exists."""
    images = {part.name for part in draft.named if part.path[0] == "images"}
    for step in draft.steps:
        name = fields.built_image(step.file.image)
        where = (*step.path, "image")
        if name is None:
            continue
        if name not in images:
            yield draft.finding(where, f"no image {name} is built here", suggestions.for_word(name, images))
        elif name not in (step.file.needs or []):
            yield draft.finding(where, f"{step.name} runs the image {name} without needing it", f"add needs: [{name}]")
