"""One line an event, which a machine reads back, whatever is in it."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealane import log_lines
from sealane.log_lines import Form

FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S+)(?: |\Z)')
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", " ", "a b", 'say "no"', "a=b", "\\", "two\nlines", "\x1b[2Jgone", "\u202eturned", "\ud800", "é"]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is written, and loggers as they were before."""
    caught = io.StringIO()
    loggers = [logging.getLogger(name) for name in (None, "sealane.events", "dbos")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield caught
    for log, (handlers, level, propagate) in zip(loggers, before, strict=True):
        log.handlers[:], log.propagate = handlers, propagate
        log.setLevel(level)


def read(line: str) -> dict[str, Any]:
    """A line of logfmt."""
    fields: dict[str, Any] = {}
    at = 0
    while at < len(line):
        match = FIELD.match(line, at)
        assert match, line[at:]
        fields[match[1]] = json.loads(match[2]) if match[2].startswith('"') else match[2]
        at = match.end()
    return fields


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, max_size=4), form=st.sampled_from(Form))
def test_any_value_is_read_back_from_one_line(values: list[Any], form: Form, stream: io.StringIO) -> None:
    stream.seek(0)
    stream.truncate()
    log_lines.configure(form, stream)
    given_fields = {f"f{'abcd'[number]}": value for number, value in enumerate(values)}
    log_lines.event("run.ended", **given_fields, nothing=None)
    said = stream.getvalue()
    assert said.endswith("\n")
    assert said[:-1].isprintable()
    assert said.isascii()
    line = json.loads(said) if form is Form.JSON else read(said[:-1])
    assert list(line) == ["time", "level", "event", *given_fields]
    for name, value in given_fields.items():
        expected = value if form is Form.JSON else value if isinstance(value, str) else json.dumps(value)
        assert line[name] == expected


@pytest.mark.parametrize("form", Form)
def test_a_broken_thing_is_told_by_its_place_and_not_by_its_words(form: Form, stream: io.StringIO) -> None:
    log_lines.configure(form, stream)
    words = "hunter2"
    try:
        raise ValueError(words)
    except ValueError:
        logging.getLogger("anything").exception("could not %s", "sign in")
    said = stream.getvalue()
    assert said.count("\n") == 1
    assert words not in said
    assert "could not sign in" in said
    assert "ValueError" in said
    assert "test_log_lines.py" in said


def test_an_error_that_was_told_is_not_told_again(stream: io.StringIO) -> None:
    """The framework hands it on to the HTTP server, which logs what it meets."""
    log_lines.configure(Form.JSON, stream)
    for known in (True, False):
        error = ValueError("broken")
        if known:
            log_lines.once(error)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    assert len(stream.getvalue().splitlines()) == 1


def test_a_huge_value_is_cut(stream: io.StringIO) -> None:
    log_lines.configure(Form.JSON, stream)
    log_lines.event("run.ended", reason="x" * 100_000)
    assert len(stream.getvalue()) < 5_000


def test_what_is_no_event_is_told_from_warnings_on(stream: io.StringIO) -> None:
    log_lines.configure(Form.LOGFMT, stream)
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("alembic.runtime").warning("slow")
    logging.getLogger("sealane.workflows").warning("a clone is left")
    lines = [read(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["message"]) for line in lines] == [
        ("alembic.runtime", "slow"),
        ("sealane.workflows", "a clone is left"),
    ]
