r"""Files of `NAME=value` lines with secrets for a run on this machine. Pure: takes text, returns values and findings.

    # a comment
    NPM_TOKEN=npm_abcdef
    export PASSWORD='may hold # and $ as they are'
    KEY="-----BEGIN KEY-----
    several lines and the escapes \n \t \r \" \\ \$
    -----END KEY-----"

Nothing is expanded. No finding shows any part of a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane.findings import Finding, Place

_START = re.compile(r"[ \t]*(?:export[ \t]+)?([^=\s]+)[ \t]*=[ \t]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}
_REST = re.compile(r"[ \t]*(#.*)?")


def read(text: str, file: str) -> tuple[Mapping[str, str], list[Finding]]:
    """The values by name, and all that is wrong with the text."""
    reading = _Reading(text=text.removeprefix("\ufeff").replace("\r\n", "\n"), file=file)
    reading.read()
    return reading.values, reading.findings


@dataclass(slots=True)
class _Reading:
    text: str
    file: str
    at: int = 0
    values: dict[str, str] = field(default_factory=dict, repr=False)
    findings: list[Finding] = field(default_factory=list)

    def read(self) -> None:
        while self.at < len(self.text):
            line = self._line()
            if not line.strip() or line.lstrip().startswith("#"):
                self.at += len(line) + 1
                continue
            self._assignment(line)

    def _assignment(self, line: str) -> None:
        start = _START.match(line)
        if not start:
            self._wrong("this is no NAME=value", hint="write NAME=value, or # before a comment")
            self.at += len(line) + 1
            return
        name, began = start.group(1), self.at
        self.at += start.end()
        quote = self.text[self.at : self.at + 1]
        value = self._quoted(quote) if quote in {"'", '"'} else self._bare()
        if not _NAME.fullmatch(name):
            self._wrong(f"{name[:40]!r} is no name", at=began, hint="letters, digits and _, not beginning with a digit")
        elif name in self.values:
            self._wrong(f"{name} is given twice", at=began, hint="keep one")
        elif value is not None and "\0" in value:
            self._wrong(f"the value of {name} holds a NUL, which no environment can carry", at=began)
        elif value is not None:
            self.values[name] = value

    def _bare(self) -> str | None:
        line = self._line()
        value = line.strip()
        if " #" in value or "\t#" in value:
            self._wrong("is the # part of the value or the start of a comment?", hint="put the value in quotes")
            value = ""
        self.at += len(line) + 1
        return value

    def _quoted(self, quote: str) -> str | None:
        """A value in quotes, over as many lines as it takes; None when it never ends."""
        began = self.at
        parts: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter == quote:
                self._nothing_more()
                return "".join(parts)
            if quote == '"' and letter == "\\":
                escaped = self.text[self.at : self.at + 1]
                parts.append(_ESCAPES.get(escaped, letter + escaped))
                self.at += 1
            else:
                parts.append(letter)
        self._wrong(f"the {quote} opened here is never closed", at=began)
        return None

    def _nothing_more(self) -> None:
        line = self._line()
        if not _REST.fullmatch(line):
            self._wrong("something stands after the closing quote", hint="take it out, or put it inside the quotes")
        self.at += len(line) + 1

    def _line(self) -> str:
        """The rest of the line."""
        end = self.text.find("\n", self.at)
        return self.text[self.at : end if end >= 0 else len(self.text)]

    def _wrong(self, message: str, *, at: int | None = None, hint: str | None = None) -> None:
        at = self.at if at is None else at
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        self.findings.append(Finding(message=message, place=Place(file=self.file, line=line, column=column), hint=hint))
