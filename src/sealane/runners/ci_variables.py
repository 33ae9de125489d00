"""The variables of Woodpecker and Drone that a run can give: facts of the event and the run. Pure.

Their names and sources: `pipelines/dialects/variable_names.py`. What Sealane does not know is left out, never made up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sealane.events import repositories
from sealane.events.model import Event, EventKind
from sealane.pipelines.dialects import variable_names
from sealane.pipelines.model import Service, Step, VariableSet
from sealane.runners.model import RunContext

_EVENTS: Mapping[EventKind, str] = {EventKind.SCHEDULE: "cron", EventKind.PROMOTE: "deployment"}
_DRONE_EVENTS: Mapping[EventKind, str] = {EventKind.SCHEDULE: "cron", EventKind.MANUAL: "custom"}
_TAGS = "refs/tags/"
_NUMBER = re.compile(r"\d+")
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
    event = work.event
    owner, name = repositories.owner_and_name(event)
    pull = event.kind is EventKind.PULL_REQUEST
    number = _NUMBER.search(event.ref or "") if pull else None
    return {
        "CI": "woodpecker",
        "CI_COMMIT_AUTHOR": event.author,
        "CI_COMMIT_BRANCH": event.branch,
        "CI_COMMIT_PULL_REQUEST": number[0] if number else None,
        "CI_COMMIT_REF": event.ref,
        "CI_COMMIT_SHA": event.commit,
        "CI_COMMIT_TAG": _tag(event),
        "CI_COMMIT_TARGET_BRANCH": event.branch if pull else None,
        "CI_PIPELINE_CREATED": str(int(event.received.timestamp())),
        "CI_PIPELINE_EVENT": _EVENTS.get(event.kind, event.kind.value),
        "CI_PIPELINE_STATUS": "failure" if work.failed else "success",
        "CI_PREV_COMMIT_SHA": event.before,
        "CI_REPO": f"{owner}/{name}" if owner and name else None,
        "CI_REPO_CLONE_URL": event.repository,
        "CI_REPO_DEFAULT_BRANCH": event.trunk,
        "CI_REPO_NAME": name,
        "CI_REPO_OWNER": owner,
        "CI_STEP_NAME": part.name.removeprefix(f"{part.workflow}."),
        "CI_SYSTEM_NAME": "sealane",
        "CI_WORKFLOW_NAME": title,
        "CI_WORKSPACE": work.workspace.workdir,
    }


def _same(facts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Drone's names for Woodpecker's variables."""
    return {name: facts[same] for name, same in variable_names.SAME.items()}


def _drone(facts: Mapping[str, str | None], work: RunContext) -> dict[str, str | None]:
    event = work.event
    return {
        **_same(facts),
        "CI": "true",
        "DRONE": "true",
        "DRONE_BUILD_EVENT": _DRONE_EVENTS.get(event.kind, event.kind.value),
        "DRONE_FAILED_STEPS": ",".join(work.failed),
        "DRONE_REPO_SCM": "git",
        **_semver(_tag(event)),
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


def _tag(event: Event) -> str | None:
    return event.ref.removeprefix(_TAGS) if event.ref and event.ref.startswith(_TAGS) else None
