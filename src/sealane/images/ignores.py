"""What a build's ignore file leaves out of its context, by Docker's rules. Pure.

A path is left out when the last line that matches it, or a folder it is in, has no `!`. The files are untrusted, so matching
uses no regular expressions.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sealane.configfiles import globs

ROOT_FILES = (".dockerignore", ".containerignore")
"""The first of these in the context's root is read when there is no ignore file beside the Dockerfile."""

_BOM = "\ufeff"


class BadLine(ValueError):
    """A line that is not valid; the message says which and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One line."""

    glob: str
    keeps: bool
    """It began with `!`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """All lines, in order."""

    rules: tuple[Rule, ...] = ()

    @property
    def keep_some(self) -> bool:
        """Whether something in an ignored folder may still be kept."""
        return any(rule.keeps for rule in self.rules)

    def matching(self, path: str, above: Sequence[bool]) -> tuple[bool, ...]:
        """Which rules match the path or a folder it is in; `above` is this result for its folder, empty in the root."""
        known = above or (False,) * len(self.rules)
        return tuple(was or globs.matches(rule.glob, path) for rule, was in zip(self.rules, known, strict=True))

    def leave_out(self, matching: Sequence[bool]) -> bool:
        """Whether a path is left out, given the rules that match it."""
        out = False
        for rule, matches in zip(self.rules, matching, strict=True):
            if matches:
                out = not rule.keeps
        return out

    def keeps(self, path: Sequence[str]) -> bool:
        """Whether the file with this path, in parts, is in the context: neither it nor a folder above it is left out."""
        matching: tuple[bool, ...] = ()
        out = True
        for length in range(1, len(path) + 1):
            matching = self.matching("/".join(path[:length]), matching)
            out = self.leave_out(matching)
            if out and not self.keep_some:
                return False
        return not out


def beside(dockerfile: str) -> tuple[str, ...]:
    """The ignore files of one Dockerfile alone; if one exists, no other is read."""
    return tuple(f"{dockerfile}{ending}" for ending in ROOT_FILES)


def parse(text: str) -> Rules:
    """The rules of an ignore file. Raises BadLine."""
    rules: list[Rule] = []
    for number, line in enumerate(text.removeprefix(_BOM).split("\n"), 1):
        if line.startswith("#") or not line.strip():
            continue
        pattern = line.strip()
        keeps = pattern.startswith("!")
        glob = _glob(pattern[keeps:].strip())
        problem = globs.problem(glob) if glob else "nothing follows the !"
        if problem and (glob or keeps):
            message = f"line {number}, {pattern}, is not valid: {problem}"
            raise BadLine(message)
        if glob:
            rules.append(Rule(glob=glob, keeps=keeps))
    return Rules(rules=tuple(rules))


def _glob(pattern: str) -> str:
    """The pattern as one of Sealane's globs; empty for the context itself, which can't be left out."""
    clean = posixpath.normpath(pattern).lstrip("/") if pattern else ""
    if clean in {"", "."}:
        return ""
    glob = re.sub(r"(\\.)|([{}])", lambda match: match[1] or f"\\{match[2]}", clean)
    glob = re.sub(r"(\\.)|\[!([^\]]+)\]", lambda match: match[1] or f"[{match[2]}!]", glob)
    glob = re.sub(r"(^|/)\*\*(?=[^/])", r"\1**/", glob)
    return f"{glob}/*" if glob.endswith("/**") else glob
