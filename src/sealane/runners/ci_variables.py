"""The variables of Woodpecker and Drone that a run can give: facts of the event and the run. Pure.

Their names and sources: `pipelines/dialects/variable_names.py`. What Sealane does not know is left out, never made up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sealane.events.model import EventKind
from sealane.pipelines import event_variables
from sealane.pipelines.dialects import variable_names
from sealane.pipelines.model import Service, Step, VariableSet
from sealane.runners.model import RunContext

_DRONE_EVENTS: Mapping[EventKind, str] = {EventKind.SCHEDULE: "cron", EventKind.MANUAL: "custom"}
_SEMVER = re.compile(
    r"v?(?P<MAJOR>0|[1-9]\d*)\.(?P<MINOR>0|[1-9]\d*)\.(?P<PATCH>0|[1-9]\d*)"
    r"(-(?P<PRERELEASE>[0-9A-Za-z.-]+))?(\+(?P<BUILD>[0-9A-Za-z.-]+))?"
)
"""https://semver.org, with the `v` in front that Drone takes off."""


def of(work: RunContext, part: Step | Service) -> dict[str, str]:
    """The variables of one step or service, with the values of its matrix; those without a value are left out."""
    workflow = work.pipeline.workflow(part.workflow)
    facts = _facts(work, part, workflow.title if workflow else None)
    own = facts if work.pipeline.variables is VariableSet.WOODPECKER else _drone(facts, work)
    if own is facts and isinstance(part, Step) and not part.commands:
        own = {**_same(facts), **facts}  # for plugins that were made for Drone
    matrix = workflow.variables if workflow else {}
    return {**{variable: value for variable, value in own.items() if value}, **matrix}


def _facts(work: RunContext, part: Step | Service, title: str | None) -> dict[str, str | None]:
    return {
        **event_variables.of(work.event),
        "CI": "woodpecker",
        "CI_PIPELINE_STATUS": "failure" if work.failed else "success",
        "CI_STEP_NAME": (part.title if isinstance(part, Step) else "") or part.name.removeprefix(f"{part.workflow}."),
        "CI_SYSTEM_NAME": "sealane",
        "CI_WORKFLOW_NAME": title,
        "CI_WORKSPACE": work.workspace.workdir,
    }


def _same(facts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Drone's names for Woodpecker's variables."""
    return {name: facts.get(same) for name, same in variable_names.SAME.items()}


def _drone(facts: Mapping[str, str | None], work: RunContext) -> dict[str, str | None]:
    event = work.event
    return {
        **_same(facts),
        "CI": "true",
        "DRONE": "true",
        "DRONE_BUILD_EVENT": _DRONE_EVENTS.get(event.kind, event.kind.value),
        "DRONE_FAILED_STEPS": ",".join(work.failed),
        "DRONE_REPO_SCM": "git",
        **_semver(event_variables.tag(event)),
    }


def _semver(tag: str | None) -> dict[str, str | None]:
    if tag is None:
        return {}
    version = _SEMVER.fullmatch(tag)
    if version is None:
        return {"DRONE_SEMVER_ERROR": f"{tag} is no semantic version"}
    short = f"{version['MAJOR']}.{version['MINOR']}.{version['PATCH']}"
    parts = {f"DRONE_SEMVER_{name}": value for name, value in version.groupdict().items()}
    return {**parts, "DRONE_SEMVER": tag.removeprefix("v"), "DRONE_SEMVER_SHORT": short}
