"""Containers: times that can be kept, health checks that fit, commands that do something. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sealane import fields, globs
from sealane.documents import Path
from sealane.findings import Finding
from sealane.pipelines.drafts import Draft, ServicePart

LONGEST = timedelta(days=7)


def check(draft: Draft) -> Iterator[Finding]:
    """Times of nothing or without end, empty commands, health checks that can't be met."""
    for step in draft.steps:
        yield from _time(draft, (*step.path, "timeout"), step.file.timeout)
        yield from _commands(draft, (*step.path, "commands"), step.file.commands)
        reports = step.file.reports
        if reports:
            yield from _globs(draft, (*step.path, "reports", "junit"), reports.junit)
    for service in draft.services:
        yield from _service(draft, service)


def _service(draft: Draft, service: ServicePart) -> Iterator[Finding]:
    file, path = service.file, service.path
    yield from _time(draft, (*path, "ready_within"), file.ready_within)
    yield from _commands(draft, (*path, "command"), file.command)
    check = file.healthcheck
    if not check:
        return
    yield from _time(draft, (*path, "healthcheck", "interval"), check.interval)
    yield from _time(draft, (*path, "healthcheck", "timeout"), check.timeout)
    yield from _commands(draft, (*path, "healthcheck", "test"), check.test)
    yield from _test(draft, (*path, "healthcheck", "test"), check.test)
    start = fields.duration(check.start_period or "0s")
    if file.ready_within and start >= fields.duration(file.ready_within):
        mend = f"make it longer than start_period, {check.start_period}"
        yield draft.finding((*path, "ready_within"), "ready_within ends before failed tests count", mend, warning=True)


def _test(draft: Draft, path: Path, test: str | list[str]) -> Iterator[Finding]:
    """Words of compose files that ask for another number of words after them than there are."""
    match test:
        case ["CMD"]:
            yield draft.finding(path, "CMD has no program after it", 'as in [CMD, pg_isready, "-q"]')
        case ["CMD-SHELL"] | ["CMD-SHELL", _, _, *_]:
            message = f"CMD-SHELL takes one text, not {len(test) - 1}"
            yield draft.finding(path, message, 'as in [CMD-SHELL, "pg_isready -q"]; the words of a program follow CMD')
        case ["NONE", _, *_]:
            yield draft.finding(path, "nothing may stand after NONE", "write test: NONE for no check at all")


def _time(draft: Draft, path: Path, text: str | None) -> Iterator[Finding]:
    if text is None:
        return
    time = fields.duration(text)
    if not time:
        yield draft.finding(path, f"{path[-1]} must be longer than nothing", "leave it out for the usual time")
    elif time > LONGEST:
        yield draft.finding(path, f"{path[-1]} {text} is longer than a week", "at most 7d")


def _commands(draft: Draft, path: Path, commands: str | list[str] | None) -> Iterator[Finding]:
    lines = [commands] if isinstance(commands, str) else commands or []
    for index, line in enumerate(lines):
        where = path if isinstance(commands, str) else (*path, index)
        if not line.strip():
            yield draft.finding(where, f"{path[-1]} has an empty line", "take it out")
        elif "\0" in line:
            yield draft.finding(where, f"{path[-1]} has a zero byte", "a program can't be given one")
        elif (path[-1] == "commands" or isinstance(commands, str)) and _goes_on(line):
            mend = "write a command of several lines as one block: - |"
            yield draft.finding(where, "the command ends in a backslash, and nothing of it follows", mend)


def _goes_on(line: str) -> bool:
    """Whether a shell would take the next line, which is another command, for the rest of this one."""
    last = line.rstrip("\n").rpartition("\n")[2]
    backslashes = len(last) - len(last.rstrip("\\"))
    return backslashes % 2 == 1 and not last.lstrip().startswith("#")


def _globs(draft: Draft, path: Path, patterns: str | list[str] | None) -> Iterator[Finding]:
    for glob in [patterns] if isinstance(patterns, str) else patterns or []:
        if why := globs.problem(glob):
            yield draft.finding(path, f"the glob {glob} can't be meant: {why}")
        elif glob.startswith("/") or ".." in glob.split("/"):
            yield draft.finding(
                path, f"{glob} leads out of the workspace", "it starts at the workspace, without / or .."
            )
