"""Reads one document of a Woodpecker file: a workflow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.events.model import EventKind
from sealane.pipelines import variable_expansion
from sealane.pipelines.dialects import clone_settings, conditions, containers, expansion_checks, variable_names
from sealane.pipelines.dialects.conditions import Words
from sealane.pipelines.dialects.containers import Format
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.dialects.workflows import Part
from sealane.pipelines.model import Outcome, When

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
FORMAT = Format(
    words=Words(
        events={
            "push": EventKind.PUSH,
            "pull_request": EventKind.PULL_REQUEST,
            "tag": EventKind.TAG,
            "cron": EventKind.SCHEDULE,
            "deployment": EventKind.PROMOTE,
            "manual": EventKind.MANUAL,
            "release": None,
            "pull_request_closed": None,
            "pull_request_metadata": None,
        },
        known=conditions.KNOWN | {"path", "matrix", "evaluate"},
        tags="any branch",
    ),
    step=containers.STEP | {"directory", "group"},
    ignored={
        **containers.IGNORED,
        "backend_options": "operators set the limits of steps",
        "ports": "every port is open within the run",
    },
    only_steps={**containers.ONLY_STEPS, "directory": "say `cd` in commands"},
)


def read(notation: Notation, title: str, *, prefix: bool) -> Part:
    """The workflow of a document with one combination of its matrix."""
    written = notation.mapping(notation.document.value, ())
    notation.keys(written, (), _KNOWN, _REFUSED, _IGNORED)
    steps = "pipeline" if "pipeline" in written and "steps" not in written else "steps"
    if "steps" in written and "pipeline" in written:
        notation.wrong(("pipeline",), "pipeline is the older name of steps", "keep steps")
    if not written.get(steps):
        notation.wrong((), "nothing is to be done", "add steps")
    if notation.flag(written.get("skip_clone"), ("skip_clone",)):
        notation.wrong(("skip_clone",), "skip_clone is ignored", "the workspace always has the commit", warning=True)
    expansion_checks.check(notation, written, variable_names.WOODPECKER, ("CI_",))
    needs, requires = containers.needs(notation, written.get("depends_on"), ("depends_on",))
    return Part(
        title=title,
        prefix=prefix,
        needs=needs or (),
        requires=requires,
        after=_after(notation, written),
        platform=_platform(notation, written),
        when=_when(notation, written),
        variables=notation.axis,
        clone=clone_settings.read(notation, written.get("clone"), beside=False),
        services=containers.services(notation, written.get("services"), ("services",), FORMAT),
        steps=containers.steps(notation, written.get(steps), (steps,), FORMAT),
        place=notation.document.place(()),
    )


def _after(notation: Notation, written: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """After which results it runs: the older `runs_on`; a `status: failure` in `when` means after all."""
    named = conditions.statuses(notation, written.get("runs_on"), ("runs_on",))
    return tuple(Outcome) if conditions.goes_on(written.get("when")) else named


def _platform(notation: Notation, written: Mapping[str, Any]) -> str:
    """Where it asks to run: by a label, which a matrix may set, or by the older key."""
    label = notation.mapping(written.get("labels"), ("labels",)).get("platform")
    text = notation.text(written.get("platform"), ("platform",)) or notation.text(label, ("labels", "platform")) or ""
    return "" if variable_expansion.problem(text) else variable_expansion.expanded(text, notation.axis)


def _when(notation: Notation, written: Mapping[str, Any]) -> When:
    if written.get("when") is None:
        return conditions.branches(notation, written.get("branches"), ("branches",))
    if written.get("branches") is not None:
        notation.wrong(("branches",), "branches is the older form of when", "write `branch` into each of when")
    return conditions.read(notation, written["when"], ("when",), FORMAT.words)
