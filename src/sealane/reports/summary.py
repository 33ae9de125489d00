"""Turns the contents of files into one report that people may see: masked, cleaned and cut. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice

from sealane.reports import locations
from sealane.reports.model import Case, CaseResult, Contents, FailingTest, Outcome, Report, title

LISTED = 200
"""Failing tests that are listed; the rest can be found in the log."""
MOST_NOTES = 20
MOST_CASES = 1_000
"""Failing tests that insights count per attempt."""
_LINE = 500
_NAME = 300
_TITLE = 200
"""Characters of a test's name in insights, where it is part of addresses and indexes."""
_DETAILS = 8 * 1024
_ALL_DETAILS = 512 * 1024

_NAMELESS = "a test without a name"

_ESCAPES = re.compile(r"(?:\x1b|\x9b|#x1B)\[?[0-9;?]*[A-Za-z]")
_SAYS_NOTHING = {"", "failed", "failure", "test failed", "error"}
_PLACE = re.compile(r"^[^\s:]+\.(?:go|py|cc|cpp|c|h|hpp|rb|php|rs|cs|exs?):[0-9]+(?::\s*|$)")

Mask = Callable[[str], str]
"""Hides secrets in a text."""


def count(contents: Sequence[tuple[str, Contents]], notes: Iterable[str], mask: Mask) -> Report:
    """One report of the contents of files, given by path; `notes` are further sentences for it."""
    all_notes = chain(notes, (f"{path}: {report.problem}" for path, report in contents if report.problem))
    first_notes = list(islice(all_notes, MOST_NOTES + 1))
    if len(first_notes) > MOST_NOTES:
        first_notes[-1] = "and more of this kind"
    failing = []
    room = _ALL_DETAILS
    for case in islice(chain.from_iterable(report.failing for _, report in contents), LISTED):
        failing.append(_shown(case, mask, room))
        room -= len(failing[-1].details)
    times = [report.seconds for _, report in contents if report.seconds is not None]
    return Report(
        files=len(contents),
        tests=sum(report.tests for _, report in contents),
        failed=sum(report.failed for _, report in contents),
        errors=sum(report.errors for _, report in contents),
        skipped=sum(report.skipped for _, report in contents),
        flaky=sum(report.flaky for _, report in contents),
        seconds=sum(times) if times else None,
        failing=tuple(failing),
        notes=tuple(_cut(_line(mask(note)), _LINE) for note in first_notes),
    )


def results(contents: Sequence[tuple[str, Contents]], mask: Mask) -> tuple[CaseResult, ...]:
    """The outcome of each test. Tests of the same name count as one: failed if any failed, with the longest time."""
    failing = islice(chain.from_iterable(report.failing for _, report in contents), MOST_CASES)
    results_by_title: dict[str, CaseResult] = {}
    for case in chain(failing, chain.from_iterable(report.passed for _, report in contents)):
        result = _result(case, mask)
        before = results_by_title.get(result.title)
        results_by_title[result.title] = _both(before, result) if before else result
    return tuple(results_by_title.values())


def named(suite: str, name: str) -> str:
    """A test's name in insights, from a masked and cleaned suite and name."""
    return _cut(title(suite, name), _TITLE) or _NAMELESS


def _result(case: Case, mask: Mask) -> CaseResult:
    failed = case.outcome is not Outcome.PASSED
    return CaseResult(
        title=named(_line(mask(case.suite)), _line(mask(case.name)) or _NAMELESS),
        failed=failed or case.flaky,
        passed=not failed,
        seconds=case.seconds,
    )


def _both(one: CaseResult, other: CaseResult) -> CaseResult:
    failed = one.failed or other.failed
    shown = [case_result for case_result in (one, other) if case_result.failed] if failed else [one, other]
    times = [case_result.seconds for case_result in shown if case_result.seconds is not None]
    passed = all(case_result.passed for case_result in shown)
    return CaseResult(title=one.title, failed=failed, passed=passed, seconds=max(times, default=None))


def _shown(case: Case, mask: Mask, room: int) -> FailingTest:
    file, line = locations.locate(case)
    message, text = _clean(mask(case.message)), _clean(mask(case.text))
    return FailingTest(
        suite=_cut(_line(mask(case.suite)), _NAME),
        name=_cut(_line(mask(case.name)), _NAME) or _NAMELESS,
        outcome=case.outcome,
        message=_cut(_telling(message, text), _LINE),
        details=_cut(_details(message, text), min(_DETAILS, max(0, room))),
        file=_cut(_line(mask(file)), _NAME) if file else None,
        line=line,
        seconds=case.seconds,
    )


def _telling(message: str, text: str) -> str:
    """The first line that is not empty, without a place at its beginning, which is shown elsewhere."""
    first = _first_line(message)
    return _first_line(text) or first if first.lower().rstrip(".") in _SAYS_NOTHING else first


def _details(message: str, text: str) -> str:
    """The whole text, with the message before it when that says more than the text's first line."""
    text = text.strip("\n")
    return text if not message.strip() or message.strip() in text else f"{message.strip()}\n\n{text}".rstrip()


def _first_line(text: str) -> str:
    lines = (_PLACE.sub("", line.strip()) for line in text.splitlines())
    return next((line for line in lines if line), "")


def _clean(text: str) -> str:
    """The text without what controls terminals or changes the direction of text."""
    text = _ESCAPES.sub("", text)
    steers = {
        character for character in set(text) - {"\n", "\t"} if unicodedata.category(character) in {"Cc", "Cf", "Cs"}
    }
    return text.translate(dict.fromkeys(map(ord, steers))) if steers else text


def _line(text: str) -> str:
    """The text as one line."""
    return " ".join(_clean(text).split())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(0, most - 1)]}…"
