"""`when` of a Woodpecker file: a mapping, or a list of which one is enough. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sealane.configfiles import globs
from sealane.configfiles.documents import Path
from sealane.events.model import EventKind
from sealane.findings import did_you_mean
from sealane.pipelines.dialects.woodpecker.notation import Notation
from sealane.pipelines.model import Outcome, Patterns, When

_EVENTS: Mapping[str, EventKind | None] = {
    "push": EventKind.PUSH,
    "pull_request": EventKind.PULL_REQUEST,
    "tag": EventKind.TAG,
    "cron": EventKind.SCHEDULE,
    "deployment": EventKind.PROMOTE,
    "manual": EventKind.MANUAL,
    "release": None,
    "pull_request_closed": None,
    "pull_request_metadata": None,
}
"""Woodpecker's events, and Sealane's; None for those that start no run here."""

_KNOWN = {"event", "branch", "ref", "path", "status", "matrix"}
_REFUSED = {
    "repo": "a run is always of the app's own repository: take it out",
    "instance": "take it out, or write the steps of this server into a file of their own",
    "platform": "every step runs on the engine's platform: take it out",
    "cron": "schedules have no names here: choose with event: cron",
    "evaluate": "say it with event, branch, ref and path",
    "environment": "it chose the deployment's target; deliveries belong to .sealane.yml",
    "local": "take it out",
}
_NOT_TAG = Patterns(exclude=(EventKind.TAG.value,))


def read(notation: Notation, written: Any, path: Path) -> When:
    """The conditions; without any, everything is accepted."""
    if written is None:
        return When()
    listed = isinstance(written, list)
    items = written if listed else [written]
    found = [
        when
        for index, item in enumerate(items)
        for when in _one(notation, notation.mapping(item, path), (*path, index) if listed else path)
    ]
    if not found:
        return When()
    first, *others = found
    return replace(first, others=tuple(others))


def branches(notation: Notation, written: Any, path: Path) -> When:
    """The older `branches` of a whole file."""
    first, *others = _with_tags(When(branch=_globs(notation, written, path)))
    return replace(first, others=tuple(others))


def _one(notation: Notation, written: Mapping[str, Any], path: Path) -> Iterator[When]:
    notation.keys(written, path, _KNOWN, _REFUSED, {})
    when = When(
        never=_matrix(notation, written.get("matrix"), (*path, "matrix")),
        event=_events(notation, written.get("event"), (*path, "event")),
        branch=_globs(notation, written.get("branch"), (*path, "branch")),
        ref=_globs(notation, written.get("ref"), (*path, "ref")),
        paths=_paths(notation, written.get("path"), (*path, "path")),
        status=_status(notation, written.get("status"), (*path, "status")),
    )
    yield from _with_tags(when)


def _with_tags(when: When) -> Iterator[When]:
    """The conditions as Woodpecker means them: a tag is on no branch, and no condition on branches applies to it."""
    tags = when.event is None or _accepts(when.event, EventKind.TAG)
    if when.branch is None or not tags:
        yield when
        return
    yield replace(when, event=_without_tags(when.event))
    yield replace(when, event=Patterns(include=(EventKind.TAG.value,)), branch=None)


def _accepts(events: Patterns, kind: EventKind) -> bool:
    return (not events.include or kind.value in events.include) and kind.value not in events.exclude


def _without_tags(events: Patterns | None) -> Patterns:
    if events is None:
        return _NOT_TAG
    return Patterns(include=events.include, exclude=(*events.exclude, EventKind.TAG.value))


def _events(notation: Notation, written: Any, path: Path) -> Patterns | None:
    if written is None:
        return None
    included, excluded = _sides(notation, written, path)
    include = tuple(kind.value for text, where in included if (kind := _event(notation, text, where)))
    exclude = tuple(kind.value for text, where in excluded if (kind := _event(notation, text, where)))
    if included and not include:  # only events that never come
        return Patterns(include=tuple(text for text, _ in included))
    return Patterns(include=include, exclude=exclude)


def _event(notation: Notation, text: str, path: Path) -> EventKind | None:
    if text not in _EVENTS:
        notation.wrong(path, f"there is no event {text}", did_you_mean(text, _EVENTS), value=True)
    elif _EVENTS[text] is None:
        notation.wrong(
            path, f"no run is started by the event {text}", "it never happens here", warning=True, value=True
        )
    return _EVENTS.get(text)


def _sides(notation: Notation, written: Any, path: Path) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]]]:
    """What is included and excluded, each with its place."""
    if not isinstance(written, dict):
        return _placed(notation, written, path), []
    notation.keys(written, path, {"include", "exclude"}, {}, {})
    return (
        _placed(notation, written.get("include"), (*path, "include")),
        _placed(notation, written.get("exclude"), (*path, "exclude")),
    )


def _placed(notation: Notation, written: Any, path: Path) -> list[tuple[str, Path]]:
    listed = isinstance(written, list)
    return [(text, (*path, n) if listed else path) for n, text in enumerate(notation.texts(written, path))]


def _globs(notation: Notation, written: Any, path: Path) -> Patterns | None:
    if written is None:
        return None
    included, excluded = _sides(notation, written, path)
    for glob, where in (*included, *excluded):
        if why := globs.problem(glob):
            notation.wrong(where, f"the glob {glob} is not valid: {why}", value=True)
    return Patterns(include=tuple(glob for glob, _ in included), exclude=tuple(glob for glob, _ in excluded))


def _paths(notation: Notation, written: Any, path: Path) -> Patterns | None:
    if not isinstance(written, dict):
        return _globs(notation, written, path)
    if written.get("on_empty") is False:
        notation.wrong((*path, "on_empty"), "on_empty: false is not supported", "a commit without changes matches here")
    if written.get("ignore_message") is not None:
        hint = "no message overrides the paths here"
        notation.wrong((*path, "ignore_message"), "ignore_message is ignored", hint, warning=True)
    rest = {key: value for key, value in written.items() if key not in {"on_empty", "ignore_message"}}
    return _globs(notation, rest, path)


def _matrix(notation: Notation, written: Any, path: Path) -> str | None:
    """Why the values of the matrix don't meet the condition; None when they do."""
    sides = notation.mapping(written, path)
    if path[0] == "when" and written is not None:
        notation.wrong(
            path, "a whole workflow chooses no values", "say it at its steps, or leave values out of the matrix"
        )
    included = {key: value for key, value in sides.items() if key not in {"include", "exclude"}}
    included |= notation.mapping(sides.get("include"), (*path, "include"))
    excluded = notation.mapping(sides.get("exclude"), (*path, "exclude"))
    if excluded and all(_has(notation, name, value, path) for name, value in excluded.items()):
        return f"the values {_shown(excluded)} are left out"
    unmet = next((name for name, value in included.items() if not _has(notation, name, value, path)), None)
    return None if unmet is None else f"{unmet} is {notation.axis.get(unmet) or 'not set'}, not {included[unmet]}"


def _has(notation: Notation, name: str, value: Any, path: Path) -> bool:
    glob = notation.text(value, (*path, name)) or ""
    if why := globs.problem(glob):
        notation.wrong(path, f"the glob {glob} is not valid: {why}")
        return False
    return globs.matches(glob, notation.axis.get(name, ""))


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def goes_on(written: Any) -> bool:
    """Whether the conditions of a whole workflow name the status `failure`: then it runs in any case."""
    items = written if isinstance(written, list) else [written]
    statuses = [item.get("status") for item in items if isinstance(item, dict)]
    return any("failure" in (status if isinstance(status, list) else [status]) for status in statuses)


def _status(notation: Notation, written: Any, path: Path) -> tuple[Outcome, ...]:
    if written is None:
        return (Outcome.SUCCESS,)
    statuses = []
    for text, where in _placed(notation, written, path):
        if text in set(Outcome):
            statuses.append(Outcome(text))
        else:
            notation.wrong(
                where, f"there is no status {text}", did_you_mean(text, [one.value for one in Outcome]), value=True
            )
    return tuple(statuses) or (Outcome.SUCCESS,)
