"""Conditions in the formats of Woodpecker and Drone: a mapping, or a list of which one is enough. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sealane.configfiles import globs
from sealane.configfiles.documents import Path
from sealane.events.model import EventKind
from sealane.findings import did_you_mean
from sealane.pipelines import event_variables, expressions
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.model import Outcome, Patterns, When

KNOWN = frozenset({"event", "branch", "ref", "status", "repo"})
"""Keys of conditions in every format."""
REFUSED: Mapping[str, str] = {
    "instance": "take it out, or write the steps of this server into a file of their own",
    "platform": "every step runs on the engine's platform: take it out",
    "cron": "schedules have no names here: choose with event: cron",
    "environment": "it chose the deployment's target; deliveries belong to .sealane.yml",
    "local": "take it out",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """The words of a format's conditions."""

    events: Mapping[str, EventKind | None]
    """Its events, and Sealane's; None for those that start no run here."""
    known: frozenset[str]
    refused: Mapping[str, str] = field(default_factory=lambda: REFUSED)
    tags: Literal["any branch", "their name"]
    """What a condition on branches means for a tag: nothing, or a condition on the tag's name."""


_NOT_TAG = Patterns(exclude=(EventKind.TAG.value,))


def read(notation: Notation, written: Any, path: Path, words: Words) -> When:
    """The conditions; without any, everything is accepted."""
    if written is None:
        return When()
    listed = isinstance(written, list)
    items = written if listed else [written]
    found = [
        when
        for index, item in enumerate(items)
        for when in _one(notation, notation.mapping(item, path), (*path, index) if listed else path, words)
    ]
    if not found:
        return When()
    first, *others = found
    return replace(first, others=tuple(others))


def branches(notation: Notation, written: Any, path: Path) -> When:
    """The older `branches` of a whole file."""
    first, *others = _apart_from_tags(When(branch=_globs(notation, written, path)))
    return replace(first, others=tuple(others))


def _one(notation: Notation, written: Mapping[str, Any], path: Path, words: Words) -> Iterator[When]:
    notation.keys(written, path, words.known, words.refused, {})
    paths = "paths" if "paths" in words.known else "path"
    when = When(
        expression=_expression(notation, written.get("evaluate"), (*path, "evaluate")),
        values=notation.axis if written.get("evaluate") is not None else {},
        never=_matrix(notation, written.get("matrix"), (*path, "matrix")),
        repository=_globs(notation, written.get("repo"), (*path, "repo")),
        event=_events(notation, written.get("event"), (*path, "event"), words),
        branch=_globs(notation, written.get("branch"), (*path, "branch")),
        ref=_globs(notation, written.get("ref"), (*path, "ref")),
        paths=_paths(notation, written.get(paths), (*path, paths)),
        status=statuses(notation, written.get("status"), (*path, "status")),
    )
    yield from _with_tags(when, words)


def _with_tags(when: When, words: Words) -> Iterator[When]:
    """The conditions as the format means them for a tag, which is on no branch."""
    if words.tags == "any branch":
        yield from _apart_from_tags(when)
        return
    yield when
    if when.branch is not None and when.ref is None and _may_be_tag(when):
        names = Patterns(
            include=tuple(f"refs/tags/{glob}" for glob in when.branch.include),
            exclude=tuple(f"refs/tags/{glob}" for glob in when.branch.exclude),
        )
        yield replace(when, event=Patterns(include=(EventKind.TAG.value,)), branch=None, ref=names)


def _apart_from_tags(when: When) -> Iterator[When]:
    """No condition on branches applies to a tag."""
    if when.branch is None or not _may_be_tag(when):
        yield when
        return
    yield replace(when, event=_without_tags(when.event))
    yield replace(when, event=Patterns(include=(EventKind.TAG.value,)), branch=None)


def _may_be_tag(when: When) -> bool:
    return when.event is None or _accepts(when.event, EventKind.TAG)


def _accepts(events: Patterns, kind: EventKind) -> bool:
    return (not events.include or kind.value in events.include) and kind.value not in events.exclude


def _without_tags(events: Patterns | None) -> Patterns:
    if events is None:
        return _NOT_TAG
    return Patterns(include=events.include, exclude=(*events.exclude, EventKind.TAG.value))


def _events(notation: Notation, written: Any, path: Path, words: Words) -> Patterns | None:
    if written is None:
        return None
    included, excluded = _sides(notation, written, path)
    include = tuple(kind.value for text, where in included if (kind := _event(notation, text, where, words)))
    exclude = tuple(kind.value for text, where in excluded if (kind := _event(notation, text, where, words)))
    if included and not include:  # only events that never come
        return Patterns(include=tuple(text for text, _ in included))
    return Patterns(include=include, exclude=exclude)


def _event(notation: Notation, text: str, path: Path, words: Words) -> EventKind | None:
    if text not in words.events:
        notation.wrong(path, f"there is no event {text}", did_you_mean(text, words.events), value=True)
    elif words.events[text] is None:
        notation.wrong(
            path, f"no run is started by the event {text}", "it never happens here", warning=True, value=True
        )
    return words.events.get(text)


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


def _expression(notation: Notation, written: Any, path: Path) -> str | None:
    text = notation.text(written, path)
    if text is None:
        return None
    try:
        unknown = [name for name in expressions.names(text) if name not in {*event_variables.NAMES, *notation.axis}]
    except expressions.BadExpression as problem:
        notation.wrong(path, f"evaluate: {problem}", "== != contains startsWith endsWith in, and or not", value=True)
        return None
    if unknown:
        hint = "facts of the event and values of the matrix are known before a run"
        notation.wrong(path, f"evaluate: {unknown[0]} is not known", hint, value=True)
    return None if unknown else text


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
    listed = [item.get("status") for item in items if isinstance(item, dict)]
    return any("failure" in (status if isinstance(status, list) else [status]) for status in listed)


def statuses(notation: Notation, written: Any, path: Path) -> tuple[Outcome, ...]:
    """The results that are accepted: success when left out."""
    if written is None:
        return (Outcome.SUCCESS,)
    read = []
    for text, where in _placed(notation, written, path):
        if text in set(Outcome):
            read.append(Outcome(text))
        else:
            notation.wrong(
                where, f"there is no status {text}", did_you_mean(text, [one.value for one in Outcome]), value=True
            )
    return tuple(read) or (Outcome.SUCCESS,)
