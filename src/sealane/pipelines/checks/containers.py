"""Containers: possible times, consistent health checks, commands that do something. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sealane.configfiles import fields, globs
from sealane.configfiles.documents import Path
from sealane.findings import Finding
from sealane.pipelines.partial import Draft, ServicePart

LONGEST = timedelta(days=7)

MOST_IN_ONE = 128 * 1024 - 1
"""Linux's limit in bytes for one argument or variable of a program."""

MOST_TOGETHER = 1_500_000
"""Most bytes of all variables together: Linux accepts 2 MiB of variables and arguments, and the image has some, too."""


def check(draft: Draft) -> Iterator[Finding]:
    """Times of zero or without end, empty commands, impossible health checks."""
    for step in draft.steps:
        yield from _time(draft, (*step.path, "timeout"), step.file.timeout)
        yield from _commands(draft, (*step.path, "commands"), step.file.commands)
        yield from _environment(draft, (*step.path, "environment"), step.file.environment)
        reports = step.file.reports
        if reports:
            yield from _globs(draft, (*step.path, "reports", "junit"), reports.junit)
    for service in draft.services:
        yield from _service(draft, service)


def _service(draft: Draft, service: ServicePart) -> Iterator[Finding]:
    file, path = service.file, service.path
    yield from _time(draft, (*path, "ready_within"), file.ready_within)
    yield from _arguments(draft, (*path, "command"), file.command)
    yield from _environment(draft, (*path, "environment"), file.environment)
    check = file.healthcheck
    if not check:
        return
    yield from _time(draft, (*path, "healthcheck", "interval"), check.interval)
    yield from _time(draft, (*path, "healthcheck", "timeout"), check.timeout)
    yield from _arguments(draft, (*path, "healthcheck", "test"), check.test)
    yield from _test(draft, (*path, "healthcheck", "test"), check.test)
    start = fields.duration(check.start_period or "0s")
    if file.ready_within and start >= fields.duration(file.ready_within):
        hint = f"make it longer than start_period, {check.start_period}"
        yield draft.finding((*path, "ready_within"), "ready_within ends before failed tests count", hint, warning=True)


def _test(draft: Draft, path: Path, test: str | list[str]) -> Iterator[Finding]:
    """Tests in the format of compose files with a wrong number of words."""
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
        yield from _text(draft, where, path[-1], line, by_a_shell=True)


def _text(
    draft: Draft, where: Path, key: str | int, line: str, *, by_a_shell: bool, may_be_empty: bool = False
) -> Iterator[Finding]:
    if not line.strip() and not may_be_empty:
        yield draft.finding(where, f"{key} has an empty line", "take it out")
    elif by_a_shell and _goes_on(line):
        hint = "write a command of several lines as one block: - |"
        yield draft.finding(where, "the command ends in a backslash, and nothing of it follows", hint)


def _goes_on(line: str) -> bool:
    """Whether a shell would read the next line, which is another command, as part of this one."""
    last = line.rstrip("\n").rpartition("\n")[2]
    backslashes = len(last) - len(last.rstrip("\\"))
    return backslashes % 2 == 1 and not last.lstrip().startswith("#")


def _arguments(draft: Draft, path: Path, words: str | list[str] | None) -> Iterator[Finding]:
    """A shell command, or a program and its arguments, of which only the program must not be empty."""
    for index, word in enumerate([words] if isinstance(words, str) else words or []):
        where = path if isinstance(words, str) else (*path, index)
        by_a_shell = isinstance(words, str)
        yield from _text(draft, where, path[-1], word, by_a_shell=by_a_shell, may_be_empty=index > 0)
        if (size := len(word.encode())) > MOST_IN_ONE:
            message = f"{path[-1]} has an argument of {size:,} bytes; a program can be given {MOST_IN_ONE:,}"
            yield draft.finding(where, message, "put it into a file of the repository")


def _environment(draft: Draft, path: Path, variables: Mapping[str, str] | None) -> Iterator[Finding]:
    together = 0
    for name, value in (variables or {}).items():
        size = len(f"{name}={value}".encode())
        together += size
        if size > MOST_IN_ONE:
            message = f"{name} has {size:,} bytes; a program can be given {MOST_IN_ONE:,} in one variable"
            yield draft.finding((*path, name), message, "put it into a file of the repository")
    if together > MOST_TOGETHER:
        message = f"the environment has {together:,} bytes; a program can be given about {MOST_TOGETHER:,}"
        yield draft.finding(path, message, "put the longest into files of the repository")


def _globs(draft: Draft, path: Path, patterns: str | list[str] | None) -> Iterator[Finding]:
    for glob in [patterns] if isinstance(patterns, str) else patterns or []:
        if why := globs.problem(glob):
            yield draft.finding(path, f"the glob {glob} is not valid: {why}")
        elif glob.startswith("/") or ".." in glob.split("/"):
            yield draft.finding(
                path, f"{glob} leads out of the workspace", "it starts at the workspace, without / or .."
            )
