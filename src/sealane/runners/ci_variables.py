"""The variables `CI_*` of Woodpecker that a run can give: facts of the event and the run. Pure.

Names as in https://woodpecker-ci.org/docs/usage/environment. What Sealane does not know is left out, never made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sealane.events.model import Event, EventKind
from sealane.pipelines.model import Service, Step
from sealane.runners.model import RunContext

_EVENTS: Mapping[EventKind, str] = {EventKind.SCHEDULE: "cron", EventKind.PROMOTE: "deployment"}
_TAGS = "refs/tags/"


def of(work: RunContext, part: Step | Service) -> dict[str, str]:
    """The variables of one step or service; those without a value are left out."""
    event = work.event
    workflow = work.pipeline.workflow(part.workflow)
    owner, name = _repository(event)
    given = {
        "CI": "woodpecker",
        "CI_COMMIT_AUTHOR": event.author,
        "CI_COMMIT_BRANCH": event.branch,
        "CI_COMMIT_REF": event.ref,
        "CI_COMMIT_SHA": event.commit,
        "CI_COMMIT_TAG": _tag(event),
        "CI_COMMIT_TARGET_BRANCH": event.branch if event.kind is EventKind.PULL_REQUEST else None,
        "CI_PIPELINE_CREATED": str(int(event.received.timestamp())),
        "CI_PIPELINE_EVENT": _EVENTS.get(event.kind, event.kind.value),
        "CI_PREV_COMMIT_SHA": event.before,
        "CI_REPO": f"{owner}/{name}" if owner and name else None,
        "CI_REPO_CLONE_URL": event.repository,
        "CI_REPO_DEFAULT_BRANCH": event.trunk,
        "CI_REPO_NAME": name,
        "CI_REPO_OWNER": owner,
        "CI_STEP_NAME": part.name.removeprefix(f"{part.workflow}."),
        "CI_SYSTEM_NAME": "sealane",
        "CI_WORKFLOW_NAME": workflow.title if workflow else "woodpecker",
        "CI_WORKSPACE": work.workspace.workdir,
    }
    matrix = workflow.variables if workflow else {}
    return {**{variable: value for variable, value in given.items() if value}, **matrix}


def _tag(event: Event) -> str | None:
    return event.ref.removeprefix(_TAGS) if event.ref and event.ref.startswith(_TAGS) else None


def _repository(event: Event) -> tuple[str | None, str | None]:
    """Owner and name of the repository, as its address has them; `git@host:owner/name.git` too."""
    address = event.repository or ""
    path = urlsplit(address).path if "://" in address else address.partition(":")[2]
    *owner, name = path.strip("/").removesuffix(".git").split("/")
    return "/".join(owner) or None, name or None
