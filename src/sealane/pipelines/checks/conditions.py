"""Conditions: globs must be valid, and conditions must be possible. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sealane.configfiles import globs
from sealane.configfiles.documents import Path
from sealane.findings import Finding
from sealane.pipelines import condition_files
from sealane.pipelines.partial import DeliveryPart, Draft, ImagePart, StepPart

_BRANCHLESS = {"tag"}


def check(draft: Draft) -> Iterator[Finding]:
    """Globs that are not valid, and conditions that never hold."""
    parts: list[StepPart | ImagePart | DeliveryPart] = [*draft.steps, *draft.images, *draft.deliver]
    for part in parts:
        when = part.file.when
        if when:
            yield from _when(draft, (*part.path, "when"), when)
    yield from _waiting_for_nothing(draft)


def _when(draft: Draft, path: Path, when: condition_files.WhenFile) -> Iterator[Finding]:
    for key in ("branch", "paths", "ref"):
        patterns: str | list[str] | condition_files.GlobPatterns | None = getattr(when, key)
        yield from _globs(draft, (*path, key), patterns)
    events, excluded = wanted_events(when.event)
    if events is not None and not events - excluded:
        yield draft.finding((*path, "event"), "no event is left by this condition", "take it out of exclude")
    if when.branch is not None and events and events <= _BRANCHLESS:
        hint = "use ref: refs/tags/… to choose among tags"
        yield draft.finding((*path, "branch"), "a tag is on no branch, so this never holds", hint)
    if isinstance(when.paths, str | list) and any(glob.startswith("/") for glob in _listed(when.paths)):
        yield draft.finding((*path, "paths"), "paths start at the repository's root", "leave out the / in front")


def wanted_events(
    patterns: str | list[condition_files.EventName] | condition_files.EventPatterns | None,
) -> tuple[set[str] | None, set[str]]:
    """Events that are included, None for any, and those that are excluded."""
    if patterns is None:
        return None, set()
    if isinstance(patterns, condition_files.EventPatterns):
        return (set(patterns.include) if patterns.include else None), set(patterns.exclude or ())
    return set(_listed(patterns)), set()


def _globs(
    draft: Draft, path: Path, patterns: str | list[str] | condition_files.GlobPatterns | None
) -> Iterator[Finding]:
    if isinstance(patterns, condition_files.GlobPatterns):
        yield from _globs(draft, (*path, "include"), patterns.include)
        yield from _globs(draft, (*path, "exclude"), patterns.exclude)
        if patterns.include is None and patterns.exclude is None:
            yield draft.finding(path, f"{path[-1]} has neither include nor exclude", "leave it out or fill it")
        for glob in {"**", *(patterns.include or ())} & set(patterns.exclude or ()):
            hint = "take it out of exclude, or the condition never holds"
            yield draft.finding((*path, "exclude"), f"{glob} leaves nothing over", hint)
        return
    for index, glob in enumerate(_listed(patterns)):
        if why := globs.problem(glob):
            where = path if isinstance(patterns, str) else (*path, index)
            yield draft.finding(where, f"the glob {glob} is not valid: {why}")


def _listed(patterns: str | list[str] | list[condition_files.EventName] | None) -> list[str]:
    return [patterns] if isinstance(patterns, str) else list(patterns or [])


def _waiting_for_nothing(draft: Draft) -> Iterator[Finding]:
    """A step for failures only, when nothing before it can fail."""
    graph = any(step.file.needs is not None for step in draft.steps)
    for index, step in enumerate(draft.steps):
        when = step.file.when
        if not when or when.status is None or "success" in _listed_status(when.status):
            continue
        alone = not step.file.needs if graph else index == 0
        if alone:
            hint = "list the steps it watches under needs" if graph else "put it after the steps it watches"
            message = f"{step.name} waits for a failure, but nothing comes before it"
            yield draft.finding((*step.path, "when", "status"), message, hint)


def _listed_status(status: str | list[condition_files.StatusName]) -> list[str]:
    return [status] if isinstance(status, str) else list(status)
