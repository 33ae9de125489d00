"""Reads a whole Woodpecker file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane import findings
from sealane.configfiles import documents
from sealane.configfiles.documents import Path
from sealane.findings import Finding, Place
from sealane.pipelines import variable_expansion
from sealane.pipelines.dialect import Dialect, Texts
from sealane.pipelines.dialects.woodpecker import conditions, containers
from sealane.pipelines.dialects.woodpecker.notation import Notation
from sealane.pipelines.model import Clone, Pipeline, When

FILES = (".woodpecker.yaml", ".woodpecker.yml")
"""In Woodpecker's own order."""

_KNOWN = {"steps", "pipeline", "services", "clone", "when", "branches", "variables", "skip_clone"}
_REFUSED = {
    "matrix": "write one step for each value",
    "depends_on": "one file is one pipeline here: put the steps of both into it",
    "runs_on": "say `when: {status: …}` at the steps",
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


def read(texts: Texts) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, unless it has findings of severity error; all findings at once, by place."""
    [(file, text)] = texts.items()
    parsed, wrong = documents.read(text, file)
    if not parsed:
        return None, wrong if findings.errors(wrong) else [
            *wrong,
            Finding(message="the file is empty", place=Place(file=file)),
        ]
    document, *more = parsed
    notation = Notation(document)
    pipeline = _pipeline(notation)
    wrong = [*wrong, *notation.findings]
    wrong += [Finding(message="a second document begins here", place=extra.place(())) for extra in more]
    wrong = sorted(set(wrong), key=lambda finding: (finding.place, finding.message))
    return (None if findings.errors(wrong) else pipeline), wrong


def _pipeline(notation: Notation) -> Pipeline:
    written = notation.mapping(notation.document.value, ())
    notation.keys(written, (), _KNOWN, _REFUSED, _IGNORED)
    steps = "pipeline" if "pipeline" in written and "steps" not in written else "steps"
    if "steps" in written and "pipeline" in written:
        notation.wrong(("pipeline",), "pipeline is the older name of steps", "keep steps")
    if not written.get(steps):
        notation.wrong((), "nothing is to be done", "add steps")
    _expanded(notation, written, (), set())
    return Pipeline(
        app="",
        clone=_clone(notation, written),
        when=_when(notation, written),
        ci_variables=True,
        services=containers.services(notation, written.get("services"), ("services",)),
        steps=containers.steps(notation, written.get(steps), (steps,)),
        place=notation.document.place(()),
    )


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
            if name not in GIVEN and not name.startswith("CI_"):
                hint = f"write ${name} or $${{{name}}} for a variable of the shell"
                notation.wrong(path, f"${{{name}}} is empty", hint, warning=True, value=True)


ADAPTER = Dialect(files=FILES, read=read)
