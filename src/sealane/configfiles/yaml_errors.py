"""Explains YAML's own errors to people, and warns about traps that are valid YAML. Pure.

A parser reports what it did not find; people want to know which of a few common mistakes they made.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import yaml

from sealane.findings import Finding, Place, Severity

FLOW = 'in flow style quote the placeholder: {replicas: "${count}"}'

_TEMPLATE = (
    "{{ … }} is a template of Helm or Go, and stencils are plain YAML: placeholders are ${name};"
    " `helm template` writes plain manifests"
)
_INDENTATION = "check the indentation: this line doesn't line up with those it belongs to"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_VALUE = re.compile(r"^\s*(?:- +)*(?:(?P<key>[^\s:'\"{\[#][^:#]*?|\"[^\"]*\"|'[^']*'):[ \t]+)?(?P<value>\S.*?)\s*$")
_NO_SPACE = re.compile(r"^\s*(?:- +)*(?P<key>[A-Za-z_][\w.-]*):(?P<value>[^\s:/].*?)\s*$")
_TEMPLATED = re.compile(r"\s*(?:- +)*(?:[\w./-]+:\s+)?\{\{")
_ANCHOR = re.compile(r"(?:^|[\s\[{,])&[^\s\]},]", re.MULTILINE)
_LONGEST = 80
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")

Lines = tuple[str, ...]


def place(file: str, mark: yaml.Mark | None) -> Place:
    """The place of the parser's mark."""
    return Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file)


def lines(text: str) -> Lines:
    """The lines of a text as YAML counts them."""
    return tuple(_BREAK.split(text))


def quoted(text: str) -> str:
    """A text in the quotes that change nothing in it."""
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'


def template(text: Lines, number: int) -> str | None:
    """How to fix a line of another tool's template; None for any other line."""
    return _TEMPLATE if "{{" in _line(text, number) else None


def _line(text: Lines, number: int) -> str:
    """The line of that number, counted from 0; empty if it does not exist."""
    return text[number] if 0 <= number < len(text) else ""


def finding(error: yaml.YAMLError, text: Lines, file: str) -> Finding:
    """A parser's error as a finding: its beginning, and the probable mistake."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _unmarked(error, text, file)
    mark, problem = error.problem_mark or error.context_mark, error.problem or error.context or "it can't be read"
    if mark is None:
        return Finding(message=f"not YAML: {problem}", place=Place(file=file))
    began = error.context_mark
    if "end of stream" in problem and "quoted" in str(error.context) and began:
        quote = _line(text, began.line)[began.column : began.column + 1]
        message = f"not YAML: the {quote} opened here is never closed"
        return Finding(message=message, place=place(file, began), hint="close it, or quote the whole value once more")
    return Finding(message=f"not YAML: {problem}", place=place(file, mark), hint=_hint(problem, text, mark))


def _unmarked(error: yaml.YAMLError, text: Lines, file: str) -> Finding:
    if isinstance(error, yaml.reader.ReaderError):
        character = error.character if isinstance(error.character, int) else ord(str(error.character)[0])
        positions = ((number, line.find(chr(character))) for number, line in enumerate(text, 1))
        number, column = next(((number, at + 1) for number, at in positions if at >= 0), (0, 0))
        where = Place(file=file, line=number, column=column)
        message = f"not YAML: the character U+{character:04X} can't stand in a file"
        return Finding(
            message=message, place=where, hint=f'take it out, or write "\\u{character:04x}" in double quotes'
        )
    return Finding(message=f"not YAML: {' '.join(str(error).split())}", place=Place(file=file))


def _hint(problem: str, text: Lines, mark: yaml.Mark) -> str | None:
    here = _line(text, mark.line)
    if "{{" in here or any(_TEMPLATED.match(_line(text, mark.line - back)) for back in (1, 2)):
        return _TEMPLATE
    if "tab" in problem.split() or ("start any token" in problem and "\t" in here[: mark.column + 1]):
        return "indent with spaces: there is a tab in this line"
    if "${" in here and "{" in here.replace("${", "") and "expected ','" in problem:
        return FLOW
    hint = next((hint_text for wanted, hint_text in _SAID if wanted in problem), None)
    return hint(here, text, mark) if callable(hint) else hint


def _to_quote(here: str, _text: Lines, _mark: yaml.Mark) -> str | None:
    """For a value that begins with a special character of YAML, or ends before its line does."""
    parts = _VALUE.match(here)
    value = parts["value"] if parts else ""
    if not value or len(value) > _LONGEST:
        return "quote the whole value" if value else None
    if value[0] in "*&@%`![{}],|>" and not _is_whole(value):
        return f"a text that begins with {value[0]} must be quoted: {quoted(value)}"
    if value[0] in "\"'" and not value.endswith(":"):
        return f"the text ends at its second {value[0]}; quote all of it: {quoted(value)}"
    return None


def _is_whole(value: str) -> bool:
    """Whether it is a complete list or mapping, so that the mistake is elsewhere."""
    try:
        return isinstance(yaml.compose(value, Loader=yaml.SafeLoader), yaml.CollectionNode)
    except yaml.YAMLError:
        return False


def _to_indent(here: str, text: Lines, mark: yaml.Mark) -> str | None:
    return _to_quote(here, text, mark) or _INDENTATION


def _colon(here: str, text: Lines, mark: yaml.Mark) -> str:
    """A colon where no key can be: inside a value, or after a line that lacks the space after its own."""
    parts = _VALUE.match(here)
    if parts and parts["key"] and re.search(r":(\s|$)", parts["value"]) and len(parts["value"]) <= _LONGEST:
        return f"a colon and a space make a key; quote the value: {quoted(parts['value'])}"
    for number in range(mark.line - 1, -1, -1):
        above = _line(text, number)
        if above.strip() and not above.lstrip().startswith("#"):
            missing = _NO_SPACE.match(above)
            if missing:
                return f"line {number + 1} lacks the space after its colon: {missing['key']}: {missing['value']}"
            break
    return "check the indentation, and quote a value that holds a colon and a space"


def _alias(here: str, _text: Lines, mark: yaml.Mark) -> str:
    name = re.match(r"\*?[^\s,\]}]*", here[mark.column :])
    word = name[0].lstrip("*") if name else ""
    return f"write &{word} before what it stands for, earlier in this document; a text is quoted: {quoted('*' + word)}"


_SAID: tuple[tuple[str, Any], ...] = (
    ("mapping values are not allowed", _colon),
    ("undefined alias", _alias),
    ("start any token", _to_quote),
    ("alphabetic or numeric", _to_quote),
    ("directive", "a line that begins with % must be quoted"),
    ("unknown escape", r"in double quotes a backslash begins an escape; use single quotes, or write \\"),
    ("block sequence entries", "a list begins on a line of its own, below its key"),
    ("could not find expected ':'", "after a key come a colon and a space: name: value"),
    ("expected ',' or", "close the bracket, and quote a text that begins with one"),
    ("expected comment or line break", _to_quote),
    ("expected key", _to_indent),
    ("'-' indicator", _to_indent),
    ("block end", _to_indent),
    ("node content", _to_quote),
    ("document start", _INDENTATION),
)
"""Parts of the parser's messages and how to fix each; the first match counts."""


def traps(node: yaml.Node, text: Lines, file: str) -> Iterator[Finding]:
    """Warnings about a scalar that YAML reads differently than it looks."""
    style = getattr(node, "style", None)
    if style in {"|", '"'} or not any(sign in node.value for sign in ("\\ ", "'", '"')):
        return
    first, last = node.start_mark, node.end_mark
    if "\\ " in node.value and last.line > first.line:
        for number in range(first.line, min(last.line, len(text))):
            if text[number].endswith("\\"):
                where = Place(file=file, line=number + 1, column=len(text[number]))
                message = "YAML joins this line to the next with a space, so the backslash stands before a space"
                yield _warning(message, where, "write it as a block, which keeps its lines: |")
                break
    if style in {None, ""}:
        yield from _cut(node.value, _line(text, last.line), last, file)


def _cut(value: str, here: str, end: yaml.Mark, file: str) -> Iterator[Finding]:
    """A # inside quotes that YAML does not treat as quotes: the rest is a comment."""
    rest = here[end.column :]
    quote = _open_quote(value) if rest.lstrip().startswith("#") else None
    if quote and quote in rest:
        where = Place(file=file, line=end.line + 1, column=end.column + 1 + rest.index("#"))
        whole = f"{value}{rest.rstrip()}"
        hint = f"quote all of it: {quoted(whole)}" if len(whole) <= _LONGEST else "quote all of it"
        yield _warning(f"a comment begins here, inside the {quote} before it", where, hint)


def _open_quote(text: str) -> str | None:
    """The quote that a shell would consider still open; one inside a word is an apostrophe."""
    quote = None
    for before, letter in itertools.pairwise(f" {text}"):
        if quote is None and letter in "\"'" and not before.isalnum():
            quote = letter
        elif letter == quote:
            quote = None
    return quote


def unused_anchors(text: str, file: str) -> list[Finding]:
    """Warnings about scalars with an unused anchor: most likely a text that begins with &."""
    if not _ANCHOR.search(text):
        return []
    anchors: dict[str, Any] = {}
    used: set[str] = set()
    for event in yaml.parse(text, Loader=_Loader):
        anchor = getattr(event, "anchor", None)
        if anchor and isinstance(event, yaml.AliasEvent):
            used.add(anchor)
        elif anchor and isinstance(event, yaml.ScalarEvent):
            anchors.setdefault(anchor, event.start_mark)
    return [
        _warning(f"nothing takes the anchor &{name}", place(file, mark), f"quote a text: {quoted('&' + name)}")
        for name, mark in anchors.items()
        if name not in used
    ]


def _warning(message: str, where: Place, hint: str) -> Finding:
    return Finding(message=message, place=where, hint=hint, severity=Severity.WARNING)
