"""Untrusted Dockerfiles: which images they use, and how layers and caches are kept apart per app. Pure.

Engines share all images, layers and cache folders between builds. A marker after each FROM separates an app's layers,
because engines find a layer by all instructions before it. They find a folder of `--mount=type=cache` by its id.

Every line that some engine might take for an instruction is checked as one: older engines know no here-documents.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sealane.errors import UsageError

MARKER = "SEALANE_CACHE"
"""The build argument with a value of the app's own; it shows in the image's history."""

Problem = Callable[[str], str | None]
"""Says why a build may not use an image, or None."""

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z]+)\s*=\s*(\S+)\s*")
_HERE = re.compile(r"(?<!<)<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_.-]*)\2")
_FLAG = re.compile(r"--([a-z]+)(?:=(\S+))?")
_VARIABLE = re.compile(
    r"\\(?P<escaped>.)|\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?::?(?P<kind>[-+])(?P<word>[^{}]*))?\}|(?P<odd>.|$))"
)
_WITH_HERE = {"RUN", "COPY", "ADD"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One instruction; lines count from 0, `end` is the first line after it and its here-documents."""

    word: str
    rest: str
    line: int
    body: int
    """The first line after the instruction itself."""
    end: int


def apart(text: str, *, file: str, key: str, args: Mapping[str, str], problem: Problem) -> str:
    """The Dockerfile changed for one app: each stage is marked with `key`, and ids of cache folders include it.

    Raises UsageError, with the place, for an image that it may not use or that can't be resolved.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    escape = _escape(lines)
    _check(lines, escape, file, args, problem)
    for instruction in reversed(list(_instructions(lines, escape))):
        if instruction.word == "FROM":
            lines.insert(instruction.body, f"ARG {MARKER}={key}")
        elif instruction.word == "RUN":
            lines[instruction.line : instruction.body] = _own_caches(
                lines[instruction.line : instruction.body], escape, key, file, instruction.line
            )
    return "\n".join(lines)


def _check(lines: list[str], escape: str, file: str, args: Mapping[str, str], problem: Problem) -> None:
    known: dict[str, str] = {}  # FROM may use the arguments before the first FROM
    stages: set[str] = set()
    begun = False
    for instruction in _as_any_engine(lines, escape):
        words = instruction.rest.split()
        flags = _flags(words)
        if instruction.word == "ARG" and not begun:
            known |= _arguments(words, known, args)
        for image in _images(instruction, words, flags):
            plain = _expanded(image, known) if instruction.word == "FROM" else None if "$" in image else image
            if plain is None:
                message = f"{file}:{instruction.line + 1}: what {image} stands for can't be known before the build"
                raise UsageError(
                    message, hint="write the image's name; FROM takes it from an ARG before the first FROM"
                )
            if plain.lower() in stages or (plain.isdigit() and instruction.word != "FROM") or plain == "scratch":
                continue
            if reason := problem(plain):
                raise UsageError(f"{file}:{instruction.line + 1}: {reason}")
        if instruction.word == "FROM":
            begun = True
            bare = words[len(flags) :]
            stages |= {bare[2].lower()} if len(bare) == 3 else set()


def _arguments(words: list[str], known: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The variables of `ARG name=default …`; one whose value can't be known is left out."""
    arguments: dict[str, str] = {}
    for name, has_default, default in (word.partition("=") for word in words):
        value = given[name] if name in given else _expanded(default, {**known, **arguments}) if has_default else None
        if value is not None:
            arguments[name] = value
    return arguments


def _images(instruction: Instruction, words: list[str], flags: list[tuple[str, str]]) -> Iterator[str]:
    """The images or stages that the instruction takes files from."""
    if instruction.word == "FROM":
        yield from words[len(flags) : len(flags) + 1]
    for name, value in flags:
        if instruction.word in {"COPY", "ADD"} and name == "from":
            yield value
        if instruction.word == "RUN" and name == "mount":
            options = (option.strip("\"'").partition("=") for option in value.strip("\"'").split(","))
            yield from (given for option, _, given in options if option.lower() == "from")


def _flags(words: list[str]) -> list[tuple[str, str]]:
    flags: list[tuple[str, str]] = []
    for word in words:
        flag = re.fullmatch(r"--([a-z]+)(?:=(.*))?", word)
        if flag is None:
            break
        flags.append((flag[1], (flag[2] or "").strip("\"'")))
    return flags


def _as_any_engine(lines: list[str], escape: str) -> Iterator[Instruction]:
    """The instructions, by line, as seen by engines with and without here-documents."""
    for instruction in _instructions(lines, escape):
        yield _triggered(instruction)
        for inner in _instructions(lines[instruction.body : instruction.end], escape):
            bare = inner.rest.split()
            bare = bare[len(_flags(bare)) :]
            means_it = inner.word != "FROM" or len(bare) == 1 or (len(bare) == 3 and bare[1].upper() == "AS")
            if inner.word in {"FROM", "COPY", "ADD", "RUN"} and means_it:
                line = instruction.body + inner.line
                yield Instruction(word=inner.word, rest=inner.rest, line=line, body=line, end=line)


def _triggered(instruction: Instruction) -> Instruction:
    """The instruction inside ONBUILD, which runs in images built on this one, perhaps the app's own."""
    if instruction.word != "ONBUILD":
        return instruction
    word, _, rest = instruction.rest.partition(" ")
    return Instruction(
        word=word.upper(), rest=rest.strip(), line=instruction.line, body=instruction.body, end=instruction.end
    )


def _instructions(lines: list[str], escape: str) -> Iterator[Instruction]:
    at = 0
    while at < len(lines):
        begun = at
        pieces: list[str] = []
        while at < len(lines):
            line = lines[at].rstrip("\r \t")
            at += 1
            if not line.strip() or line.lstrip().startswith("#"):
                if pieces:
                    continue
                begun = at
                continue
            goes_on = line.endswith(escape)
            pieces.append(line.removesuffix(escape) if goes_on else line)
            if not goes_on:
                break
        logical = "".join(pieces).strip()
        if not logical:
            continue
        word, _, rest = re.sub(r"[\t\v\f\r]", " ", logical).partition(" ")
        body = at
        if word.upper() in _WITH_HERE:
            for here in _HERE.finditer(rest):
                at = _after(lines, at, here[3], indented=bool(here[1]))
        yield Instruction(word=word.upper(), rest=rest.strip(), line=begun, body=body, end=at)


def _after(lines: list[str], at: int, word: str, *, indented: bool) -> int:
    """The line after a here-document's end; the last when it has none."""
    for number in range(at, len(lines)):
        line = lines[number].rstrip("\r")
        if (line.lstrip("\t") if indented else line) == word:
            return number + 1
    return len(lines)


def _escape(lines: list[str]) -> str:
    """The character that continues a line; a directive at the start may set it."""
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        if match[1].lower() == "escape" and match[2] in {"\\", "`"}:
            return match[2]
    return "\\"


def _expanded(text: str, known: Mapping[str, str]) -> str | None:
    """The text with variables filled in; None when one can't be."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match["escaped"] is not None:
            return match["escaped"]
        name, given = match["plain"] or match["name"], None
        if name is not None:
            given = known.get(name)
        if match["kind"] == "+":
            return match["word"] if given else ""
        if match["kind"] == "-" and not given:
            return str(match["word"])
        unknown = unknown or not given
        return given or ""

    plain = _VARIABLE.sub(value, text)
    return None if unknown or "$" in plain else plain.strip("\"'")


def _own_caches(raw: list[str], escape: str, key: str, file: str, line: int) -> list[str]:
    """The lines of a RUN with app-specific ids of its cache folders."""
    text = "\n".join(raw)
    header = re.compile(rf"\s*\w+(?:(?:\s|{re.escape(escape)}[ \t\r]*\n)+--[a-z]+(?:=\S+)?)*")
    matched = header.match(text)
    if matched is None:
        return raw

    def owned(match: re.Match[str]) -> str:
        if match[1] != "mount":
            return match[0]
        options = [option.strip("\"'") for option in (match[2] or "").strip("\"'").split(",")]
        by_name = {name.lower(): value for name, _, value in (option.partition("=") for option in options)}
        if "$" in by_name.get("type", ""):
            raise UsageError(f"{file}:{line + 1}: the type of a mount can't be known before the build", hint="write it")
        if by_name.get("type") != "cache":
            return match[0]
        places = (by_name.get(name) for name in ("id", "target", "dst", "destination"))
        named = next((place for place in places if place), "")
        own = hashlib.sha256(f"{key}\0{named}".encode()).hexdigest()[:24]
        others = [option for option in options if option.partition("=")[0].lower() != "id"]
        return f"--mount={','.join([*others, f'id={own}'])}"

    return (_FLAG.sub(owned, matched[0]) + text[matched.end() :]).split("\n")
