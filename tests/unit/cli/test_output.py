"""Data goes to stdout, talk to stderr, colour only to people who want it."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sealane.cli import output
from sealane.findings import Finding, Place, Severity
from sealane.pipelines.model import StepStatus


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "stream", "expected"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"TERM": "dumb"}, Terminal(), False),
    ],
)
def test_colour(monkeypatch, environment, stream, expected):
    """As no-color.org asks: any value that isn't empty."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert output.coloured(stream) is expected
    assert (output.style("x", "red", stream=stream) != "x") is expected


def test_where_things_go(capsys):
    output.data("data")
    output.say("talk")
    output.error("wrong", "do it right")

    out, err = capsys.readouterr()
    assert out == "data\n"
    assert err == "talk\nerror: wrong\n       do it right\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Thing:
    at: datetime
    took: timedelta
    status: StepStatus
    path: Path
    place: Place


def test_json(capsys):
    """One document of anything that rooms give."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    thing = Thing(at, timedelta(seconds=90), StepStatus.PASSED, Path("a/b"), Place(file="f", line=1, column=2))
    output.json({"thing": thing, "many": (1, None, "é")})

    assert json.loads(capsys.readouterr().out) == {
        "thing": {
            "at": "2026-01-02T03:04:05Z",
            "took": "PT90S",
            "status": "passed",
            "path": "a/b",
            "place": {"file": "f", "line": 1, "column": 2},
        },
        "many": [1, None, "é"],
    }


def test_a_table_is_aligned_and_never_cut(capsys):
    output.table(["name", "status"], [["a", "passed"], ["longer" * 30, "x"]])

    assert capsys.readouterr().out == f"{'a'.ljust(180)}  passed\n{'longer' * 30}  x\n"


def test_a_table_has_a_head_where_a_person_looks(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("NO_COLOR", "1")
    output.table(["name", "status"], [["a", "passed"]])
    output.table(["name"], [])

    assert screen.getvalue() == "name  status\na     passed\nname\n"


def test_findings(capsys):
    """By place, each once, with how bad it is."""
    late = Finding(message="late", place=Place(file="b"), severity=Severity.WARNING)
    early = Finding(message="early", place=Place(file="a", line=2, column=1), hint="fix it")
    output.findings([late, early, early])

    assert capsys.readouterr().out == "a:2:1: error: early\n    fix it\nb: warning: late\n"
