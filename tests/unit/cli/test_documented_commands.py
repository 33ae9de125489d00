"""Every `sealane …` on the documentation's pages is a command of the program, with options that it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sealane.adapters import SHIPPED
from sealane.cli import app
from sealane.metric_sinks.port import SinkAdapter
from sealane.settings.model import Settings

ROOT = Path(__file__).parents[3]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("**/README.md")])
BLOCK = re.compile(r"^ *```(?:sh|bash|console|)\b[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^ *(?:\$ |sudo |exec )*((?:[A-Z_]+=\S+ +)*(?:\S*/)?sealane [^\n]*)", re.MULTILINE)
SPAN = re.compile(r"`((?:\S*/)?sealane [^`\n]+)`")
ENDS = re.compile(r"\s#|[|;<>&]|\s→|…|\)")


def written(text: str) -> Iterator[str]:
    """Each command as it stands, up to a comment, a pipe or a redirection."""
    for block in BLOCK.findall(text):
        yield from LINE.findall(block.replace("\\\n", " "))
    yield from SPAN.findall(text)


@cache
def commands() -> list[tuple[str, str]]:
    return [(str(page.relative_to(ROOT)), command) for page in PAGES for command in written(page.read_text())]


def words(line: str) -> list[str]:
    """The words after `sealane`."""
    words_of_line = re.sub(r"[\[\]'\"\\]", "", ENDS.split(line.strip())[0]).split()
    return words_of_line[
        next(at for at, word in enumerate(words_of_line) if word.rpartition("/")[2] == "sealane") + 1 :
    ]


@cache
def loaded(first: str) -> Any:
    """The program as a line with this first word loads it."""
    return app.command([first])


def command_of(words_left: list[str]) -> tuple[Any, list[str]]:
    """The command that is meant and the words that are left for it."""
    command = loaded(words_left[0])
    while words_left and hasattr(command, "commands") and not words_left[0].startswith("-"):
        assert words_left[0] in command.commands, f"there is no command {words_left[0]}"
        command, words_left = command.commands[words_left[0]], words_left[1:]
    return command, words_left


def test_pages_have_commands() -> None:
    """Or the test below proves nothing."""
    assert len(commands()) > 100


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in PAGES])
def test_commands_of_a_page_exist(page: str) -> None:
    for where, line in commands():
        if where != page:
            continue
        words_of_line = words(line)
        if not words_of_line or not re.fullmatch(r"-{0,2}[a-z][a-z-]*", words_of_line[0]):
            continue  # `sealane NAME` in prose, or a file's name
        command, rest = command_of(words_of_line)
        taken = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
        options = {word.partition("=")[0] for word in rest if word.startswith("-") and word != "-"}
        assert options <= taken | {"--help", "--install-completion"}, f"{page}: {line}"


def test_settings_of_the_pages_exist() -> None:
    """Each `SEALANE_…__…` is a setting, also of a sink's adapter, or names a secret of an app or of the operators."""
    known = {
        f"SEALANE_{name.upper()}__{inner.upper()}"
        for name, setting in Settings.model_fields.items()
        for inner in getattr(setting.annotation, "model_fields", {})
    }
    sinks = SHIPPED.metric_sinks.every(SinkAdapter)
    known |= {
        f"SEALANE_METRICS__SINKS__{key.upper()}__{name.upper()}"
        for key, adapter in sinks.items()
        for name in adapter.settings.model_fields
    }
    on_pages = {
        variable
        for page in PAGES
        for variable in re.findall(r"\bSEALANE_(?!SECRET__OPERATORS)[A-Z]+__[A-Z_]+[A-Z]", page.read_text())
    }
    assert len(on_pages) > 10
    assert on_pages <= known
