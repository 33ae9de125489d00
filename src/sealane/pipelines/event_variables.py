"""The facts of an event under Woodpecker's names: https://woodpecker-ci.org/docs/usage/environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sealane.events import repositories
from sealane.events.model import Event, EventKind

NAMES = frozenset(
    [
        "CI_COMMIT_AUTHOR",
        "CI_COMMIT_BRANCH",
        "CI_COMMIT_PULL_REQUEST",
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
    ]
)
"""All that an event may give."""
_EVENTS: Mapping[EventKind, str] = {EventKind.SCHEDULE: "cron", EventKind.PROMOTE: "deployment"}
_TAGS = "refs/tags/"
_NUMBER = re.compile(r"\d+")


def of(event: Event) -> dict[str, str]:
    """Those that have a value."""
    owner, name = repositories.owner_and_name(event)
    pull = event.kind is EventKind.PULL_REQUEST
    number = _NUMBER.search(event.ref or "") if pull else None
    given = {
        "CI_COMMIT_AUTHOR": event.author,
        "CI_COMMIT_BRANCH": event.branch,
        "CI_COMMIT_PULL_REQUEST": number[0] if number else None,
        "CI_COMMIT_REF": event.ref,
        "CI_COMMIT_SHA": event.commit,
        "CI_COMMIT_TAG": tag(event),
        "CI_COMMIT_TARGET_BRANCH": event.branch if pull else None,
        "CI_PIPELINE_CREATED": str(int(event.received.timestamp())),
        "CI_PIPELINE_EVENT": _EVENTS.get(event.kind, event.kind.value),
        "CI_PREV_COMMIT_SHA": event.before,
        "CI_REPO": f"{owner}/{name}" if owner and name else None,
        "CI_REPO_CLONE_URL": event.repository,
        "CI_REPO_DEFAULT_BRANCH": event.trunk,
        "CI_REPO_NAME": name,
        "CI_REPO_OWNER": owner,
    }
    return {variable: value for variable, value in given.items() if value}


def tag(event: Event) -> str | None:
    """The name of the tag that the event is about."""
    return event.ref.removeprefix(_TAGS) if event.ref and event.ref.startswith(_TAGS) else None
