"""Reads one document of a Woodpecker file: a workflow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane.configfiles.documents import Path
from sealane.findings import Place
from sealane.pipelines import variable_expansion
from sealane.pipelines.dialects.woodpecker import conditions, containers
from sealane.pipelines.dialects.woodpecker.notation import Notation
from sealane.pipelines.dialects.workflows import Part
from sealane.pipelines.model import Clone, When

_KNOWN = {
    "steps",
    "pipeline",
    "services",
    "clone",
    "when",
    "branches",
    "variables",
    "skip_clone",
    "matrix",
    "depends_on",
    "runs_on",
}
_REFUSED = {
    "secrets": "name each secret where it is used: `environment: {NAME: {from_secret: name}}`",
}
_IGNORED = {
    "labels": "every run is on the server's own engine",
    "platform": "every step runs on the engine's platform",
    "workspace": "it is always /workspace, and CI_WORKSPACE says so",
    "concurrency": "operators limit how many runs go on at the same time",
}
_CLONE = {"depth", "lfs", "recursive", "partial", "tags"}
GIVEN = frozenset(
    [
        "CI",
        "CI_COMMIT_AUTHOR",
        "CI_COMMIT_BRANCH",
        "CI_COMMIT_REF",
        "CI_COMMIT_SHA",
        "CI_COMMIT_TAG",
        "CI_COMMIT_TARGET_BRANCH",
        "CI_PIPELINE_CREATED",
        "CI_PIPELINE_EVENT",
        "CI_PREV_COMMIT_SHA",
        "CI_REPO",
        "CI_REPO_CLONE_URL",
        "CI_REPO_DEFAULT_BRANCH",
        "CI_REPO_NAME",
        "CI_REPO_OWNER",
        "CI_SCRIPT",
        "CI_STEP_NAME",
        "CI_SYSTEM_NAME",
        "CI_WORKFLOW_NAME",
        "CI_WORKSPACE",
    ]
)
"""The variables that steps get here, as far as a run knows them."""


def read(notation: Notation, title: str, *, prefix: bool) -> Part:
    """The workflow of a document with one combination of its matrix."""
    written = notation.mapping(notation.document.value, ())
    notation.keys(written, (), _KNOWN, _REFUSED, _IGNORED)
    steps = "pipeline" if "pipeline" in written and "steps" not in written else "steps"
    if "steps" in written and "pipeline" in written:
        notation.wrong(("pipeline",), "pipeline is the older name of steps", "keep steps")
    if not written.get(steps):
        notation.wrong((), "nothing is to be done", "add steps")
    _expanded(notation, written, (), set())
    needs, requires = containers.needs(notation, written.get("depends_on"), ("depends_on",))
    return Part(
        title=title,
        prefix=prefix,
        needs=needs or (),
        requires=requires,
        goes_on=_goes_on(notation, written),
        when=_when(notation, written),
        variables=notation.axis,
        clone=_clone(notation, written),
        services=containers.services(notation, written.get("services"), ("services",)),
        steps=containers.steps(notation, written.get(steps), (steps,)),
        place=notation.document.place(()),
    )


def _goes_on(notation: Notation, written: Mapping[str, Any]) -> bool:
    """Whether it runs after a failure, too: `status` in `when`, or the older `runs_on`."""
    statuses = notation.texts(written.get("runs_on"), ("runs_on",))
    if statuses and "success" not in statuses:
        notation.wrong(
            ("runs_on",), "a workflow only for failures is not supported", "say `when: {status: failure}` at its steps"
        )
    return "failure" in statuses or conditions.goes_on(written.get("when"))


def _when(notation: Notation, written: Mapping[str, Any]) -> When:
    if written.get("when") is None:
        return conditions.branches(notation, written.get("branches"), ("branches",))
    if written.get("branches") is not None:
        notation.wrong(("branches",), "branches is the older form of when", "write `branch` into each of when")
    return conditions.read(notation, written["when"], ("when",))


def _clone(notation: Notation, written: Mapping[str, Any]) -> Clone:
    """What the first clone step's settings say of the repository; Sealane clones itself."""
    if notation.flag(written.get("skip_clone"), ("skip_clone",)):
        notation.wrong(("skip_clone",), "skip_clone is ignored", "the workspace always has the commit", warning=True)
    parts = list(notation.named(written.get("clone"), ("clone",), "clone"))
    for _, part, path in parts:
        image = notation.text(part.get("image"), (*path, "image")) or ""
        if "plugin-git" not in image and image:
            notation.wrong((*path, "image"), f"{image} does not clone here", "Sealane clones by itself: take it out")
        notation.keys(part, path, {"image", "settings", "name"}, {}, dict.fromkeys(part, "Sealane clones by itself"))
    settings, where = _settings(notation, parts)
    ignored = dict.fromkeys(settings.keys() - _CLONE, "Sealane clones by itself")
    notation.keys(settings, where, _CLONE, {}, ignored)
    depth = settings.get("depth")
    recursive = settings.get("recursive")
    return Clone(
        depth=depth if isinstance(depth, int) and depth > 0 else None,
        submodules=None if recursive is None else bool(recursive),
        recursive=bool(recursive),
        lfs=None if settings.get("lfs") is None else bool(settings["lfs"]),
    )


def _settings(
    notation: Notation, parts: Iterable[tuple[str, Mapping[str, Any], Path]]
) -> tuple[Mapping[str, Any], Path]:
    for _, part, path in parts:
        return notation.mapping(part.get("settings"), (*path, "settings")), (*path, "settings")
    return {}, ("clone",)


def _expanded(notation: Notation, value: Any, path: Path, seen: set[Place]) -> None:
    """Findings about `${…}` that can't be replaced, and about variables that are empty here; one a place."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            _expanded(notation, item, (*path, key), seen)
    elif isinstance(value, str) and (place := notation.document.place(path)) not in seen:
        seen.add(place)
        if word := variable_expansion.problem(value):
            notation.wrong(path, f"{word} can't be replaced", "write $$ for a $ that the shell is to see", value=True)
        for name in variable_expansion.names(value):
            if name.startswith("CI_") and name not in GIVEN:
                hint = "Sealane gives a part of these variables"
                notation.wrong(path, f"{name} is not known here, and empty", hint, warning=True, value=True)
        for name in variable_expansion.in_braces(value):
            if name not in GIVEN and name not in notation.axis and not name.startswith("CI_"):
                hint = f"write ${name} or $${{{name}}} for a variable of the shell"
                notation.wrong(path, f"${{{name}}} is empty", hint, warning=True, value=True)
