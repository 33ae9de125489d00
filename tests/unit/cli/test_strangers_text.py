"""What strangers name and write can't control a terminal or turn a page's text, whichever way it is shown."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane import controls
from sealane.cli import output
from sealane.cli.commands import logs
from sealane.findings import Finding, Place, Severity
from sealane.server.pages import templates

HOSTILE = {
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "link": "\x1b]8;;https://x.example\x1b\\here\x1b]8;;\x1b\\",
    "title": "\x1b]0;root\x07",
    "cleared": "\x1b[2J\x1b[H",
    "hidden": "\x1b[8mnot seen",
    "C1": "\x9b2K\x9d0;x\x9c",
    "backspace": "ok\b\b\bno",
    "turned": "\u202egpj.exe\u2066",
    "nothing wide": "pay\u200bpal\ufeff",
    "half": "\ud83d",
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


WAYS = {
    "data": output.data,
    "say": output.say,
    "styled": lambda text: output.say(text, "red"),
    "error": lambda text: output.error(text, text),
    "table": lambda text: output.table(("A", "B"), [(text, "b")]),
    "findings": lambda text: output.findings(
        [Finding(message=text, place=Place(file=text), hint=text, severity=Severity.ERROR)]
    ),
    "logs": lambda text: logs._copy([text.encode(errors="replace")]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_terminal_shows_no_control_of_a_stranger(way: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With colour on: what is left are our own changes of style, and nothing else."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, Terminal())
    WAYS[way](f"before {HOSTILE[name]} after")
    said = sys.stdout.getvalue() + sys.stderr.getvalue()  # type: ignore[attr-defined]
    said.encode()
    for code in ("0", *output._STYLES.values()):
        said = said.replace(f"\x1b[{code}m", "").replace(f"\x1b[1;{code}m", "")
    assert controls.removed(said) == said
    assert "before" in said
    assert "after" in said


def test_our_own_colours_stay(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    output.say("wrong", "bold", "red")
    assert capsys.readouterr().err == "\x1b[1;31mwrong\x1b[0m\n"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_loses_nothing(text: str) -> None:
    """Escaped, and the same once it is read."""
    made = output.as_json({"message": text})
    assert json.loads(made) == {"message": text}
    assert output.shown(made, sys.stdout) == made


@pytest.mark.parametrize("quiet", ["NO_COLOR", "a pipe"])
def test_a_strangers_colours_end_where_ours_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, quiet: str
) -> None:
    """Where no colour is wanted, a log's own is left out, too."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("NO_COLOR", "1" if quiet == "NO_COLOR" else "")
    for tell in (output.data, output.sentence, output.say):
        tell("\x1b[33mready\x1b[0m \x1b[1;31mnow\x1b[0m")
        said = capsys.readouterr()
        assert said.out + said.err == "ready now\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_has_no_marks_of_a_stranger(name: str) -> None:
    """In text and in attributes of any template."""
    page = templates.page(
        "error.html",
        {
            "status": 404,
            "message": f"before {HOSTILE[name]} after",
            "hint": HOSTILE[name],
            "reader": None,
            "here": "",
            "around": None,
        },
    )
    shown = bytes(page.body).decode()
    assert controls.removed(shown) == shown
    assert "before" in shown
