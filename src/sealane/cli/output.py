"""The output of the command line: data to stdout, messages to stderr, colour only for a person.

Data is the answer and may be piped on; messages are progress, hints, warnings and errors. Every command that shows
something has `--json`, whose output is one JSON document on stdout.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TextIO

import typer

from sealane import controls, inputs
from sealane.findings import Finding, Severity

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
"""The `--json` option that every command which shows something takes."""

_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_EXAMPLE = 70
"""Characters of an example's line: help is indented, and a terminal may have 80."""
_WORDS = re.compile(r"( *)([^ ]+)")
_STYLED = re.compile(r"\x1b\[[0-9;]*m")
_CODES = frozenset({"0", *_STYLES.values()})


def examples(*lines: str) -> str:
    """The examples at the end of a command's help; give each line as it is typed. Long ones are wrapped."""
    return "\b\nExamples:\n" + "\n".join(f"  {_continued(line)}" for line in lines)


def _continued(line: str) -> str:
    return " \\\n      ".join(textwrap.wrap(line, _EXAMPLE, break_long_words=False, break_on_hyphens=False))


def coloured(stream: TextIO) -> bool:
    """Whether a person reads the stream and wants colour: NO_COLOR says no, FORCE_COLOR says yes."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def style(text: str, *styles: str, stream: TextIO | None = None) -> str:
    """The text in the given styles (bold dim red green yellow blue magenta cyan) where the stream shows them."""
    if not coloured(stream or sys.stdout):
        return text
    return f"\x1b[{';'.join(_STYLES[name] for name in styles)}m{text}\x1b[0m"


def shown(text: str, stream: TextIO) -> str:
    """The text without control sequences, except for our own styles where the stream shows them.

    Names, messages and logs come from strangers; a sequence in them could rewrite the screen, title or clipboard.
    """
    return inputs.storable(controls.own_styles_only(text, _CODES if coloured(stream) else ()))


def fitted(text: str, stream: TextIO) -> str:
    """The text with long lines broken between words for a terminal; otherwise unchanged."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(_broken(line, width) for line in text.split("\n"))


def _broken(line: str, width: int) -> str:
    """A line in parts of at most so many characters; later parts are indented as it is, or by two."""
    if len(_STYLED.sub("", line)) <= width:
        return line
    inset = len(line) - len(line.lstrip(" "))
    parts, length = [line[:inset]], inset
    for blanks, word in _WORDS.findall(line[inset:]):
        long = len(_STYLED.sub("", word))
        if length > inset and length + len(blanks) + long > width:
            parts.append(f"\n{' ' * (inset or 2)}{word}")
            length = (inset or 2) + long
        else:
            parts.append(f"{blanks}{word}")
            length += len(blanks) + long
    return "".join(parts)


def data(text: str) -> None:
    """Prints data, to stdout."""
    print(shown(text, sys.stdout), flush=True)


def sentence(text: str) -> None:
    """Prints data in words, to stdout."""
    print(fitted(shown(text, sys.stdout), sys.stdout), flush=True)


def json(value: Any) -> None:
    """Prints one JSON document, to stdout; takes dataclasses, times, mappings, lists and plain values."""
    data(as_json(value))


def as_json(value: Any) -> str:
    """The value as an indented JSON document; times in ISO 8601, unknown types as text."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()
    return controls.escaped(text)


def say(text: str, *styles: str) -> None:
    """Prints a message, to stderr."""
    styled = style(text, *styles, stream=sys.stderr) if styles else text
    print(fitted(shown(styled, sys.stderr), sys.stderr), file=sys.stderr, flush=True)


def error(message: str, hint: str | None = None) -> None:
    """Prints an error and how to fix it, to stderr."""
    say(f"{style('error:', 'bold', 'red', stream=sys.stderr)} {message}")
    if hint:
        say(f"       {hint}", "dim")


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints aligned columns to stdout, never cut off: narrow terminals get more lines. Only people see the header."""
    head = [list(headers)] if sys.stdout.isatty() else []
    lines = [*head, *([str(cell) for cell in row] for row in rows)]
    if not lines:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        data(fitted(style(text, "dim") if head and number == 0 else text, sys.stdout))


def plain(finding: Finding) -> dict[str, Any]:
    """A finding for `--json`."""
    return {
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
    }


def in_order(problems: Iterable[Finding]) -> list[Finding]:
    """Findings as people read them: by file, line and column, each once."""
    return sorted(set(problems), key=lambda finding: (finding.place, finding.message))


def findings(problems: Iterable[Finding], *, to_stderr: bool = False) -> None:
    """Prints all findings in order, a line each: `file:line:column: message`, then how to fix it.

    They are data for a command that looks for them, and messages for any other.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    for finding in in_order(problems):
        colour = "red" if finding.severity is Severity.ERROR else "yellow"
        place = style(f"{finding.place}:", "bold", stream=stream)
        severity = style(f"{finding.severity}:", colour, stream=stream)
        print(fitted(shown(f"{place} {severity} {finding.message}", stream), stream), file=stream)
        if finding.hint:
            print(fitted(shown(style(f"    {finding.hint}", "dim", stream=stream), stream), stream), file=stream)
    stream.flush()
